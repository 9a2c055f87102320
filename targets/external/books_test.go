//go:build linux

package external_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
)

// TestLossesAreThoseOfTheServersOwnBooks compares what is called lost with what the server wrote down, a
// connection at a time: what it had taken out of the kernel and not answered. Of a server that leaves the signal to
// the kernel all of that is lost, and nothing else is. One whose own code ends it may have read a request after the
// signal: such a one is crossed, and both together are what the books have. Where the server died between a deed
// and its entry the books leave open whether it was done, and so may the count.
func TestLossesAreThoseOfTheServersOwnBooks(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"no-handler", "default-action"} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(mode+" "+method, func(t *testing.T) {
				t.Parallel()
				holdToBooks(t, mode, method, 4)
			})
		}
	}
}

// holdToBooks runs a server that keeps books and compares them with what is called lost.
func holdToBooks(t *testing.T, mode, method string, trials int) {
	t.Helper()
	path, err := server()
	if err != nil {
		t.Fatal(err)
	}
	books := t.TempDir()
	p := compile(t, fmt.Sprintf(`name: x
target: external
trials: %d
duration: 400ms
external: {command: [%s, %s], url: "http://127.0.0.1:{port}/", env: {BOOKS: %s}}
load:
  - {client: http-keepalive, clients: 6, path: /slow, method: %s, shape: slow, delay: 1ms..20ms}
  - {client: http-oneshot, clients: 4, path: /slow, method: %s, shape: slow, delay: 1ms..20ms}
`, trials, path, mode, books, method, method))
	_, run := runProgram(t, p, trial.KeepAll)
	dirs, err := rundir.OpenTrial(run.Path())
	if err != nil {
		t.Fatal(err)
	}
	sum, same, both, struck := tally{}, 0, 0, 0
	for _, dir := range dirs {
		e, err := ledger.Read(dir.Ledger())
		if err != nil {
			t.Fatal(err)
		}
		if len(e.Signals) == 0 {
			continue
		}
		struck++
		one := compareBooks(t, e, books, mode == "default-action")
		judged, err := trial.Judge(dir, trial.Config{Catalog: catalog})
		if err != nil || lostOf(judged) != one.lost {
			t.Errorf("judged %d lost of %d (%v)", lostOf(judged), one.lost, err)
		}
		if one.lost == one.unanswered {
			same++
		}
		if one.lost+one.late == one.unanswered {
			both++
		}
		sum.lost, sum.late, sum.crossed = sum.lost+one.lost, sum.late+one.late, sum.crossed+one.crossed
		sum.unanswered, sum.open = sum.unanswered+one.unanswered, sum.open+one.open
	}
	t.Logf("%s %s: %d lost and %d crossed, %d of those read late; the server's books: %d read and not answered, %d entries open; lost is all of them in %d of %d trials, lost and read late in %d",
		mode, method, sum.lost, sum.crossed, sum.late, sum.unanswered, sum.open, same, struck, both)
	if sum.lost == 0 {
		t.Error("nothing was lost: the comparison compares nothing")
	}
}

// A tally is what racebench and the server's books say of a trial's requests.
type tally struct {
	lost, crossed int // without an answer, by racebench
	late          int // crossed, and read by the server in the end
	unanswered    int // read, and no answer begun, by the books
	open          int // entries of them that were begun and not ended
}

// lostOf is how many requests a trial reports as lost.
func lostOf(trial result.Trial) (n int) {
	for _, b := range trial.Breaches {
		if b.Invariant == "every-request-answered" {
			n += int(b.Count)
		}
	}
	return n
}

// compareBooks holds one trial's losses to the server's books. all says that what it read to the end is lost.
func compareBooks(t *testing.T, e *ledger.Evidence, books string, all bool) (sum tally) {
	t.Helper()
	pid := 0
	for _, p := range e.Processes {
		if p.Event == extern.ProcessStarted {
			pid = p.PID
		}
	}
	raw, err := os.ReadFile(filepath.Join(books, fmt.Sprint(pid)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // there are none where no handler ran
		t.Fatal(err)
	}
	// By the client's port.
	reading, read, begun, answered := map[string]int{}, map[string]int{}, map[string]int{}, map[string]int{}
	for line := range strings.Lines(string(raw)) {
		what, port, _ := strings.Cut(strings.TrimSpace(line), " ")
		map[string]map[string]int{"reading": reading, "read": read, "answering": begun, "answered": answered}[what][port]++
	}
	lost, late := map[string]int{}, map[string]int{}
	for _, w := range e.Wires {
		readLast := w.End == extern.WireEOF && w.Last == extern.ReadAll
		switch port := fmt.Sprint(w.Port); {
		case !w.End.Lost() || w.Msg == 0:
		case w.Aim == extern.ReadAll, w.End == extern.WireCut, all && readLast:
			lost[port]++
			sum.lost++
		default:
			sum.crossed++
			if readLast {
				late[port]++
				sum.late++
			}
		}
	}
	for port := range reading {
		least, most := read[port]-begun[port], reading[port]-answered[port]
		sum.unanswered += least
		sum.open += reading[port] - read[port] + begun[port] - answered[port]
		if n := lost[port] + late[port]; n < least || n > most {
			t.Errorf("port %s: %d called lost and %d read late; the server's books have %d to %d as read and not answered",
				port, lost[port], late[port], least, most)
		}
	}
	for port := range lost {
		if reading[port] == 0 {
			t.Errorf("port %s: %d called lost, of which the server's books know nothing", port, lost[port])
		}
	}
	return sum
}
