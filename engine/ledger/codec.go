package ledger

import (
	"fmt"
	"strings"
	"sync/atomic"
	"time"
)

// Add appends a record to the shared lane, from whatever goroutine. The record is read before Add returns and can
// be used again. A full ledger takes none, and a closed one neither.
func (w *Writer) Add(r Record) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.record = record{}
	w.packer.packs, w.packer.rec = true, &w.record
	show(r, &w.packer)
	w.put(&w.record)
}

// put appends a record, of which word 0 has kind and flags, to the shared lane and says whether there was room.
// The caller holds w.mu.
func (w *Writer) put(rec *record) bool {
	if w.closed.Load() {
		return false
	}
	l := &w.shared
	r := l.slot()
	if r == nil {
		return false
	}
	copy(r[1:], rec[1:])
	atomic.StoreUint64(&r[0], l.head|rec[0])
	return true
}

// A visitor is shown every field of a record, one after the other. It packs them into a record of the file or
// unpacks them from one; or it hands them to a line of text, which prints or parses them.
type visitor struct {
	rec    *record
	packs  bool
	e      *Evidence // of what is unpacked
	wrong  string    // what is impossible about a record that is unpacked
	inText line      // nil: the record of a file
}

// A line prints or parses the fields of one line of text: it is given their values and returns what they are.
type line interface {
	flag(word string, is bool) bool
	either(no, yes string, is bool) bool
	moment(no, yes string, is bool, d time.Duration) (bool, time.Duration)
	span(from, until time.Duration) (time.Duration, time.Duration)
	number(f field, n int64) int64
	bits(f field, n uint64) uint64
	time(f field, d time.Duration) time.Duration
	name(f field, n Name) Name
	lane(f field, n int) int
	msg(f field, m MsgID) MsgID
	word(f field, words []string, n uint8) uint8
	must(ok bool, what string)
}

// packed puts a value into its place of a record and returns it, or returns what stands there.
func (v *visitor) packed(at place, n uint64) uint64 {
	word, first := &v.rec[at>>wordShift&7], at>>firstShift&63
	most := ^uint64(0) >> (64 - at&127)
	if !v.packs {
		return *word >> first & most
	}
	*word |= min(n, most) << first
	return n
}

func (v *visitor) fail(format string, args ...any) {
	if v.wrong == "" {
		v.wrong = fmt.Sprintf(format, args...)
	}
}

// of says which kind of record it is.
func (v *visitor) of(k kind) {
	if v.packs {
		v.rec[0] |= uint64(k)
	}
}

// end marks a record as the end of what another one began.
func (v *visitor) end(is bool) {
	if v.packs && is {
		v.rec[0] |= flagEnd << flagShift
	}
}

func (v *visitor) flagged(bit place, is bool) bool {
	var n uint64
	if is {
		n = 1
	}
	return v.packed(flagAt(bit), n) != 0
}

// flag is a bit of the record's flags, and a word of the line that is there or not.
func (v *visitor) flag(bit place, word string, is *bool) {
	if v.inText != nil {
		*is = v.inText.flag(word, *is)
		return
	}
	*is = v.flagged(bit, *is)
}

// either is a bit of the record's flags, and one of two words of the line.
func (v *visitor) either(bit place, no, yes string, is *bool) {
	if v.inText != nil {
		*is = v.inText.either(no, yes, *is)
		return
	}
	*is = v.flagged(bit, *is)
}

// moment is a time whose key is one of two: a bit of the record's flags says which.
func (v *visitor) moment(bit place, no, yes string, at place, is *bool, d *time.Duration) {
	if v.inText != nil {
		*is, *d = v.inText.moment(no, yes, *is, *d)
		return
	}
	*is, *d = v.flagged(bit, *is), time.Duration(v.packed(at, uint64(*d)))
}

// span is two moments of which a record holds one: the bit of its flags says that it is the second. A line
// holds both, from..until; the second is 0 where it is left out.
func (v *visitor) span(bit place, at place, from, until *time.Duration) {
	if v.inText != nil {
		*from, *until = v.inText.span(*from, *until)
		return
	}
	if v.flagged(bit, *until != 0) {
		from = until
	}
	*from = time.Duration(v.packed(at, uint64(*from)))
}

func (v *visitor) int(at place, key string, n *int) {
	if v.inText != nil {
		*n = int(v.inText.number(field{at, key}, int64(*n)))
		return
	}
	*n = int(v.packed(at, uint64(*n)))
}

func (v *visitor) long(at place, key string, n *int64) {
	if v.inText != nil {
		*n = v.inText.number(field{at, key}, *n)
		return
	}
	*n = int64(v.packed(at, uint64(*n)))
}

func (v *visitor) bits(at place, key string, n *uint64) {
	if v.inText != nil {
		*n = v.inText.bits(field{at, key}, *n)
		return
	}
	*n = v.packed(at, *n)
}

func (v *visitor) time(at place, key string, d *time.Duration) {
	if v.inText != nil {
		*d = v.inText.time(field{at, key}, *d)
		return
	}
	*d = time.Duration(v.packed(at, uint64(*d)))
}

func (v *visitor) name(at place, key string, n *Name) {
	if v.inText != nil {
		*n = v.inText.name(field{at, key}, *n)
		return
	}
	*n = Name(v.packed(at, uint64(*n)))
}

func (v *visitor) msg(at place, key string, m *MsgID) {
	if v.inText != nil {
		*m = v.inText.msg(field{at, key}, *m)
		return
	}
	*m = MsgID(v.packed(at, uint64(*m)))
}

func (v *visitor) lane(at place, key string, n *int) {
	if v.inText != nil {
		*n = v.inText.lane(field{at, key}, *n)
		return
	}
	*n = int(v.packed(at, uint64(*n)))
	if !v.packs && (*n >= len(v.e.Lanes) || *n < 0 && int64(*n) != at.unsaid()) {
		v.fail("a mention of lane %d, which there is not", *n)
	}
}

// word is one of some words. An empty one stands for no value of a record.
func (v *visitor) word(at place, key string, words []string, n *uint8) {
	if v.inText != nil {
		*n = v.inText.word(field{at, key}, words, *n)
		return
	}
	i := v.packed(at, uint64(*n))
	if !v.packs && (i >= uint64(len(words)) || words[i] == "" && (i != 0 || !at.has(optional))) {
		v.fail("number %d where one of %s was due", i, oneOf(words))
		return
	}
	*n = uint8(i)
}

// must says what is wrong with a record or a line where ok is false.
func (v *visitor) must(ok bool, what string) {
	switch {
	case v.inText != nil:
		v.inText.must(ok, what)
	case !v.packs && !ok:
		v.fail("%s", what)
	}
}

// oneOf lists the words that a field may be.
func oneOf(words []string) string {
	var list []string
	for _, w := range words {
		if w != "" {
			list = append(list, w)
		}
	}
	return strings.Join(list, ", ")
}

// subscription takes the begin of a subscription, or the end of the lane's latest, into the evidence.
func (v *visitor) subscription() {
	var s Subscription
	s.fields(v)
	switch {
	case v.wrong != "":
	case v.rec.flags()&flagEnd == 0:
		v.e.Subscriptions = append(v.e.Subscriptions, s)
	default:
		for i := len(v.e.Subscriptions) - 1; i >= 0; i-- {
			if open := &v.e.Subscriptions[i]; open.Lane == s.Lane && open.Until == 0 {
				open.Until, open.Policy, open.Draining = s.Until, s.Policy, s.Draining
				return
			}
		}
	}
}

// drain takes the begin of the drain, or its end, into the evidence. Only the first of each counts.
func (v *visitor) drain() {
	var d Drain
	d.fields(v)
	ends := v.rec.flags()&flagEnd != 0
	switch have := v.e.Drain; {
	case v.wrong != "":
	case have == nil:
		v.e.Drain = new(Drain)
		*v.e.Drain = d
	case ends && have.Ended == 0:
		d.Began, d.Idle = have.Began, have.Idle
		*have = d
	}
}
