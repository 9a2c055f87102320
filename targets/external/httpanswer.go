package external

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"github.com/racebench/racebench/scenario/secret"
)

var errGarbage = errors.New("what the server sent is not HTTP/1.1")

// responseHead is what of an answer's head tells where it ends.
type responseHead struct {
	line    string
	media   string // its type
	place   string // its Location
	status  int
	length  int64 // -1: not said
	chunked bool
	last    bool // the connection ends with it
}

// most bytes of a line of a head.
const longestLine = 64 << 10

func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if errors.Is(err, bufio.ErrBufferFull) {
		whole := bytes.Clone(line)
		for errors.Is(err, bufio.ErrBufferFull) && len(whole) < longestLine {
			line, err = r.ReadSlice('\n')
			whole = append(whole, line...)
		}
		line = whole
		if err != nil && errors.Is(err, bufio.ErrBufferFull) {
			return nil, fmt.Errorf("%w: a line of more than 64 KiB", errGarbage)
		}
	}
	if err != nil {
		return nil, err
	}
	return bytes.TrimRight(line, "\r\n"), nil
}

// frameHead is how long the head of a frame of HTTP/2 is.
const frameHead = 9

// isSettings says whether what came begins with a frame of settings, with which every server of HTTP/2 begins: RFC 9113
// sections 3.4, 4.1 and 6.5.
func isSettings(b []byte) bool {
	const kind, flags = 3, 4
	return len(b) == frameHead && b[0] == 0 && b[kind] == 4 && b[flags] == 0 && b[5]|b[6]|b[7]|b[8] == 0
}

func readHead(r *bufio.Reader) (responseHead, error) {
	h := responseHead{length: -1}
	if begins, _ := r.Peek(frameHead); isSettings(begins) {
		return h, fmt.Errorf("%w: it is a first frame of HTTP/2, as gRPC servers send it: ask it by HTTP/2 (--http2 PATH, client: http2), or by gRPC (--grpc SERVICE/METHOD, client: grpc)", errGarbage)
	}
	line, err := readLine(r)
	if err != nil {
		return h, err
	}
	if !bytes.HasPrefix(line, []byte("HTTP/1.")) || len(line) < 12 {
		return h, fmt.Errorf("%w: it begins with %.40q", errGarbage, secret.Scrub(line))
	}
	h.last, h.line = line[7] == '0', string(line)
	if h.status, err = strconv.Atoi(string(line[9:12])); err != nil || h.status < 100 || h.status > 599 {
		return h, fmt.Errorf("%w: it begins with %.40q", errGarbage, secret.Scrub(line))
	}
	for {
		line, err := readLine(r)
		if err != nil {
			return h, err
		}
		if len(line) == 0 {
			return h, nil
		}
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			return h, fmt.Errorf("%w: a header line %.40q", errGarbage, secret.Scrub(line))
		}
		value = bytes.TrimSpace(value)
		switch {
		case bytes.EqualFold(name, []byte("content-length")):
			if h.length, err = strconv.ParseInt(string(value), 10, 64); err != nil || h.length < 0 {
				return h, fmt.Errorf("%w: Content-Length %.40q", errGarbage, secret.Scrub(value))
			}
		case bytes.EqualFold(name, []byte("content-type")):
			h.media = string(value)
		case bytes.EqualFold(name, []byte("location")):
			h.place = string(value)
		case bytes.EqualFold(name, []byte("transfer-encoding")):
			h.chunked = bytes.EqualFold(value, []byte("chunked"))
		case bytes.EqualFold(name, []byte("connection")):
			lower := bytes.ToLower(value)
			h.last = h.last && !bytes.Contains(lower, []byte("keep-alive")) || bytes.Contains(lower, []byte("close"))
		}
	}
}

// readBody reads the body to its end. One whose end only the connection's end tells is taken as whole then.
func (h *responseHead) readBody(r *bufio.Reader, method string, into io.Writer) error {
	switch {
	case bodiless(method, h.status), h.status == 101:
		return nil
	case h.chunked:
		if b, ok := into.(*body); ok {
			b.pieced = true
		}
		return readChunks(r, into)
	case h.length >= 0:
		_, err := io.CopyN(into, r, h.length)
		return err
	}
	h.last = true
	_, err := io.Copy(into, r)
	return err
}

func readChunks(r *bufio.Reader, into io.Writer) error {
	for {
		line, err := readLine(r)
		if err != nil {
			return err
		}
		digits, _, _ := bytes.Cut(line, []byte(";"))
		size, err := strconv.ParseInt(string(bytes.TrimSpace(digits)), 16, 64)
		if err != nil || size < 0 {
			return fmt.Errorf("%w: a chunk of size %.40q", errGarbage, secret.Scrub(line))
		}
		if size > 0 {
			if _, err := io.CopyN(into, r, size); err != nil {
				return err
			}
			if b, ok := into.(*body); ok {
				b.pieceEnds()
			}
			if _, err := r.Discard(2); err != nil {
				return err
			}
			continue
		}
		for { // trailers
			line, err := readLine(r)
			if err != nil || len(line) == 0 {
				return err
			}
		}
	}
}

// bodiless says whether an answer has no body by its definition: then it has no end that could be missing.
func bodiless(method string, status int) bool {
	return method == "HEAD" || status == http.StatusNoContent || status == http.StatusNotModified
}
