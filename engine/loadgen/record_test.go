package loadgen

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// A line is one of a record.
type line struct {
	Group   string
	Start   int64 `json:"start_ns"`
	Left    int64 `json:"left_ns"`
	End     int64 `json:"end_ns"`
	Outcome string
	Status  int
	Class   string
}

// lines are those of a record, each of which must be whole.
func lines(t *testing.T, path string) []line {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []line
	for text := range strings.Lines(string(raw)) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil || l.Group != "http" || l.End < l.Left || l.Left < l.Start {
			t.Fatalf("%q: %v", text, err)
		}
		all = append(all, l)
	}
	return all
}

// A record of all has every request, one of failures has those alone, and one of nothing makes no file.
func TestRecordHasWhatIsAsked(t *testing.T) {
	inEngines(t, func(t *testing.T, engine string) {
		for _, what := range Recordings() {
			s := serve(t, func(_ *scripted, p *peer) {
				for p.request() && p.say(hello) && p.request() && p.say("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n") {
				}
			})
			c := config(t, s.addr, 0)
			c.Engine, c.Record = engine, Recording{What: what, Path: filepath.Join(t.TempDir(), "r")}
			trial := runUntil(t, c, 20)
			notes := strings.Join(trial.Notes, "\n")
			th := trial.Throughput[0]
			if what == RecordNone {
				if _, err := os.Stat(c.Record.Path); err == nil || strings.Contains(notes, "recorded") {
					t.Errorf("nothing was to be recorded: %s", notes)
				}
				continue
			}
			var well, badly int64
			for _, l := range lines(t, c.Record.Path) {
				switch {
				case l.Outcome == "accepted" && l.Status == 200 && l.Class == "":
					well++
				case l.Outcome == "refused" && l.Status == 503 && l.Class == "":
					badly++
				default:
					t.Errorf("%+v", l)
				}
			}
			wantWell := map[string]int64{RecordAll: th.Accepted}[what]
			wantBadly := th.Refused
			if what == RecordFailures {
				wantBadly = min(wantBadly, keepEach)
			}
			if well != wantWell || badly != wantBadly || !strings.Contains(notes, "recorded in r: ") {
				t.Errorf("%s: %d accepted and %d refused are recorded of %+v: %s", what, well, badly, th, notes)
			}
		}
	})
}

// Of each class and status only the first are kept, and the note says of how many; what is recorded ends at its limit.
func TestRecordsAreBounded(t *testing.T) {
	dir := t.TempDir()
	l := &load{Group: Group{Name: "http"}}
	r := Recording{What: RecordFailures, Path: filepath.Join(dir, "failures")}
	l.shards = []*shard{newShard(&r), newShard(&r)}
	w := newRecorder(r, []*load{l})
	var failed int64
	for i := range 3000 {
		at := time.Duration(i)
		for _, s := range l.shards {
			s.failed(&sent{}, timedOut, at)
			s.answered(&sent{}, 503, false, at, at)
			failed += 2
		}
		if i%500 == 0 {
			w.take(l)
		}
	}
	w.take(l)
	if note := w.close(failed, failed); note != "recorded in failures: 2000 of 12000 requests that failed or were refused: the first 1000 of each class and status" {
		t.Error(note)
	}
	if got := len(lines(t, r.Path)); got != 2*keepEach {
		t.Errorf("%d lines", got)
	}

	r = Recording{What: RecordAll, Path: filepath.Join(dir, "all"), max: 1000}
	l.shards = []*shard{newShard(&r)}
	w = newRecorder(r, []*load{l})
	for range allEntriesAtOnce + 5 {
		l.shards[0].answered(&sent{}, 200, true, 1, 1)
	}
	w.take(l)
	w.take(l)
	note := w.close(allEntriesAtOnce+5, 0)
	info, err := os.Stat(r.Path)
	if err != nil || info.Size() > 1000 || info.Size() < 900 || w.lost != 5 || !strings.Contains(note, "it may be") {
		t.Errorf("%v, %d lost: %s", err, w.lost, note)
	}
	lines(t, r.Path)
}

// A record that cannot be written says so, and costs the load nothing.
func TestRecordThatCannotBeWritten(t *testing.T) {
	s := serve(t, answering(hello))
	c := config(t, s.addr, 0)
	c.Record = Recording{What: RecordAll, Path: filepath.Join(t.TempDir(), "no", "such")}
	trial := runUntil(t, c, 5)
	if th := trial.Throughput[0]; th.Accepted == 0 || !strings.Contains(strings.Join(trial.Notes, "\n"), "such: 0 of ") {
		t.Errorf("%+v: %q", th, trial.Notes)
	}
}
