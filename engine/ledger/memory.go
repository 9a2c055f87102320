package ledger

import (
	"errors"
	"fmt"
	"io"
	"math"
)

// NewMemory returns a writer that keeps its ledger in memory, for worlds that live and die within one
// process. Reset empties it for the next trial; Evidence reads it; it has no file and needs no Close.
func NewMemory() (*Writer, error) {
	w := &Writer{path: "in memory", names: map[string]Name{"": 0}, memory: true}
	w.room(0, 0)
	if _, err := w.segment(0); err != nil {
		return nil, err
	}
	w.head = &chunksOf(*w.chunks[0].Load())[0][0]
	w.begin()
	w.shared = Lane{w: w, used: chunkRecords}
	return w, nil
}

// Reset empties a ledger in memory. Lanes made before must not be used any more. Names keep their
// numbers, but are told anew.
func (w *Writer) Reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for n := uint64(1); n < w.head[headChunks]; n++ {
		if p := w.chunks[n/segmentChunks].Load(); p != nil {
			chunksOf(*p)[n%segmentChunks].empty()
		}
	}
	w.begin()
	w.shared = Lane{w: w, used: chunkRecords}
	clear(w.names)
	w.names[""] = 0
	w.lanes, w.own = 0, 0
}

// empty takes every record out. They stand without a gap from the first one on.
func (c *chunk) empty() {
	for i := range c {
		if c[i][0] == 0 {
			return
		}
		c[i] = record{}
	}
}

// Evidence reads a ledger in memory. What it returns is good until the next call, or Reset.
func (w *Writer) Evidence() (*Evidence, error) {
	if !w.memory {
		return nil, errors.New("read ledger: it is in a file")
	}
	if w.reader == nil {
		w.reader = newReader(memoryReader{w}, 0, false)
		w.reader.inPlace = w.chunkAt
	}
	w.reader.again(int64(w.head[headChunks]) * chunkSize)
	if err := w.reader.read(); err != nil {
		return nil, fmt.Errorf("read ledger in memory: %w", err)
	}
	return w.reader.e, nil
}

// chunkAt returns a chunk of a ledger in memory.
func (w *Writer) chunkAt(index int) *chunk {
	return &chunksOf(*w.chunks[index/segmentChunks].Load())[index%segmentChunks]
}

// Bytes returns a ledger in memory as the file it would be, for keeping.
func (w *Writer) Bytes() []byte {
	raw := make([]byte, int64(w.head[headChunks])*chunkSize)
	// The reader ends where the ledger does, so a short read is the whole.
	n, _ := memoryReader{w}.ReadAt(raw, 0)
	return raw[:n]
}

// memoryReader reads the segments of a ledger in memory as one file.
type memoryReader struct{ w *Writer }

// ReadAt implements io.ReaderAt.
func (m memoryReader) ReadAt(buf []byte, at int64) (int, error) {
	end := int64(m.w.head[headChunks]) * chunkSize
	n := 0
	for n < len(buf) && at < end {
		p := m.w.chunks[at/segmentSize].Load()
		if p == nil {
			break
		}
		from := at % segmentSize
		k := copy(buf[n:], (*p)[from:min(int64(len(*p)), from+min(end-at, math.MaxInt32))])
		n += k
		at += int64(k)
	}
	if n < len(buf) {
		return n, io.EOF
	}
	return n, nil
}
