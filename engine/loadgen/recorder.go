package loadgen

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
)

// A recorder writes entries to their file. What it cannot write it counts; the load goes on.
type recorder struct {
	Recording
	groups     [][]byte             // their names, as JSON
	kinds      []map[[2]int16]int64 // recorded so far of each kind and status, by group
	file       *os.File
	err        error // why nothing more is written
	full       bool
	sorted     []entry
	text       []byte
	size       int64
	kept, lost int64
}

func newRecorder(r Recording, loads []*load) *recorder {
	if r.max == 0 {
		r.max = maxRecorded
	}
	w := &recorder{Recording: r}
	for _, l := range loads {
		name, _ := json.Marshal(l.Name) // text can always be
		w.groups, w.kinds = append(w.groups, name), append(w.kinds, map[[2]int16]int64{})
	}
	return w
}

// take writes what the shards of a group have put aside, in the order in which the requests ended.
func (w *recorder) take(l *load) {
	if w.each() == 0 {
		return
	}
	w.sorted, w.text = w.sorted[:0], w.text[:0]
	for _, s := range l.shards {
		got, lost := s.recorded()
		w.sorted = append(w.sorted, got...)
		w.lost += lost
	}
	slices.SortStableFunc(w.sorted, func(a, b entry) int { return cmp.Compare(a.ended, b.ended) })
	var lines int64
	for _, e := range w.sorted {
		if of := [2]int16{int16(e.kind), e.status}; w.What == RecordFailures {
			if w.kinds[l.number][of] == keepEach {
				continue
			}
			w.kinds[l.number][of]++
		}
		before := len(w.text)
		w.add(w.groups[l.number], e)
		if w.size+int64(len(w.text)) > w.max {
			w.full, w.text = true, w.text[:before]
		}
		if w.full {
			break
		}
		lines++
	}
	if err := w.write(); err == nil {
		w.kept += lines
	}
}

// add appends an entry's line.
func (w *recorder) add(group []byte, e entry) {
	b := append(w.text, `{"group":`...)
	b = append(b, group...)
	b = append(b, `,"start_ns":`...)
	b = strconv.AppendInt(b, int64(e.intended), 10)
	b = append(b, `,"left_ns":`...)
	b = strconv.AppendInt(b, int64(e.left), 10)
	b = append(b, `,"end_ns":`...)
	b = strconv.AppendInt(b, int64(e.ended), 10)
	b = append(b, `,"outcome":"`...)
	b = append(b, e.kind.outcome()...)
	b = append(b, '"')
	if e.status > 0 {
		b = append(b, `,"status":`...)
		b = strconv.AppendInt(b, int64(e.status), 10)
	}
	if e.kind < wellAnswered {
		b = append(b, `,"class":"`...)
		b = append(b, classNames[e.kind]...)
		b = append(b, '"')
	}
	w.text = append(b, '}', '\n')
}

// write appends the lines to the file.
func (w *recorder) write() error {
	if w.err != nil || len(w.text) == 0 {
		return w.err
	}
	if w.file == nil {
		if w.file, w.err = os.OpenFile(w.Path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600); w.err != nil {
			return w.err
		}
	}
	_, w.err = w.file.Write(w.text)
	w.size += int64(len(w.text))
	return w.err
}

// close ends the file and says what is in it, given how many requests could be; "" where there were none.
func (w *recorder) close(ended, failed int64) string {
	if w.file != nil {
		if err := w.file.Close(); w.err == nil {
			w.err = err
		}
	}
	of, what := failed, "requests that failed or were refused"
	if w.What == RecordAll {
		of, what = ended, "requests"
	}
	if w.each() == 0 || of == 0 {
		return ""
	}
	text := fmt.Sprintf("recorded in %s: %d of %d %s", filepath.Base(w.Path), w.kept, of, what)
	switch {
	case w.err != nil:
		return fmt.Sprintf("%s; then %v", text, w.err)
	case w.full:
		return fmt.Sprintf("%s: it may be %d MiB long", text, w.max>>20)
	case w.kept < of && w.What == RecordFailures:
		text += fmt.Sprintf(": the first %d of each class and status", keepEach)
	}
	if w.lost > 0 {
		text += fmt.Sprintf("; %d came faster than they could be written", w.lost)
	}
	return text
}
