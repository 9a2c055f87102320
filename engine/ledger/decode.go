package ledger

import (
	"fmt"
	"time"
)

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
	case k == kindOp && !shared:
		return r.op(rec)
	case k == kindDeliver && !shared:
		lane := rec.lane() - 1
		r.e.Deliveries[lane] = append(r.e.Deliveries[lane], Delivery{Msg: MsgID(rec[1]), At: time.Duration(rec[2])})
		return ""
	case k >= kindsEnd:
		return "" // a newer writer's
	case k == kindText && shared:
		return r.textSlot(rec)
	case k == kindLane && shared:
		return r.lane(rec)
	case shared && rowOf[k] != nil && rowOf[k].unpack != nil:
		v := &r.unpacker
		v.e, v.rec, v.wrong = r.e, rec, ""
		rowOf[k].unpack(v)
		return v.wrong
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
		o.Outcome, o.Cause, o.Code = Outcome(done>>outcomeShift), Cause(done>>causeShift), uint16(done>>codeShift)
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

// lane takes the description of a lane.
func (r *reader) lane(rec *record) string {
	e := r.e
	if int(rec[1]) != len(e.Lanes) || len(e.Lanes) == maxLanes {
		return fmt.Sprintf("a description of lane %d where lane %d was due", int(rec[1]), len(e.Lanes))
	}
	name, group, op := Name(uint32(rec[2])), Name(rec[2]>>32), Name(uint32(rec[3]))
	e.Lanes = append(e.Lanes, LaneInfo{Name: e.Text(name), Group: e.Text(group), Op: e.Text(op)})
	var n counts
	if here := len(e.Lanes); here < len(r.counts) {
		n = r.counts[here]
	}
	e.Ops = withRoom(e.Ops, int(n.ops))
	e.Deliveries = withRoom(e.Deliveries, int(n.deliveries))
	r.next = append(r.next, 0)
	return ""
}

// withRoom adds an empty list for n values: one of an earlier reading where that has the room.
func withRoom[T any](lists [][]T, n int) [][]T {
	at := len(lists)
	if room := lists[:cap(lists)]; at < len(room) && cap(room[at]) >= n {
		lists = room[:at+1]
		lists[at] = lists[at][:0]
		return lists
	}
	if n == 0 {
		return append(lists, nil)
	}
	return append(lists, make([]T, 0, n))
}
