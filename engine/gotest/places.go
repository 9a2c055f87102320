package gotest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/overlay/wire"
)

// A placer knows where addresses of a test binary are in the source. It asks a process that plays nothing.
type placer struct {
	mu    sync.Mutex
	asked *process
	known map[uint64]wire.Place
}

func (l *placer) close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.asked != nil {
		l.asked.close()
		l.asked = nil
	}
	return nil
}

// lookUp finds the places of addresses that are relative to the program's text.
func (p *Package) lookUp(ctx context.Context, test string, pcs ...uint64) (map[uint64]wire.Place, error) {
	l := &p.places
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known == nil {
		l.known = map[uint64]wire.Place{}
	}
	var unknown []uint64
	for _, pc := range pcs {
		if _, ok := l.known[pc]; !ok {
			unknown = append(unknown, pc)
		}
	}
	if len(unknown) == 0 {
		return l.known, nil
	}
	if l.asked == nil {
		q, err := p.start(ctx, test)
		if err != nil {
			return nil, err
		}
		l.asked = q
	}
	a, err := l.asked.do(wire.Command{Do: wire.DoPlaces, PCs: unknown}, nil)
	if err != nil {
		return nil, err
	}
	for _, place := range a.Places {
		if _, ok := l.known[place.PC]; !ok { // the innermost is the first
			l.known[place.PC] = place
		}
	}
	for _, pc := range unknown {
		if _, ok := l.known[pc]; !ok {
			l.known[pc] = wire.Place{PC: pc}
		}
	}
	return l.known, nil
}

// text is a place for people.
func text(p wire.Place) string {
	if p.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", filepath.Base(p.File), p.Line)
}

// users is the first place of a call stack that is in the user's code; where none is, the first that says who does it, as a
// file of net/http does and one of sync/atomic does not. What package testing does for itself has none.
func (p *Package) users(stack []wire.Place) wire.Place {
	for _, place := range stack {
		if !p.isStandard(place.File) {
			return place
		}
	}
	for _, place := range stack {
		if strings.HasPrefix(filepath.Base(place.File), patchFiles) || isPlumbing(place.Function) {
			continue
		}
		if strings.HasPrefix(place.Function, "testing.") {
			break
		}
		return place
	}
	return wire.Place{}
}

// isPlumbing says whether a function is of a package that others synchronize by.
func isPlumbing(function string) bool {
	for _, of := range []string{"sync.", "sync/atomic.", "internal/", "runtime."} {
		if strings.HasPrefix(function, of) {
			return true
		}
	}
	return false
}

// patchFiles is how the names of files begin that the patch adds.
const patchFiles = "zracebench_"

// isStandard says whether a file is of the Go tree or the patch. A build with -trimpath names them relative to it.
func (p *Package) isStandard(file string) bool {
	if strings.HasPrefix(file, p.std) || strings.HasPrefix(filepath.Base(file), patchFiles) {
		return true
	}
	if file == "" || filepath.IsAbs(file) {
		return false
	}
	_, err := os.Stat(filepath.Join(p.std, file))
	return err == nil
}

// An origin is where a goroutine came from.
type origin struct{ entry, statement uint64 }

// left are the goroutines that a schedule left, by where they came from.
func left(m *wire.Memory) map[origin]int {
	all := map[origin]int{}
	for i := uint32(1); i < min(m.Tasks, wire.MaxTasks); i++ {
		if t := &m.Task[i]; t.Status != wire.Done {
			all[origin{t.Entry, t.GoPC}]++
		}
	}
	return all
}

// alwaysLeft warns of goroutines of the user's code that the default schedule leaves. They are no matter of the schedule, and
// may be meant: a goroutine that serves the whole program is left, too.
func (t *Test) alwaysLeft(ctx context.Context, q *process) ([]result.Breach, error) {
	var entries []uint64
	for from := range q.usual {
		entries = append(entries, from.entry)
	}
	slices.Sort(entries)
	places, err := t.lookUp(ctx, t.Name, entries...)
	if err != nil {
		return nil, err
	}
	var all []result.Breach
	for _, entry := range slices.Compact(entries) {
		if place := places[entry]; place.File != "" && !t.isStandard(place.File) {
			all = append(all, leaked("always", base(place.Function), "is left by the default schedule, too, at "+text(place)+": it needs no race to be left"))
		}
	}
	slices.SortFunc(all, func(a, b result.Breach) int { return strings.Compare(a.Class, b.Class) })
	return all, nil
}

// base is a function's name without its package.
func base(function string) string { return cmp.Or(wire.TaskName(function), "unknown") }
