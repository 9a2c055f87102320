package ledger

import (
	"fmt"
	"time"
)

// pendingText is a text of which some slots have been read.
type pendingText struct {
	bytes []byte
	left  int
}

// rereads is how often a chunk is read again that a living writer was filling meanwhile.
const rereads = 8

// chunk reads the records of one chunk. bytes is how much of it the file holds. It returns false, and
// sets Cut, at the first record that cannot have been written.
func (r *reader) chunk(c *chunk, index, bytes int) bool {
	lane := c[0].lane()
	if c[0][0] == 0 && bytes >= 8 && !holed(c, 0) {
		return true // claimed and not used: the process was killed in between
	}
	if r.sharedOnly && lane != sharedLane {
		return true
	}
	for try := 0; try < rereads && anyHole(c); try++ {
		if _, err := r.from.ReadAt(c.bytes()[:bytes], int64(index)*chunkSize); err != nil {
			break
		}
	}
	for i := range c {
		rec := &c[i]
		at := index*chunkSize + i*recordSize
		whole := (i+1)*recordSize <= bytes
		if rec[0] == 0 && whole {
			if holed(c, i) {
				return r.cut(at, "an empty record stands before a full one")
			}
			return true
		}
		if !whole {
			if bytes == i*recordSize {
				return r.end(fmt.Sprintf("the ledger ends after record %d of lane %s", r.last(lane), r.laneName(lane)))
			}
			return r.end(fmt.Sprintf("the ledger ends in the middle of record %d of lane %s", r.last(lane)+1, r.laneName(lane)))
		}
		if why := r.place(rec, lane); why != "" {
			return r.cut(at, why)
		}
		if why := r.decode(rec); why != "" {
			return r.cut(at, why)
		}
		r.e.Records++
	}
	return true
}

func anyHole(c *chunk) bool {
	for i := range c {
		if c[i][0] == 0 {
			return holed(c, i)
		}
	}
	return false
}

// holed says whether a full record follows record i, which is empty.
func holed(c *chunk, i int) bool {
	for j := i + 1; j < len(c); j++ {
		if c[j][0] != 0 {
			return true
		}
	}
	return false
}

func (r *reader) cut(at int, why string) bool {
	return r.end(fmt.Sprintf("the ledger is damaged at byte %d: %s; what follows was not read", at, why))
}

func (r *reader) end(why string) bool {
	end := int64(r.chunks) * chunkSize
	if r.size < end {
		why += fmt.Sprintf(": cut at %d of %d bytes", r.size, end)
	}
	r.e.Cut = why
	return false
}

func (r *reader) laneName(lane int) string {
	if lane == sharedLane {
		return "(shared)"
	}
	return r.e.LaneName(lane - 1)
}

func (r *reader) last(lane int) uint32 {
	if lane < len(r.next) {
		return r.next[lane]
	}
	return 0
}

// place checks that a record is the next of the lane its chunk belongs to.
func (r *reader) place(rec *record, lane int) string {
	if rec.lane() != lane {
		return fmt.Sprintf("a record of lane %s in a chunk of lane %s", r.laneName(rec.lane()), r.laneName(lane))
	}
	if lane >= len(r.next) {
		return fmt.Sprintf("a record of lane %d, of which there is no description", lane-1)
	}
	if want := r.next[lane] + 1; rec.number() != want {
		return fmt.Sprintf("record %d of lane %s where %d was due", rec.number(), r.laneName(lane), want)
	}
	r.next[lane]++
	return ""
}

// decode takes one record into the evidence. It returns what is impossible about it, if anything.
func (r *reader) decode(rec *record) string {
	shared := rec.lane() == sharedLane
	switch k := rec.kind(); {
	case k == KindOp && !shared:
		return r.op(rec)
	case k == KindDeliver && !shared:
		lane := rec.lane() - 1
		r.e.Deliveries[lane] = append(r.e.Deliveries[lane], Delivery{Msg: MsgID(rec[1]), At: time.Duration(rec[2])})
		return ""
	case k > KindWaited:
		return "" // a newer writer's
	case k == KindText && shared:
		return r.textSlot(rec)
	case shared && k != KindOp && k != KindDeliver:
		return r.event(k, rec)
	}
	return fmt.Sprintf("a record of kind %d does not belong there", rec.kind())
}

func (r *reader) op(rec *record) string {
	lane := rec.lane() - 1
	o := Op{
		Msg: MsgID(rec[1]), Topic: rec.flags(), Size: int64(rec[2]),
		Intended: time.Duration(rec[3]), Began: time.Duration(rec[4]),
	}
	if o.Msg.Lane() != lane || o.Msg.Seq() != int64(len(r.e.Ops[lane]))+1 {
		return fmt.Sprintf("message %d#%d where %d#%d was due", o.Msg.Lane(), o.Msg.Seq(), lane, len(r.e.Ops[lane])+1)
	}
	// An end without its moment was being written as it was read.
	if done := rec[6]; done&opDone != 0 && rec[5] != 0 {
		o.Ended = time.Duration(rec[5])
		o.Outcome, o.Cause = Outcome(done>>outcomeShift), Cause(done>>causeShift)
		if o.Outcome > Refused {
			return fmt.Sprintf("an operation with outcome %d", o.Outcome)
		}
		if o.Cause > OtherCause {
			o.Cause = OtherCause
		}
	}
	r.e.Ops[lane] = append(r.e.Ops[lane], o)
	return ""
}

// textSlot takes a piece of a text. A text is complete or, where its process was killed, absent; its
// number is then given to the next.
func (r *reader) textSlot(rec *record) string {
	left := int(rec[1] >> 32)
	first := rec.flags()&flagFirst != 0
	if int(low(rec[1])) != len(r.e.texts) || left == 0 || left > maxText || !first && left != r.text.left {
		return "a piece of a text that is out of place"
	}
	if first {
		r.text.bytes, r.text.left = r.text.bytes[:0], left
	}
	size := min(left, slotText)
	r.text.bytes = append(r.text.bytes, rec.text()[:size]...)
	r.text.left -= size
	if r.text.left == 0 {
		r.addText(r.text.bytes)
	}
	return ""
}

// addText gives a text the next number. One trial's texts are mostly those of the trial read before, in the
// same order: what stands there still is taken again.
func (r *reader) addText(text []byte) {
	n := len(r.e.texts)
	if room := r.e.texts[:cap(r.e.texts)]; n < len(room) && room[n] == string(text) {
		r.e.texts = room[:n+1]
		return
	}
	r.e.texts = append(r.e.texts, string(text))
}
