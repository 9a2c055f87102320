package engine

import (
	"cmp"
	"os"
	"slices"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/targets"
)

// script leaves in the folder of a trial, as long as there is one, how its worst breach that a shell can show is shown by hand.
func (k *campaign) script(t *result.Trial, e *ledger.Evidence, dir rundir.TrialDir) error {
	reproducer := k.program.Target.Reproducer
	if reproducer == nil || len(t.Breaches) == 0 {
		return nil
	}
	var groups []targets.Role
	for _, g := range k.program.Groups {
		groups = append(groups, targets.Role{Op: g.Op.Name, Group: g.As, Client: g.Client, Size: g.Size})
	}
	// In the order in which a result tells them.
	breaches := slices.Clone(t.Breaches)
	slices.SortStableFunc(breaches, func(a, b result.Breach) int {
		return cmp.Or(-cmp.Compare(a.Verdict, b.Verdict), cmp.Compare(a.Class, b.Class))
	})
	for _, b := range breaches {
		text := reproducer.Repro(b.Class, b.Summary, e, groups, k.program.Scenario.DrainLimit)
		if text == "" {
			continue
		}
		t.Script, t.Scripted = dir.Repro(), b.Class
		if err := rundir.WriteFile(dir.Repro(), []byte(text)); err != nil {
			return err
		}
		return os.Chmod(dir.Repro(), 0o700)
	}
	return nil
}
