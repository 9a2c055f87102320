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

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/internal/rundir"
)

// bookTrials is how many trials are compared with the server's own books.
const bookTrials = 8

// TestLossesAreThoseOfTheServersOwnBooks compares what is called lost with what the server wrote down, a
// connection at a time. Every request that is called lost was in a handler and was not answered; every request
// that was in a handler and not answered is called lost or crossed: none is missing.
func TestLossesAreThoseOfTheServersOwnBooks(t *testing.T) {
	path, err := server()
	if err != nil {
		t.Fatal(err)
	}
	books := t.TempDir()
	for _, method := range []string{"GET", "POST"} {
		t.Run(method, func(t *testing.T) {
			p := compile(t, fmt.Sprintf(`name: x
target: external
trials: %d
duration: 400ms
external: {command: [%s, no-handler], url: "http://127.0.0.1:{port}/", env: {BOOKS: %s}}
load:
  - {client: http-keepalive, clients: 6, path: /slow, method: %s, shape: slow, delay: 1ms..20ms}
  - {client: http-oneshot, clients: 4, path: /slow, method: %s, shape: slow, delay: 1ms..20ms}
`, bookTrials, path, books, method, method))
			_, run := runProgram(t, p, engine.KeepAll)
			dirs, err := rundir.OpenTrial(run.Path())
			if err != nil {
				t.Fatal(err)
			}
			sum, same := tally{}, 0
			for _, dir := range dirs {
				e, err := ledger.Read(dir.Ledger())
				if err != nil {
					t.Fatal(err)
				}
				if len(e.Signals) == 0 {
					continue
				}
				one := compareBooks(t, e, books)
				if one.lost == one.unanswered {
					same++
				}
				sum.lost, sum.crossed, sum.unanswered = sum.lost+one.lost, sum.crossed+one.crossed, sum.unanswered+one.unanswered
			}
			t.Logf("%d lost, %d crossed; %d read and unanswered in the server's books; lost is all of them in %d of %d trials",
				sum.lost, sum.crossed, sum.unanswered, same, len(dirs))
			if sum.lost == 0 {
				t.Error("nothing was lost: the comparison compares nothing")
			}
		})
	}
}

// A tally is what racebench and the server's books say of a trial's requests.
type tally struct {
	lost, crossed int // without an answer, by racebench
	unanswered    int // read, and no answer begun, by the books
}

// compareBooks holds one trial's losses to the server's books.
func compareBooks(t *testing.T, e *ledger.Evidence, books string) (sum tally) {
	t.Helper()
	pid := 0
	for _, p := range e.Processes {
		if p.Event == ledger.ProcessStarted {
			pid = p.PID
		}
	}
	raw, err := os.ReadFile(filepath.Join(books, fmt.Sprint(pid)))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // there are none where no handler ran
		t.Fatal(err)
	}
	// By the client's port. An answer that was begun may have been handed to the kernel although the book ends.
	read, begun, answered := map[string]int{}, map[string]int{}, map[string]int{}
	for line := range strings.Lines(string(raw)) {
		what, port, _ := strings.Cut(strings.TrimSpace(line), " ")
		map[string]map[string]int{"read": read, "answering": begun, "answered": answered}[what][port]++
	}
	struck := e.Signals[0].At
	lost, crossed := map[string]int{}, map[string]int{}
	for _, w := range e.Wires {
		if !w.End.Lost() || w.Msg == 0 {
			continue
		}
		port := fmt.Sprint(w.Port)
		if op, _ := e.Op(w.Msg); w.Aim == ledger.ReadAll && op.Began <= struck {
			lost[port]++
			sum.lost++
		} else {
			crossed[port]++
			sum.crossed++
		}
	}
	for port, n := range lost {
		if most := read[port] - answered[port]; n > most {
			t.Errorf("port %s: %d called lost; by the server's books it read and did not answer %d at the most", port, n, most)
		}
	}
	for port := range read {
		least := read[port] - begun[port]
		sum.unanswered += least
		if told := lost[port] + crossed[port]; least > told {
			t.Errorf("port %s: the server read and did not answer %d, and racebench tells of %d", port, least, told)
		}
	}
	return sum
}
