//go:build linux

package external_test

import (
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
)

// TestAFrozenProgramMeetsTheRaceAndIsNotAccused replays trials with the program stopped before the signal. What
// it had not read is counted; what it had read is lost by the one that exits at once, and is told as forced.
func TestAFrozenProgramMeetsTheRaceAndIsNotAccused(t *testing.T) {
	t.Parallel()
	const load = "\n  - {client: http-keepalive, clients: 4, path: /, shape: slow, delay: 1ms..5ms}\n  - {client: http-keepalive, clients: 3, path: PATH, as: slow}\n"
	for mode, right := range map[string]bool{"shutdown": true, "exits": false} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			path, err := server()
			if err != nil {
				t.Fatal(err)
			}
			slow := "/slow"
			if !right { // what it has read is not answered before it has exited, however long it was held still
				slow = "/slower"
			}
			p := compile(t, "name: x\ntarget: external\ntrials: 1\nduration: 400ms\nexternal: {command: ["+path+", "+mode+"], url: \"http://127.0.0.1:{port}/\"}\nload:"+strings.ReplaceAll(load, "PATH", slow))
			_, run := runProgram(t, p, trial.KeepAll)
			dirs, err := rundir.OpenTrial(run.Path())
			if err != nil {
				t.Fatal(err)
			}
			again, err := rundir.Create(t.TempDir(), time.Now())
			if err != nil {
				t.Fatal(err)
			}
			// What a signal meets is chance; that it is met is not.
			unread, breaches := int64(0), 0
			for n := 0; n < 40 && (n < 2 || unread == 0 || !right && breaches == 0); n++ {
				trials, err := engine.Replay(t.Context(), dirs[0], 1, trial.Config{Catalog: catalog, Freeze: true}, again, func(result.Trial) {})
				if err != nil {
					t.Fatal(err)
				}
				trial := trials[0]
				for _, x := range trial.Crossed {
					if strings.HasPrefix(x.Kind, "unread-") {
						unread += x.Of
					}
				}
				for _, b := range trial.Breaches {
					breaches++
					if !b.Widened {
						t.Errorf("%s counts as natural", b.Class)
					}
					if right {
						t.Errorf("a correct server is reported, want nothing: %s\n%s", b.Class, strings.Join(b.Evidence, "\n"))
					}
				}
			}
			if unread == 0 || !right && breaches == 0 {
				t.Errorf("%d unread, %d breaches", unread, breaches)
			}
		})
	}
}
