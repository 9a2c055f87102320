package ledger

import (
	"errors"
	"fmt"
	"io"

	"github.com/racebench/racebench/internal/input"
)

// readChunks is how many chunks are read at a time.
const readChunks = 64

// Read returns what the ledger at path holds: all of it, or its true prefix when the file is damaged,
// in which case Evidence.Cut says where and why. The file may still be written to. An empty file, a
// file that is no ledger and one of a newer version are errors.
func Read(path string) (*Evidence, error) {
	f, err := input.Open(path, input.Ledger)
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("read ledger: %w", err)
	}
	r := newReader(f, info.Size(), false)
	r.grown = func() (int64, error) {
		info, err := f.Stat()
		if err != nil {
			return 0, err
		}
		return info.Size(), nil
	}
	if err := r.read(); err != nil {
		return nil, fmt.Errorf("read ledger %s: %w", path, err)
	}
	return r.e, nil
}

// A reader goes through a ledger once to count and once to fill.
type reader struct {
	from io.ReaderAt
	size int64
	// sharedOnly leaves out the clients' lanes: all that an appending process needs to know.
	sharedOnly bool
	// grown is the size now; nil where nobody else writes.
	grown func() (int64, error)
	// inPlace returns a chunk that is in memory already; nil where chunks have to be read.
	inPlace func(index int) *chunk

	e        *Evidence
	chunks   int      // in use, the header's own included; 0 when there is no header
	next     []uint32 // number of the last record read, by lane of the file
	counts   []counts // by lane of the file
	text     pendingText
	unpacker visitor
	buf      []chunk
}

type counts struct{ ops, deliveries int32 }

func newReader(from io.ReaderAt, size int64, sharedOnly bool) *reader {
	return &reader{from: from, size: size, sharedOnly: sharedOnly, e: &Evidence{texts: []string{""}}, next: []uint32{0}}
}

// again makes the reader ready for one more reading, in the room of the last: its evidence is good no more.
func (r *reader) again(size int64) {
	e := r.e
	r.size, r.chunks = size, 0
	r.next, r.counts = append(r.next[:0], 0), r.counts[:0]
	r.text = pendingText{bytes: r.text.bytes[:0]}
	// What is not named here begins anew.
	*e = Evidence{
		Lanes: e.Lanes[:0], Ops: e.Ops[:0], Deliveries: e.Deliveries[:0], Subscriptions: e.Subscriptions[:0],
		Discards: e.Discards[:0], Returned: e.Returned[:0], Gauges: e.Gauges[:0], Signals: e.Signals[:0],
		Windows: e.Windows[:0], Tasks: e.Tasks[:0], Phases: e.Phases[:0], Loads: e.Loads[:0],
		texts: e.texts[:1],
	}
}

func (r *reader) read() error {
	if err := r.header(); err != nil || r.e.Cut != "" {
		return err
	}
	if !r.sharedOnly {
		if err := r.each(r.count); err != nil {
			return err
		}
	}
	if err := r.each(r.chunk); err != nil {
		return err
	}
	if r.e.Cut == "" {
		return r.tail()
	}
	return nil
}

// header reads the first record. It decides between a ledger, a torn one and something else.
func (r *reader) header() error {
	if r.size == 0 {
		return errors.New("the file is empty: nothing was recorded")
	}
	if r.buf == nil {
		r.buf = make([]chunk, 1)
	}
	buf := &r.buf[0]
	raw := buf.bytes()[:recordSize]
	clear(raw)
	n, err := r.from.ReadAt(raw[:min(r.size, recordSize)], 0)
	if err != nil && err != io.EOF {
		return err
	}
	head := &buf[0]
	var want record
	want[headMagic], want[headVersion] = magic, headFormat
	if n < 16 {
		whole := chunk{want}
		if prefix := string(raw[:n]); prefix != string(whole.bytes()[:n]) && prefix != string(make([]byte, n)) {
			return errors.New("the file is not a ledger")
		}
		r.e.Cut = fmt.Sprintf("the ledger ends inside its header: cut at %d of %d bytes", r.size, chunkSize)
		return nil
	}
	switch {
	case head[headMagic] == 0 && (head[headVersion] == 0 || head[headVersion] == headFormat):
		r.e.Cut = "the ledger was made, but its header was never finished"
		return nil
	case head[headMagic] != magic:
		return errors.New("the file is not a ledger")
	case uint16(head[headVersion]) > version:
		return fmt.Errorf("the ledger has version %d, this racebench reads up to %d", uint16(head[headVersion]), version)
	case head[headVersion] != headFormat:
		return errors.New("the file is not a ledger of a known format")
	}
	if n < recordSize {
		r.e.Cut = fmt.Sprintf("the ledger ends inside its header: cut at %d of %d bytes", r.size, chunkSize)
		return nil
	}
	r.e.Full = head[headDropped] > 0
	// No file holds more chunks than this, so a number past it is damage; tail says so.
	r.chunks = int(min(max(head[headChunks], 1), 1<<40))
	if r.grown == nil {
		return nil
	}
	// A living ledger grows before its header says so: the size that goes with this header is one taken
	// after it.
	r.size, err = r.grown()
	return err
}

// each calls visit with every chunk in use that is whole or in part in the file, until visit says
// stop. What lies past the end of the file is passed as zeros.
func (r *reader) each(visit func(c *chunk, index, bytes int) bool) error {
	if r.inPlace != nil {
		for index := 1; index < r.chunks && visit(r.inPlace(index), index, chunkSize); index++ {
		}
		return nil
	}
	end := min(r.size, int64(r.chunks)*chunkSize)
	if want := min(readChunks, (end+chunkSize-1)/chunkSize); int64(len(r.buf)) < want {
		r.buf = make([]chunk, want)
	}
	buf, raw := r.buf, bytesOf(r.buf)
	for at := int64(chunkSize); at < end; at += int64(len(raw)) {
		want := min(int64(len(raw)), end-at)
		n, err := r.from.ReadAt(raw[:want], at)
		if err != nil && err != io.EOF {
			return err
		}
		clear(raw[n : (n+chunkSize-1)/chunkSize*chunkSize])
		for i := 0; i*chunkSize < n; i++ {
			if !visit(&buf[i], int(at/chunkSize)+i, min(chunkSize, n-i*chunkSize)) {
				return nil
			}
		}
	}
	return nil
}

func (r *reader) count(c *chunk, _, _ int) bool {
	lane := c[0].lane()
	for len(r.counts) <= lane {
		r.counts = append(r.counts, counts{})
	}
	n := &r.counts[lane]
	for i := range c {
		switch c[i].kind() {
		case kindOp:
			n.ops++
		case kindDeliver:
			n.deliveries++
		case kindNone:
			return true
		}
	}
	return true
}

// tail looks at what comes after the last chunk in use: room that a killed process had reserved, or
// damage.
func (r *reader) tail() error {
	end := int64(r.chunks) * chunkSize
	if r.size < end {
		r.e.Cut = fmt.Sprintf("the ledger is cut at %d of %d bytes", r.size, end)
		return nil
	}
	if end < r.size {
		var buf chunk
		n, err := r.from.ReadAt(buf.bytes()[:min(chunkSize, r.size-end)], end)
		if err != nil && err != io.EOF {
			return err
		}
		if n >= 8 && buf[0][0] == 0 {
			return nil
		}
		var head chunk
		if _, err := r.from.ReadAt(head.bytes()[:recordSize], 0); err != nil {
			return err
		}
		if max(head[0][headChunks], 1) == uint64(r.chunks) { // else it was claimed meanwhile
			r.e.Cut = fmt.Sprintf("after the ledger's end at %d there are %d bytes that nobody claimed", end, r.size-end)
		}
	}
	return nil
}
