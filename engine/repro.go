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

// script leaves in a trial's folder how its worst breach that a shell can show is shown by hand.
func (k *campaign) script(t *result.Trial, dir rundir.TrialDir) error {
	target, ok := k.program.Target.(targets.Reproducer)
	if !ok || len(t.Breaches) == 0 {
		return nil
	}
	e, err := ledger.Read(dir.Ledger())
	if err != nil {
		return err
	}
	f := targets.Failure{Evidence: e, Grace: k.program.Scenario.DrainLimit}
	for _, g := range k.program.Groups {
		f.Groups = append(f.Groups, targets.Role{Op: g.Op.Name, Name: g.As, Group: g.At, Size: g.Size})
	}
	// In the order in which a result tells them.
	breaches := slices.Clone(t.Breaches)
	slices.SortStableFunc(breaches, func(a, b result.Breach) int {
		return cmp.Or(-cmp.Compare(a.Verdict, b.Verdict), cmp.Compare(a.Class, b.Class))
	})
	for _, b := range breaches {
		f.Class, f.Summary = b.Class, b.Summary
		text := target.Repro(f)
		if text == "" {
			continue
		}
		t.Script, t.Scripted = dir.Repro(), b.Class
		if err := rundir.WriteFile(dir.Repro(), []byte(text)); err != nil {
			return err
		}
		return os.Chmod(dir.Repro(), 0o755)
	}
	return nil
}
