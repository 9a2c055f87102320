package ledger

import "unsafe"

const (
	recordSize   = 64
	chunkRecords = 64
	chunkSize    = recordSize * chunkRecords
	// segmentSize is how much the file grows by and how much is mapped at once. It is a multiple of
	// every page size and of the granularity of mappings on Windows.
	segmentSize   = 1 << 20
	segmentChunks = segmentSize / chunkSize

	// magic is "rbledgr" and the byte 0; a machine of the other byte order reads something else.
	magic   = 0x0072676465_6c6272
	version = 1

	// maxLanes is what 16 bits can tell apart, less the shared lane.
	maxLanes   = 1<<16 - 1
	sharedLane = 0
)

// The words of the header.
const (
	headMagic   = iota // stored last, so that a header is whole or absent
	headVersion        // version | recordSize<<16 | chunkRecords<<32
	headChunks         // chunks in use, the header's own included
	headDropped        // appends that found no room
)

const headFormat = version | recordSize<<16 | chunkRecords<<32

type record [recordSize / 8]uint64

type chunk [chunkRecords]record

// Word 0 of a record: kind | flags<<8 | lane<<16 | number in the lane<<32. Zero is no record.
const (
	flagShift   = 8
	laneShift   = 16
	numberShift = 32
)

// opDone marks word 6 of an operation that has ended; outcome, cause and the answer's status stand in the bytes above.
const (
	opDone       = 1
	outcomeShift = 8
	causeShift   = 16
	codeShift    = 32
)

// The flags that are more than a field of their kind.
const (
	flagEnd   = 4 // subscribe, drain: the end, else the begin
	flagFirst = 1 // text: its first slot
)

// maxText is the longest text kept; what a slot of a text holds of it.
const (
	maxText  = 64 << 10
	slotText = recordSize - 16
)

func (r *record) kind() kind     { return kind(r[0]) }
func (r *record) flags() uint8   { return uint8(r[0] >> flagShift) }
func (r *record) lane() int      { return int(uint16(r[0] >> laneShift)) }
func (r *record) number() uint32 { return uint32(r[0] >> numberShift) }

// text returns the bytes of a text's slot in place.
func (r *record) text() *[slotText]byte { return (*[slotText]byte)(unsafe.Pointer(&r[2])) }

// chunksOf returns the chunks that lie in a mapping.
func chunksOf(mapped []byte) []chunk {
	return unsafe.Slice((*chunk)(unsafe.Pointer(unsafe.SliceData(mapped))), len(mapped)/chunkSize)
}

// bytesOf returns the memory of chunks.
func bytesOf(chunks []chunk) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(chunks))), len(chunks)*chunkSize)
}

// bytes returns the chunk's memory.
func (c *chunk) bytes() []byte { return bytesOf(unsafe.Slice(c, 1)) }
