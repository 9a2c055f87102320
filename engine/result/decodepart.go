package result

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
)

// DecodePart is Decode for a report that is only added up: the metrics of a trial are read where the sum lists the trial.
// Until then they are those bytes of raw, which must not change before the report has been merged.
//
// Nearly all of a stored report are the lines of its trials, and a sum of many reports lists few of them. So lines in the
// layout that Encode writes are read here, and the rest, and every other layout, by encoding/json.
func DecodePart(raw []byte) (*Report, error) {
	rest, lists, ok := withoutTrials(raw)
	if !ok || len(lists) == 0 {
		return Decode(raw)
	}
	var r Report
	if json.Unmarshal(rest, &r) != nil || r.Schema != SchemaName || !r.putBack(lists) {
		return Decode(raw) // which says what is wrong
	}
	r.renameClasses()
	return &r, nil
}

// withoutTrials is a report with one entry in place of each list of trials, which has the number of the list, from -1 down.
func withoutTrials(raw []byte) (rest []byte, lists [][]RowTrial, ok bool) {
	const begin = "\n      \"per_trial\": [\n"
	for {
		at := bytes.Index(raw, []byte(begin))
		if at < 0 {
			return append(rest, raw...), lists, true
		}
		from := at + len(begin)
		list, length, ok := readLines(raw[from:])
		if !ok {
			return nil, nil, false
		}
		lists = append(lists, list)
		rest = append(rest, raw[:from]...)
		rest = fmt.Appendf(rest, "{\"trial\": %d}", -len(lists))
		raw = raw[from+length:]
	}
}

// putBack gives the rows their trials. It is false where they are not those that were taken out.
func (r *Report) putBack(lists [][]RowTrial) bool {
	n := 0
	for i := range r.Results {
		row := &r.Results[i]
		if len(row.PerTrial) == 0 {
			continue
		}
		if n == len(lists) || len(row.PerTrial) != 1 || row.PerTrial[0].Trial != -(n+1) {
			return false
		}
		row.PerTrial = lists[n]
		n++
	}
	return n == len(lists)
}

// readMetrics reads the metrics that are still as they were stored.
func readMetrics(all []RowTrial) error {
	for i := range all {
		t := &all[i]
		if t.metrics == nil {
			continue
		}
		if err := json.Unmarshal(t.metrics, &t.Metrics); err != nil {
			return fmt.Errorf("the metrics of trial %d: %w", t.Trial, err)
		}
		t.metrics = nil
	}
	return nil
}

// A reader reads text in the layout that Encode writes. It fails at the first thing that is written in another way.
type reader struct {
	b  []byte
	at int
}

const endOfTrials = "\n      ]"

// readLines reads the trials of a row up to the end of their list, and says how long they are.
func readLines(b []byte) (list []RowTrial, length int, ok bool) {
	const shortest = 64                        // bytes of a trial
	end := bytes.Index(b, []byte(endOfTrials)) // of this list: a report may have many
	if end < 0 {
		return nil, 0, false
	}
	list = make([]RowTrial, 0, min(maxPerTrial, 1+end/shortest))
	r := reader{b: b}
	for {
		t, ok := r.trial()
		if !ok {
			return nil, 0, false
		}
		list = append(list, t)
		if !r.next(",\n") {
			length = r.at
			return list, length, r.next(endOfTrials)
		}
	}
}

func (r *reader) trial() (t RowTrial, ok bool) {
	const field = ",\n          \""
	var index int64
	if !r.next("        {\n          \"trial\": ") || !r.count(&index) {
		return t, false
	}
	t.Trial = int(index)
	if r.next(field + "replacement\": ") {
		if !r.count(&index) {
			return t, false
		}
		t.Replacement = int(index)
	}
	if !r.next(field + "seed\": ") {
		return t, false
	}
	seed, ok := r.text()
	if !ok || !r.next(field+"verdict\": ") {
		return t, false
	}
	verdict, ok := r.text()
	at := slices.IndexFunc(verdictNames, func(name string) bool { return name == string(verdict) })
	if !ok || at < 0 {
		return t, false
	}
	t.Seed, t.Verdict = string(seed), Verdict(at)
	if r.next(field+"struck_ns\": ") && !r.count(&t.StruckNS) || r.next(field+"drain_ns\": ") && !r.count(&t.DrainNS) {
		return t, false
	}
	if r.next(field + "schedule\": ") {
		digits, ok := r.text()
		var err error
		if t.Schedule, err = strconv.ParseUint(string(digits), 10, 64); !ok || err != nil || digits[0] == '0' {
			return t, false
		}
	}
	if r.next(field + "metrics\": ") {
		from := r.at
		if !r.metrics() {
			return t, false
		}
		t.metrics = r.b[from:r.at]
	}
	return t, r.next("\n        }")
}

// metrics passes over names and numbers that encoding/json reads without complaint.
func (r *reader) metrics() bool {
	for begin := "{\n            "; ; begin = ",\n            " {
		if !r.next(begin) {
			return false
		}
		if _, ok := r.text(); !ok || !r.next(": ") || !r.float() {
			return false
		}
		if r.next("\n          }") {
			return true
		}
	}
}

// next passes over what comes next, if it is that.
func (r *reader) next(text string) bool {
	if len(r.b)-r.at < len(text) || string(r.b[r.at:r.at+len(text)]) != text {
		return false
	}
	r.at += len(text)
	return true
}

// text reads a text of plain ASCII.
func (r *reader) text() ([]byte, bool) {
	if !r.next("\"") {
		return nil, false
	}
	end := bytes.IndexByte(r.b[r.at:], '"')
	if end < 0 {
		return nil, false
	}
	text := r.b[r.at : r.at+end]
	for _, c := range text {
		if c < ' ' || c > '~' || c == '\\' {
			return nil, false
		}
	}
	r.at += end + 1
	return text, true
}

// digits passes over digits and says how many there were.
func (r *reader) digits() int {
	from := r.at
	for r.at < len(r.b) && '0' <= r.b[r.at] && r.b[r.at] <= '9' {
		r.at++
	}
	return r.at - from
}

// whole passes over a whole number of at most 18 digits, which fits everywhere.
func (r *reader) whole() bool {
	r.next("-")
	from := r.at
	n := r.digits()
	return n == 1 || n > 1 && n <= 18 && r.b[from] != '0'
}

func (r *reader) count(to *int64) bool {
	from := r.at
	if !r.whole() {
		return false
	}
	n, err := strconv.ParseInt(string(r.b[from:r.at]), 10, 64)
	*to = n
	return err == nil
}

// float passes over a number that is none of those that are too large for a float64.
func (r *reader) float() bool {
	if !r.whole() || r.next(".") && r.digits() == 0 {
		return false
	}
	if !r.next("e") && !r.next("E") {
		return true
	}
	if !r.next("+") {
		r.next("-")
	}
	n := r.digits()
	return n == 1 || n == 2
}
