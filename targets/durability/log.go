package durability

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// The log is a row of segments. A segment begins with a header: a magic word and the offset of its first
// record. A record is its length without the header, a checksum of all that follows, its offset, the epoch of
// the owner that wrote it, and the message with its payload.
const (
	segmentHeader = 16
	recordHeader  = 28
	segmentMagic  = "rbdurlog"
	payloadMax    = 1 << 24
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

var errOutOfOrder = errors.New("out of order")

// appendRecord encodes a record behind buf.
func appendRecord(buf []byte, offset int64, epoch uint32, msg ledger.MsgID, size int64) []byte {
	from := len(buf)
	buf = binary.LittleEndian.AppendUint32(buf, uint32(size))
	buf = binary.LittleEndian.AppendUint32(buf, 0)
	buf = binary.LittleEndian.AppendUint64(buf, uint64(offset))
	buf = binary.LittleEndian.AppendUint64(buf, uint64(msg))
	buf = binary.LittleEndian.AppendUint32(buf, epoch)
	for range size {
		buf = append(buf, byte(offset))
	}
	binary.LittleEndian.PutUint32(buf[from+4:], checksum(buf[from:]))
	return buf
}

// checksum is of a record's length and of all that follows its checksum.
func checksum(record []byte) uint32 {
	return crc32.Update(crc32.Checksum(record[:4], castagnoli), castagnoli, record[8:])
}

// A stored is a record as it stands in a log.
type stored struct {
	offset int64
	msg    ledger.MsgID
	epoch  uint32
	size   int64 // with its header
}

// decode reads the record that data begins with, and says whether there is a whole one.
func decode(data []byte) (stored, bool) {
	if len(data) < recordHeader {
		return stored{}, false
	}
	size := int64(binary.LittleEndian.Uint32(data))
	if size > payloadMax || size > int64(len(data)-recordHeader) {
		return stored{}, false
	}
	whole := recordHeader + size
	if binary.LittleEndian.Uint32(data[4:]) != checksum(data[:whole]) {
		return stored{}, false
	}
	return stored{
		offset: int64(binary.LittleEndian.Uint64(data[8:])), msg: ledger.MsgID(binary.LittleEndian.Uint64(data[16:])),
		epoch: binary.LittleEndian.Uint32(data[24:]), size: whole,
	}, true
}

// A recovery is what stands in a log, read from its begin to the first bytes that are no record.
type recovery struct {
	targets.Recovery
	segments int    // that are whole, but perhaps for the end of the last one
	name     string // of the last of them
	size     int64  // of the last one's whole part
	next     int64  // offset of the next record
	epoch    uint32 // of the last owner
	names    []string
}

// recoverLog reads a log. Every whole record before the first tear is handed to each, whatever its offset.
func recoverLog(t *world.Task, files Files, each func(stored)) (recovery, error) {
	r := recovery{next: 1}
	names, err := files.Names(t)
	if err != nil {
		return r, fmt.Errorf("recover log: %w", err)
	}
	r.names = names
	torn := false
	for i, name := range names {
		data, err := files.Read(t, name)
		if err != nil {
			return r, fmt.Errorf("recover log: %w", err)
		}
		from := r.segment(i, name, data, &torn, each)
		if torn {
			r.Torn += int64(len(data)) - from
			r.Beyond += beyond(data[min(from+1, int64(len(data))):])
		}
	}
	return r, nil
}

// segment reads one segment, unless the log is torn before it, and returns how far it is whole.
func (r *recovery) segment(i int, name string, data []byte, torn *bool, each func(stored)) int64 {
	if *torn {
		return 0
	}
	if len(data) < segmentHeader || string(data[:8]) != segmentMagic || int64(binary.LittleEndian.Uint64(data[8:])) != r.next {
		*torn = true
		return 0
	}
	at := int64(segmentHeader)
	r.segments, r.name = i+1, name
	for {
		rec, ok := decode(data[at:])
		if !ok {
			break
		}
		each(rec)
		at += rec.size
		r.next, r.epoch = rec.offset+1, max(r.epoch, rec.epoch)
	}
	r.size = at
	*torn = at < int64(len(data))
	return at
}

// beyond counts the whole records that stand anywhere in data.
func beyond(data []byte) int64 {
	var n int64
	for at := 0; at+recordHeader <= len(data); {
		if rec, ok := decode(data[at:]); ok && rec.offset > 0 {
			n++
			at += int(rec.size)
		} else {
			at++
		}
	}
	return n
}

// A commitLog is a log that is written to. One task at a time may use it.
type commitLog struct {
	files   Files
	segment int64 // bytes after which a new one is begun
	file    File
	name    string
	size    int64
	next    int64
	epoch   uint32
	buf     []byte
	slow    time.Duration // how much longer a sync takes than the disk needs
}

// openLog recovers the log of a folder whose lock is held, cuts off what is torn, and gets ready to append
// to it in a new epoch.
func openLog(t *world.Task, files Files, segment int64) (*commitLog, error) {
	r, err := recoverLog(t, files, func(stored) {})
	if err != nil {
		return nil, err
	}
	l := &commitLog{files: files, segment: segment, next: r.next, epoch: r.epoch + 1}
	for _, name := range r.names[r.segments:] {
		if err := files.Remove(t, name); err != nil {
			return nil, fmt.Errorf("open log: %w", err)
		}
	}
	if r.segments == 0 {
		return l, l.roll(t)
	}
	l.name, l.size = r.name, r.size
	if l.file, err = files.Open(t, r.name, r.size); err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return l, nil
}

// roll begins a new segment.
func (l *commitLog) roll(t *world.Task) error {
	if l.file != nil {
		if err := l.file.Close(t); err != nil {
			return fmt.Errorf("roll log: %w", err)
		}
	}
	l.name = fmt.Sprintf("%020d.log", l.next)
	f, err := l.files.Create(t, l.name)
	if err != nil {
		return fmt.Errorf("roll log: %w", err)
	}
	header := binary.LittleEndian.AppendUint64([]byte(segmentMagic), uint64(l.next))
	if err := f.WriteAt(t, header, 0); err != nil {
		return fmt.Errorf("roll log: %w", err)
	}
	l.file, l.size = f, segmentHeader
	return nil
}

// append writes records and syncs them. Records must follow one another; the first that does not ends
// the batch, and nothing of it is written.
func (l *commitLog) append(t *world.Task, batch []*request) error {
	l.buf = l.buf[:0]
	next := l.next
	for _, r := range batch {
		if r.offset != next {
			return fmt.Errorf("append to log: %w: commit %d where %d was due", errOutOfOrder, r.offset, next)
		}
		l.buf = appendRecord(l.buf, r.offset, l.epoch, r.msg, r.size)
		next++
	}
	if l.size >= l.segment {
		if err := l.roll(t); err != nil {
			return err
		}
	}
	if err := l.file.WriteAt(t, l.buf, l.size); err != nil {
		return fmt.Errorf("append to log: %w", err)
	}
	t.Sleep(l.slow)
	if err := l.file.Sync(t); err != nil {
		return fmt.Errorf("append to log: %w", err)
	}
	l.size += int64(len(l.buf))
	l.next = next
	return nil
}

// close syncs once more, as a log does that trusts nobody, and ends the use of its files.
func (l *commitLog) close(t *world.Task) {
	// Everything was synced when it was appended; a close that fails loses nothing.
	_, _ = l.file.Sync(t), l.file.Close(t)
}
