package durability_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// silent is a probe that keeps nothing of what a host says.
type silent struct{ targets.Probe }

func (silent) Draining(*world.Task)                               {}
func (silent) Drained(*world.Task, ledger.DrainEnd, int64)        {}
func (silent) Discard(targets.Discard)                            {}
func (silent) Gauge(string, int64, int64, bool)                   {}
func (silent) Mark(string, string, int64)                         {}
func (silent) Owner(string, string, ledger.Owning, time.Duration) {}

// BenchmarkGroupCommit is commits that wait until they are on this disk, by so many committers at once.
func BenchmarkGroupCommit(b *testing.B) {
	for _, committers := range []int{1, 8, 64, 512} {
		b.Run(fmt.Sprintf("committers-%d", committers), func(b *testing.B) { groupCommit(b, committers) })
	}
}

func groupCommit(b *testing.B, committers int) {
	w := world.NewReal(world.Options{})
	defer w.Close()
	var errs spec.Errors
	off := []spec.Field{{Key: spec.Text("cleanup"), Value: spec.Text("0s")}, {Key: spec.Text("schedule"), Value: spec.Text("0s")}}
	h := targets.Host{World: w, Knobs: targets.ParseKnobs(target.Knobs, off, &errs), Probe: silent{}, Dir: filepath.Join(b.TempDir(), "data")}
	done := make(chan struct{})
	w.Go(world.Harness, "benchmark", func(t *world.Task) {
		defer close(done)
		s, err := target.Start(t, h, "reference")
		if err != nil {
			b.Error(err)
			return
		}
		var tasks []*world.Task
		b.ResetTimer()
		for n := range committers {
			tasks = append(tasks, t.Go("committer", func(t *world.Task) {
				c, _ := s.Dial(t, targets.Role{Op: "commit", Lane: n})
				for i := n; i < b.N; i += committers {
					if c.Do(t, targets.Message{ID: ledger.NewMsgID(n, int64(i+1)), Size: 64}).Outcome != ledger.Accepted {
						b.Error("a commit was not accepted")
					}
				}
			}))
		}
		for _, task := range tasks {
			_ = t.Join(task)
		}
		b.StopTimer()
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
	})
	<-done
}

// BenchmarkSync is what this disk needs for a write of one record and a sync, beside which group commit
// is to be read.
func BenchmarkSync(b *testing.B) {
	f, err := os.Create(filepath.Join(b.TempDir(), "file"))
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	record := make([]byte, 92)
	b.ResetTimer()
	for i := range b.N {
		if _, err := f.WriteAt(record, int64(i*len(record))); err != nil {
			b.Fatal(err)
		}
		if err := f.Sync(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "syncs/s")
}
