package ledger

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
)

// defaultMax is the room that a ledger has where none is given: 16 million records.
const defaultMax = 1 << 30

// A Writer appends to one ledger. One process at a time may write a file. All its methods may be called
// from any goroutine, except that each Lane has one writer.
type Writer struct {
	file *os.File
	path string
	max  int // chunks
	// memory says that there is no file.
	memory bool
	reader *reader // of a ledger in memory

	head   *record                  // in the file
	chunks []atomic.Pointer[[]byte] // the segments that are mapped

	growing sync.Mutex // guards growth and err
	err     error      // why the file grows no more
	ahead   atomic.Int64
	closed  atomic.Bool

	mu     sync.Mutex // guards what follows
	shared Lane
	record record  // the one that is being packed
	packer visitor // packs it
	names  map[string]Name
	lanes  int // numbered so far, by other processes too
	own    int // made by this writer
}

// Create makes a new ledger that may grow to so many bytes; 0 is 1 GiB. A file that is already there is an error.
func Create(path string, max int64) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, fmt.Errorf("create ledger: %w", err)
	}
	w, err := open(f, path, max)
	if err != nil {
		_ = f.Close()
		_ = os.Remove(path)
		return nil, fmt.Errorf("create ledger %s: %w", path, err)
	}
	return w, nil
}

// Append continues a ledger after what another process left in it: names and lanes keep their numbers,
// new lanes are numbered after the old. A ledger that does not exist yet is created, so that a parent
// can record the end of a child that died at once. A damaged one is an error: what would be appended
// could not be read. A full one may grow by one more mebibyte, so that a trial can still be told how its processes
// ended.
func Append(path string, max int64) (*Writer, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("append to ledger: %w", err)
	}
	w, err := open(f, path, max)
	if err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("append to ledger %s: %w", path, err)
	}
	return w, nil
}

func open(f *os.File, path string, max int64) (*Writer, error) {
	if err := lock(f); err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	found := newReader(f, info.Size(), true)
	if info.Size() > 0 {
		if err := found.read(); err != nil {
			return nil, err
		}
		if found.e.Cut != "" && found.chunks > 0 {
			return nil, errors.New("it is damaged: " + found.e.Cut)
		}
	}
	w := &Writer{file: f, path: path, names: make(map[string]Name)}
	w.room(max, found.chunks)
	if _, err := w.segment(0); err != nil {
		return nil, err
	}
	w.head = &chunksOf(*w.chunks[0].Load())[0][0]
	if found.chunks == 0 {
		w.begin()
	}
	for i, text := range found.e.texts {
		w.names[text] = Name(i)
	}
	w.names[""] = 0
	w.lanes = len(found.e.Lanes)
	w.shared = Lane{w: w, used: chunkRecords, head: uint64(found.next[sharedLane]) << numberShift}
	return w, nil
}

// room settles how many chunks the file may have, given how many it has.
func (w *Writer) room(max int64, used int) {
	if max <= 0 {
		max = defaultMax
	}
	w.max = int(max / chunkSize)
	if used > 0 && w.max < used+segmentChunks {
		w.max = used + segmentChunks
	}
	if w.max < 2 {
		w.max = 2
	}
	w.chunks = make([]atomic.Pointer[[]byte], (w.max+segmentChunks-1)/segmentChunks)
}

func (w *Writer) begin() {
	w.head[headVersion] = headFormat
	w.head[headChunks] = 1
	w.head[headDropped] = 0
	atomic.StoreUint64(&w.head[headMagic], magic)
}

// claim returns a chunk that nobody else has, or nil when there is no room.
func (w *Writer) claim() *chunk {
	for {
		n := atomic.LoadUint64(&w.head[headChunks])
		if n >= uint64(w.max) || w.closed.Load() {
			return nil
		}
		mapped, err := w.segment(int(n / segmentChunks))
		if err != nil {
			return nil
		}
		if atomic.CompareAndSwapUint64(&w.head[headChunks], n, n+1) {
			w.lookAhead(int(n))
			return &chunksOf(mapped)[n%segmentChunks]
		}
	}
}

// segment returns a piece of the file, mapped; the file grows first, so that a full disk is an error
// here and never SIGBUS at an append.
func (w *Writer) segment(i int) ([]byte, error) {
	if p := w.chunks[i].Load(); p != nil {
		return *p, nil
	}
	w.growing.Lock()
	defer w.growing.Unlock()
	if p := w.chunks[i].Load(); p != nil {
		return *p, nil
	}
	if w.closed.Load() {
		return nil, os.ErrClosed
	}
	if w.err != nil {
		return nil, w.err
	}
	offset := int64(i) * segmentSize
	length := min(segmentSize, (w.max-i*segmentChunks)*chunkSize)
	mapped, err := w.more(offset, length)
	if err != nil {
		w.err = fmt.Errorf("grow ledger %s to %d bytes: %w", w.path, offset+int64(length), err)
		return nil, w.err
	}
	w.chunks[i].Store(&mapped)
	return mapped, nil
}

// more returns another piece of the ledger.
func (w *Writer) more(offset int64, length int) ([]byte, error) {
	if w.memory {
		return bytesOf(make([]chunk, length/chunkSize)), nil
	}
	return grow(w.file, offset, length)
}

// lookAhead maps the next segment beside the writers once they are half-way through the last.
func (w *Writer) lookAhead(n int) {
	next := n/segmentChunks + 1
	if w.memory || n%segmentChunks < segmentChunks/2 || next >= len(w.chunks) || w.chunks[next].Load() != nil {
		return
	}
	if last := w.ahead.Load(); last < int64(next) && w.ahead.CompareAndSwap(last, int64(next)) {
		// What it cannot do will be said by the writer who needs the segment.
		go func() { _, _ = w.segment(next) }()
	}
}

func (w *Writer) drop() { atomic.AddUint64(&w.head[headDropped], 1) }

// Close gives the file back, trimmed to what was used, and says why it could not grow if it could not.
// Appends that come later, from tasks of a server that hangs, go nowhere and do no harm.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.growing.Lock()
	defer w.growing.Unlock()
	if w.closed.Swap(true) {
		return nil
	}
	// Lanes may be in use still: their memory must stay, but not as a part of the file.
	release := unmap
	if w.own > 0 {
		release = detach
	}
	trim := true
	for i := range w.chunks {
		if p := w.chunks[i].Load(); p != nil {
			trim = release(*p) && trim
		}
	}
	err := w.err
	if trim {
		err = errors.Join(err, w.trim())
	}
	if e := errors.Join(err, w.file.Close()); e != nil {
		return fmt.Errorf("close ledger: %w", e)
	}
	return nil
}

// trim cuts the file after the last chunk in use. The number is read from the file: the header is
// mapped no more, and a lane may have claimed a chunk until it was.
func (w *Writer) trim() error {
	var head chunk
	if _, err := w.file.ReadAt(head.bytes(), 0); err != nil && err != io.EOF {
		return err
	}
	return w.file.Truncate(int64(head[0][headChunks]) * chunkSize)
}
