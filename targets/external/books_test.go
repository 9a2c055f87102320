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

// TestLossesAreThoseOfTheServersOwnBooks compares what is called lost with what the server wrote down: every
// request that is accused of was in a handler and was not answered. What the server read after the look is
// counted apart.
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
			accused, crossed, same := 0, 0, 0
			for _, dir := range dirs {
				e, err := ledger.Read(dir.Ledger())
				if err != nil {
					t.Fatal(err)
				}
				if len(e.Signals) == 0 {
					continue
				}
				a, c := compareBooks(t, e, books)
				accused, crossed = accused+a, crossed+c
				if c == 0 {
					same++
				}
			}
			t.Logf("%d losses, each in the server's books; %d more there that were read after the look; the same number in %d of %d trials",
				accused, crossed, same, len(dirs))
			if accused == 0 {
				t.Error("nothing was lost: the comparison compares nothing")
			}
		})
	}
}

// compareBooks holds one trial's losses to the server's books. It returns how many were accused, and how many
// the server had and the look did not prove.
func compareBooks(t *testing.T, e *ledger.Evidence, books string) (accused, unproved int) {
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
	open := map[string]int{}
	for line := range strings.Lines(string(raw)) {
		what, port, _ := strings.Cut(strings.TrimSpace(line), " ")
		if what == "read" {
			open[port]++
		} else {
			open[port]--
		}
	}
	struck := e.Signals[0].At
	for _, w := range e.Wires {
		if !w.End.Lost() || w.Msg == 0 {
			continue
		}
		port := fmt.Sprint(w.Port)
		op, _ := e.Op(w.Msg)
		switch proved := w.Aim == ledger.ReadAll && op.Began <= struck; {
		case proved && open[port] < 1:
			t.Errorf("port %s: called lost, and the server's books have it answered or never got it", port)
		case proved:
			accused++
			open[port]--
		case open[port] > 0:
			unproved++
			open[port]--
		}
	}
	return accused, unproved
}
