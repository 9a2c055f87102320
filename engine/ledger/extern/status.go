package extern

import "strconv"

// GRPC is added to the status of a call that gRPC's trailers give, to tell it from HTTP's. A good one has HTTP's.
const GRPC = 1000

// grpcCodes are the names of gRPC's statuses.
var grpcCodes = []string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS", "PERMISSION_DENIED",
	"RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// StatusName is an answer's status as people write it: HTTP's number, or gRPC's word.
func StatusName(code int) string {
	if code < GRPC {
		return strconv.Itoa(code)
	}
	return word(grpcCodes, code-GRPC)
}

// StatusOf is the reverse of StatusName for the words of gRPC.
func StatusOf(name string) (code int, ok bool) {
	for i, n := range grpcCodes {
		if n == name {
			return GRPC + i, true
		}
	}
	return 0, false
}

// TimedOut says whether a status is that of a call whose client had given it no more time.
func TimedOut(code int) bool { return StatusName(code) == "DEADLINE_EXCEEDED" }

// Unavailable says whether a status is a refusal in so many words: 503, or gRPC's UNAVAILABLE.
func Unavailable(code int) bool { return code == 503 || StatusName(code) == "UNAVAILABLE" }
