package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario"
)

// An execution is what everything that runs trials has: a directory, a time limit, seeds, somebody who
// watches, and a way to end.
type execution struct {
	app      *app
	flags    runFlags
	began    time.Time
	run      *rundir.Run
	seeds    []scenario.Seed
	progress *progress
	cancel   context.CancelFunc
}

// execute makes ready to run programs; end must follow. The context that it returns ends with --timeout.
func (a *app) execute(ctx context.Context, programs []trial.Program, f runFlags) (context.Context, *execution, error) {
	if err := checkDescriptors(f.parallel); err != nil {
		return nil, nil, usageError{err}
	}
	e := &execution{app: a, flags: f, began: time.Now(), cancel: func() {}}
	var err error
	if e.run, err = a.newRun(f.dir, e.began); err != nil {
		return nil, nil, usageError{err}
	}
	if f.timeout > 0 {
		ctx, e.cancel = context.WithTimeout(ctx, f.timeout)
	}
	e.seeds, e.progress = drawSeeds(programs), a.newProgress(f)
	return ctx, e, nil
}

// end tells how the running ended, given its error and the results of each side, the head's last. Where
// racebench itself failed, what was finished is kept, and nothing else is to be done with it.
func (e *execution) end(ctx context.Context, sides [][]*result.Campaign, err error) error {
	defer e.cancel()
	e.progress.done()
	e.app.cutShort = ctx.Err() != nil
	if err != nil && !errors.Is(err, ctx.Err()) {
		return errors.Join(err, e.saveFinished(sides))
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		e.app.stderr.Sayf("racebench: stopped by --timeout after %s; what ran is judged\n", e.flags.timeout)
	}
	return nil
}

// store keeps the reports of the sides: the head's, which is the last, as the run's result, and the base's,
// where there is one, beside it. It says when the directory has grown large.
func (e *execution) store(sides [][]*result.Campaign) ([]*result.Report, error) {
	var reports []*result.Report
	for i, folds := range sides {
		rep, err := newReport(folds, e.app.args)
		if err != nil {
			return nil, err
		}
		raw, err := e.encode(rep)
		if err != nil {
			return nil, err
		}
		reports = append(reports, rep)
		if i < len(sides)-1 {
			err = rundir.WriteFile(e.run.Base(), raw)
		} else {
			err = e.keep(raw)
		}
		if err != nil {
			return nil, err
		}
	}
	return reports, nil
}

// encode is the stored form of a report, which says when it ran.
func (e *execution) encode(rep *result.Report) ([]byte, error) {
	rep.Started, rep.ElapsedNS, rep.Seed = e.began.UTC(), time.Since(e.began).Nanoseconds(), e.seeds[0].String()
	return rep.Encode()
}

// keep stores the run's result.
func (e *execution) keep(raw []byte) error {
	seal(e.run)
	if err := e.run.Finish(raw); err != nil {
		return err
	}
	e.app.warnOfUsage(e.flags.dir)
	return nil
}

// saveFinished keeps what was finished before racebench itself failed. Nothing of it is printed: a
// result that is not whole must not look as if it were.
func (e *execution) saveFinished(sides [][]*result.Campaign) error {
	ran := func(c *result.Campaign) bool { return c.Trials.Run > 0 }
	if !slices.ContainsFunc(slices.Concat(sides...), ran) {
		_ = e.run.Remove() // a run that left nothing; its own error would hide the cause
		return nil
	}
	if _, err := e.store(sides); err != nil {
		return err
	}
	e.app.stderr.Sayf("racebench: what was finished is in %s\n", e.run.Result())
	return nil
}

// usageWarning is how large the directory of runs may be before it is mentioned.
const usageWarning = 1 << 30

func (a *app) warnOfUsage(dir string) {
	if size, err := rundir.Usage(dir); err == nil && size > usageWarning {
		a.stderr.Sayf("note: %s holds %.1f GiB; old runs in it can be deleted\n", dir, float64(size)/(1<<30))
	}
}
