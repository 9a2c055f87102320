package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/loadgen"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/scenario"
)

func (a *app) loadCommand() *cobra.Command {
	f := newRunFlags()
	w := newLoadFlags(a.files)
	cmd := &cobra.Command{
		Use:   "load [flags] URL...",
		Short: "Plain load on a server that runs already: latency, errors, thresholds",
		Long: `Send requests to a server and measure. Nothing is started and no signal is sent. With
--clients the load is closed: each client awaits its answer. With --rate or --stages it is
open: a schedule says when requests start, and latency runs from then. The URLs are
of one server; each client sends them in turns.

Errors are counted and named, and fail nothing but a --threshold. Only this machine is
loaded, unless --allow-remote names another.

Exit status: 0 ran, 1 a threshold was missed, 2 a usage error, 3 nothing was accepted,
4 racebench itself failed, 130 or 143 interrupted: what was measured is written first.`,
		Example: `  racebench load --clients 64 --for 10s http://127.0.0.1:8080/
  racebench load --rate 5000/s --threshold 'p99 < 25ms' http://127.0.0.1:8080/
  racebench load --stages 10s@100/s,1m@100/s..2000/s --until 'p99 > 50ms' http://127.0.0.1:8080/
  racebench load --find-max 'p99 < 25ms' http://127.0.0.1:8080/`,
		RunE: func(cmd *cobra.Command, args []string) error {
			rep, err := a.offer(cmd.Context(), args, w, f)
			if err != nil {
				return err
			}
			return a.finish(rep, f)
		},
	}
	f.set = cmd.Flags()
	groupFlags(cmd, w.groups(&f)...)
	return cmd
}

// offer runs the load and returns its report, also when it was interrupted.
func (a *app) offer(ctx context.Context, args []string, w *loadFlags, f runFlags) (*result.Report, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	seed := scenario.NewSeed()
	if f.seed != "" {
		seed, _ = scenario.ParseSeed(f.seed) // checked
	}
	p, err := w.plain(ctx, args, &f, seed)
	if err != nil {
		return nil, err
	}
	o := offering{flags: w, plain: p}
	for _, bound := range []struct {
		flag, text string
		to         **scenario.Threshold
	}{{"--until", w.until, &o.until}, {"--find-max", w.findMax, &o.bound}} {
		if bound.text != "" {
			t, err := parseBound(bound.flag, bound.text)
			if err != nil {
				return nil, err
			}
			*bound.to = &t
		}
	}
	switch {
	case o.until != nil && o.bound != nil:
		return nil, usagef("--until and --find-max exclude each other: one ends a load, the other looks for a rate")
	case o.bound != nil && f.given("record"):
		return nil, usagef("--record is of one load: --find-max offers many")
	}
	withoutSecrets(a.args) // they are known before a server can repeat them
	e := &execution{app: a, flags: f, began: time.Now(), cancel: func() {}, seeds: []scenario.Seed{seed}}
	if e.run, err = a.newRun(f.dir, e.began); err != nil {
		return nil, usageError{err}
	}
	if o.bound == nil {
		o.plain.Load.Record = loadgen.Recording{What: w.record, Path: e.run.Requests()}
	}
	o.progress = a.newProgress(f)
	e.progress = o.progress
	fold, err := o.run(ctx)
	folds := [][]*result.Campaign{{}}
	if fold != nil {
		folds[0] = append(folds[0], fold)
	}
	if err := e.end(ctx, folds, err); err != nil {
		return nil, err
	}
	reports, err := e.store(folds)
	if err != nil {
		return nil, err
	}
	return reports[0], nil
}

// An offering is a load that is under way.
type offering struct {
	flags    *loadFlags
	plain    engine.Plain
	until    *scenario.Threshold // ends it
	bound    *scenario.Threshold // what the highest rate must hold
	progress *progress
	step     string // what is being tried, for who watches
}

func (o *offering) run(ctx context.Context) (*result.Campaign, error) {
	if o.bound != nil {
		return o.findMax(ctx)
	}
	return o.once(ctx, o.plain)
}

// once runs a load to its end, or until its bound.
func (o *offering) once(ctx context.Context, p engine.Plain) (*result.Campaign, error) {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	reached := ""
	p.Load.Tick = func(now loadgen.Tick) {
		o.progress.tell(o.step + tickLine(now))
		if v, ok := o.valueOf(now); ok && reached == "" && o.until.Holds(v) {
			reached = fmt.Sprintf("ended by --until %s after %s", o.flags.until, now.At.Round(time.Second))
			cancel()
		}
	}
	fold, err := p.Run(inner)
	if fold != nil && reached != "" {
		fold.Note(reached)
	}
	return fold, errors.Join(err, ctx.Err())
}

// valueOf is what the bound of --until is about, in the last second; false where there is none.
func (o *offering) valueOf(now loadgen.Tick) (float64, bool) {
	if o.until == nil || now.Took <= 0 {
		return 0, false
	}
	switch fn := o.until.Metric.Func; fn {
	case "rate":
		return float64(now.Done) / now.Took.Seconds(), true
	case "late":
		return 0, false
	case "errors":
		if o.until.Unit == scenario.Share {
			return float64(now.Failed) / float64(max(1, now.Failed+now.Done)), now.Failed+now.Done > 0
		}
		return float64(now.Failed), true
	default:
		return result.LatencyOf(now.Latency, fn), now.Done > 0
	}
}

// findMax looks for the highest rate that holds the bound. The result is that of the highest that did, or of the
// lowest that was tried.
func (o *offering) findMax(ctx context.Context) (*result.Campaign, error) {
	first := o.plain.Load.Groups[0].Schedule.Peak()
	found := result.RowLoad{Bound: o.flags.findMax}
	var best *result.Campaign
	rate, err := loadgen.Highest(first, maxTries, func(rate float64) (bool, error) {
		o.step = fmt.Sprintf("trying %.0f/s: ", rate)
		p := o.plain
		p.Load.Groups = slices.Clone(p.Load.Groups)
		p.Load.Groups[0].Schedule = o.flags.even(rate, p.Load.For, o.flags.arrivals == arrivals[1])
		fold, err := o.once(ctx, p)
		if err != nil {
			return false, err
		}
		step := stepOf(fold, rate, *o.bound)
		found.Curve = append(found.Curve, step)
		if step.Holds || best == nil {
			best = fold
		}
		return step.Holds, nil
	})
	if best != nil {
		slices.SortFunc(found.Curve, func(a, b result.LoadStep) int { return cmp.Compare(a.Rate, b.Rate) })
		found.Rate = rate
		best.Load = &found
	}
	return best, err
}

// maxTries is how many rates are tried at most.
const maxTries = 24

// kept is the share of the rate asked for that must have been accepted: a rate that is not reached does not hold.
const keptRate = 0.95

// stepOf is what one rate came to.
func stepOf(c *result.Campaign, rate float64, bound scenario.Threshold) result.LoadStep {
	s := result.LoadStep{Rate: rate}
	for _, t := range c.Throughput {
		s.PerSecond += t.PerSecond
		s.Errors += t.Refused + t.Unknown
		s.Unsent += t.Unsent
	}
	for _, l := range c.Latency {
		s.P50NS, s.P99NS = l.Hist.ValueAtQuantile(50), l.Hist.ValueAtQuantile(99)
	}
	v, ok := c.Measure(bound.Metric.Func, bound.Metric.Name, string(bound.Unit))
	s.Holds = ok && bound.Holds(v) && s.Unsent == 0 && s.PerSecond >= keptRate*rate
	return s
}

// tickLine is what a watching person is told of the last second.
func tickLine(now loadgen.Tick) string {
	parts := []string{fmt.Sprintf("%.0f/s", float64(now.Done)/max(now.Took.Seconds(), 1e-3))}
	if now.Done > 0 {
		parts = append(parts,
			"p50 "+short(now.Latency.ValueAtQuantile(50)), "p99 "+short(now.Latency.ValueAtQuantile(99)))
	}
	for _, s := range now.Statuses() {
		if s.Status >= 400 {
			parts = append(parts, fmt.Sprintf("%d: %d", s.Status, s.Count))
		}
	}
	for _, f := range now.Failures() {
		parts = append(parts, fmt.Sprintf("%s: %d", f.Class, f.Count))
	}
	return strings.Join(append(parts, fmt.Sprintf("%d in flight", now.InFlight())), ", ")
}

// short is a time of three digits.
func short(ns int64) string {
	d := time.Duration(ns)
	for unit := time.Nanosecond; ; unit *= 10 {
		if d < 1000*unit {
			return d.Round(unit).String()
		}
	}
}
