package loadgen

import (
	"math"
	"time"
)

// What of single requests is recorded.
const (
	RecordNone     = "none"
	RecordFailures = "failures" // the first of each kind
	RecordAll      = "all"
)

// Recordings are the words that name them.
func Recordings() []string { return []string{RecordNone, RecordFailures, RecordAll} }

const (
	// keepEach is how many failed requests of one kind are recorded. Their kind is their class, or the status that was not
	// wanted.
	keepEach = 1000
	// entriesAtOnce are how many entries a shard holds until they are collected. A record of all requests has more room,
	// and is collected more often. Entries that come faster are counted.
	entriesAtOnce    = 4 << 10
	allEntriesAtOnce = 64 << 10
	allEvery         = 50 * time.Millisecond
	// maxRecorded is how many bytes a record may have.
	maxRecorded = 1 << 30
)

// A Recording keeps single requests, a line of JSON each, in a file that is made with the first one.
type Recording struct {
	What string // one of Recordings; empty means none
	Path string
	max  int64 // bytes; 0 means maxRecorded
}

// each is how many requests of one kind are kept.
func (r *Recording) each() int64 {
	switch r.What {
	case RecordFailures:
		return keepEach
	case RecordAll:
		return math.MaxInt64
	}
	return 0
}

// An entry is one request that has an outcome.
type entry struct {
	intended, left, ended time.Duration
	status                int16 // 0: none
	kind                  kind
}

// A kind is how a request ended: a class, or one of those that follow.
type kind uint8

const (
	wellAnswered  = kind(classes)
	badlyAnswered = wellAnswered + 1
)

// outcome is the word for it.
func (k kind) outcome() string {
	switch {
	case k == wellAnswered:
		return "accepted"
	case k == badlyAnswered || class(k).unsent():
		return "refused"
	}
	return "unknown"
}

// A record is what a shard puts aside of single requests, under its lock.
type record struct {
	each    int64 // of a kind
	all     bool
	entries []entry
	spare   []entry
	lost    int64 // that came faster than they were collected
}

func newRecord(r *Recording) record {
	q := record{each: r.each(), all: r.What == RecordAll}
	if room := map[string]int{RecordFailures: entriesAtOnce, RecordAll: allEntriesAtOnce}[r.What]; room > 0 {
		q.entries, q.spare = make([]entry, 0, room), make([]entry, 0, room)
	}
	return q
}

func (r *record) put(q *sent, status int, k kind, at time.Duration) {
	if len(r.entries) == cap(r.entries) {
		r.lost++
		return
	}
	r.entries = append(r.entries, entry{q.intended, q.left, at, int16(status), k})
}

// recorded takes what was put aside. It is valid until it is asked for again.
func (s *shard) recorded() (got []entry, lost int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &s.record
	got, lost = r.entries, r.lost
	r.entries, r.spare, r.lost = r.spare[:0], got, 0
	return got, lost
}
