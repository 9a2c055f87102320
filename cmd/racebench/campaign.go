package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/fleet"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/corpus"
	"github.com/racebench/racebench/internal/queue"
	"github.com/racebench/racebench/scenario"
)

// campaignFlags are those of racebench campaign alone.
type campaignFlags struct {
	at       natsFlags
	each     int
	replicas int
}

func (a *app) campaignCommand() *cobra.Command {
	f := newRunFlags()
	var own campaignFlags
	cmd := &cobra.Command{
		Use:   "campaign --nats URL [SCENARIO.yaml | TARGET[/VARIANT]]...",
		Short: "Search as fuzz does, over workers on NATS JetStream",
		Long: `Search as racebench fuzz does, with the workers of a NATS server (racebench worker). The search is
cut into parts. Each is played by whichever worker takes it, and played again where that
worker dies. The result is what racebench fuzz would have stored with the same seed and number of
trials, but for times: no trial is lost, and none counts twice.

What failed is played again here, made small and told, and its schedules go into the object
store racebench-corpus (racebench corpus pull nats://...). A program outside of racebench is started by
workers whose owners have named a folder with its scenario (--allow DIR).

Ctrl-C and --timeout write what is there. What is missing then is named, and the verdict is
not passed. One machine needs none of this: racebench fuzz uses all its cores.`,
		Example: `  racebench campaign --nats nats://127.0.0.1:4222 broker/gate-only --trials 1000000 --seed 7
  racebench campaign --nats tls://nats.example --creds me.creds .racebench/orders.yaml --fail-fast`,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("racebench campaign needs a scenario or a target: see racebench campaign --help")
			}
			if f.corpus == "" && exists(defaultCorpus) {
				f.corpus = defaultCorpus
			}
			programs, err := a.campaignPrograms(args, &f, own)
			if err != nil {
				return err
			}
			rep, err := a.runCampaign(cmd.Context(), programs, f, own)
			if err != nil {
				return err
			}
			return a.finish(rep, f)
		},
	}
	fs := cmd.Flags()
	f.set = fs
	own.at.register(fs)
	fs.IntVar(&own.each, "each", 0, "`N` trials in a part (default: a thousandth of all, from 80 to 2000 in engine sim, from 1 to 10 else)")
	fs.IntVar(&own.replicas, "replicas", 1, "of a cluster: `N` servers keep the queue, where it is not there yet")
	f.registerSeed(fs)
	f.registerTrials(fs)
	f.registerKeep(fs)
	fs.Var(choice{&f.engine, []string{string(scenario.Real), string(scenario.Sim)}}, "engine", "the world that trials run in (default: the scenario's, else sim; external programs: real)")
	fs.StringArrayVar(&f.variants, "variant", nil, "only the variant `NAME` (may be repeated)")
	fs.BoolVar(&f.fixed, "fixed", false, "play the one small world of the scenario or the target, and draw none")
	fs.BoolVar(&f.vary, "vary", false, "draw worlds around those of files, too")
	fs.BoolVar(&f.verify, "verify", false, "play every schedule twice; one that comes out otherwise is void")
	fs.StringVar(&f.corpus, "corpus", "", "failing schedules are kept in `DIR` and run first the next time (default "+defaultCorpus+", where it exists)")
	f.registerProgress(fs)
	f.registerDir(fs)
	f.registerOutput(fs)
	return cmd
}

// campaignPrograms are the programs of a campaign's arguments, as fuzz means them.
func (a *app) campaignPrograms(args []string, f *runFlags, own campaignFlags) ([]trial.Program, error) {
	if own.each < 0 || own.each > scenario.MaxTrials || own.replicas < 1 || own.replicas > 5 {
		return nil, usagef("--each is from 1 to %d, and --replicas from 1 to 5", scenario.MaxTrials)
	}
	if i := slices.IndexFunc(args, func(arg string) bool { return !a.isTarget(arg) && holds(arg, "*_test.go") && !holds(arg, "*.yaml") }); i >= 0 {
		return nil, usagef("%s is a Go package, whose tests no worker plays: racebench fuzz %[1]s plays them here", args[i])
	}
	programs, err := a.programs(args, *f, scenario.Sim)
	if err == nil {
		err = a.searched(programs, args, f)
	}
	if err == nil {
		err = noPlain(programs, "there is nothing to search in it: use racebench run")
	}
	if err == nil {
		err = oneEngine(programs)
	}
	for _, p := range programs {
		if err == nil && p.Attached() {
			err = usagef("%s attaches to a process of this machine, and a worker has none: use racebench run", p.Scenario.Name)
		}
	}
	return programs, err
}

// runCampaign has the programs played by workers, and returns the sum.
func (a *app) runCampaign(ctx context.Context, programs []trial.Program, f runFlags, own campaignFlags) (*result.Report, error) {
	conn, err := own.at.connect(ctx, "campaign", "racebench campaign")
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	f.parallel = f.atOnce(programs[0].Scenario.Engine)
	ctx, e, err := a.execute(ctx, programs, f)
	if err != nil {
		return nil, err
	}
	g := &gathering{app: a, e: e, flags: f, own: own, conn: conn, config: trial.Config{
		Catalog: a.catalog, Build: toolInfo().Build, Keep: keepOf(f.keep), Parallel: f.parallel, FailFast: f.failFast, Corpus: f.corpus, Verify: f.verify,
	}}
	g.rows = fleet.RowsOf(programs, e.seeds, f.trials, own.each, e.began, g.config)
	g.sum, g.kept = fleet.NewSum(g.rows, f.failFast), make([][]search.Failure, len(g.rows))
	rep, err := g.gather(ctx)
	if err := e.end(ctx, nil, err); err != nil {
		return nil, err
	}
	raw, err := e.encode(rep)
	if err == nil {
		err = e.keep(raw)
	}
	return rep, err
}

// A gathering is a campaign as this command runs it.
type gathering struct {
	app    *app
	e      *execution
	flags  runFlags
	own    campaignFlags
	conn   *queue.Conn
	config trial.Config
	rows   []fleet.Row
	sum    *fleet.Sum
	kept   [][]search.Failure // by row: what its first part showed
}

// gather has the parts played, adds them up, and keeps what they found.
func (g *gathering) gather(ctx context.Context) (*result.Report, error) {
	ended, err := g.play(ctx)
	if err != nil {
		return nil, err
	}
	rep, err := g.sum.Report(ended, g.config)
	if err != nil {
		return nil, err
	}
	if err := g.keepFound(ctx, rep); err != nil {
		return nil, err
	}
	stamp(rep, g.app.args)
	return rep, nil
}

// play has the parts played until all are here, or ctx ends. Ended says what ended it before.
func (g *gathering) play(ctx context.Context) (ended string, err error) {
	sim := g.rows[0].Program.Scenario.Engine == scenario.Sim
	c := &fleet.Campaign{
		Conn: g.conn, Rows: g.rows, Sum: g.sum, Replicas: g.own.replicas,
		Mine: func(_, part int) bool { return sim && part == 1 },
		Tell: func(text string) { erase(g.app.stderr); g.app.stderr.Sayf("racebench: %s\n", text) },
		Show: func(v fleet.View) { g.e.progress.tell(campaignLine(v, sim)) },
	}
	stop, err := c.Start(ctx)
	if refusal, ok := errors.AsType[fleet.Refusal](err); ok {
		return "", usageError{refusal}
	}
	if err != nil {
		return endedBy(ctx), unlessOver(ctx, err)
	}
	defer stop()
	if n := g.sum.Count().Of; n > len(g.rows) || !sim {
		g.app.stderr.Sayf("racebench: %d parts; to work for it: %s worker --nats %s\n", n, me(), g.own.at.server.Plain())
	}
	within, cancel := context.WithCancel(ctx)
	defer cancel()
	var own sync.WaitGroup
	var ownErr error
	if sim {
		own.Go(func() {
			if ownErr = g.playFirst(within, c); ownErr != nil && within.Err() == nil {
				cancel()
			}
		})
	}
	err = c.Collect(within)
	cut := ctx.Err() != nil
	if !cut && g.sum.Complete() {
		cancel() // after a finding with --fail-fast nothing else counts
	}
	own.Wait()
	if ownErr != nil && !errors.Is(ownErr, context.Canceled) && !errors.Is(ownErr, context.DeadlineExceeded) {
		return "", ownErr
	}
	switch {
	case cut:
		return endedBy(ctx), nil
	case err != nil:
		return "", err
	case g.sum.Count().Lost > 0:
		return batch.EndedByLoss, nil
	}
	return "", nil
}

// endedBy says how a context ended.
func endedBy(ctx context.Context) string {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return batch.EndedByTimeout
	}
	return batch.EndedByInterrupt
}

// unlessOver is an error, unless the context had ended.
func unlessOver(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// playFirst plays the first part of each row here, for the kept schedules are here.
func (g *gathering) playFirst(ctx context.Context, c *fleet.Campaign) error {
	for i, row := range g.rows {
		if !g.sum.Wants(i, 1) {
			return nil // a finding has ended the campaign
		}
		r, kept, err := fleet.PlayFirst(ctx, row, g.config)
		if err != nil {
			return err
		}
		r.Machine = machineInfo()
		g.kept[i] = kept
		if err := g.sum.Add(i, 1, r); err != nil {
			return err
		}
		c.Added()
	}
	return nil
}

// keepFound makes small, tells and keeps what the parts of simulated rows found, here and in the object store.
func (g *gathering) keepFound(ctx context.Context, rep *result.Report) error {
	var found []search.Merged
	for i := range rep.Results {
		row, of := &rep.Results[i], g.rows[i]
		if of.Program.Scenario.Engine != scenario.Sim {
			continue
		}
		if note := unreached(of.Program, of.Variant, row); note != "" && row.Parts == nil {
			row.Notes = append(row.Notes, note)
		}
		found = append(found, search.Merged{Program: of.Program, Variant: of.Variant, Seed: of.Seed, Row: row, Kept: g.kept[i]})
	}
	if len(found) == 0 {
		return nil
	}
	c := g.config
	c.Progress = g.e.progress.note
	if c.Corpus == "" {
		dir, err := os.MkdirTemp("", "racebench-corpus-")
		if err != nil {
			return fmt.Errorf("make a folder for failing schedules: %w", err)
		}
		defer os.RemoveAll(dir)
		c.Corpus = dir
	}
	if err := search.KeepMerged(ctx, found, batch.Budget{}, c, g.e.run); err != nil {
		return err
	}
	return g.push(c.Corpus)
}

// push puts the kept schedules into the object store. A server that has gone meanwhile is told of: they are in the run all
// the same.
func (g *gathering) push(dir string) error {
	from, err := corpus.At(dir, "", queue.Server{})
	if err != nil || !exists(dir) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	entries, err := from.Read(ctx)
	if err == nil && len(entries) > 0 {
		var to corpus.Place
		if to, err = corpus.At(g.own.at.server.URL, "", g.own.at.server); err == nil {
			_, err = to.Add(ctx, entries)
		}
	}
	if err != nil {
		g.app.stderr.Sayf("racebench: the failing schedules are not in the object store: %v\n", err)
	}
	return nil
}

// campaignLine is where a campaign stands, in one line.
func campaignLine(v fleet.View, sim bool) string {
	what := "trials"
	if sim {
		what = "schedules"
	}
	line := fmt.Sprintf("%d of %d parts, %d %s, %.0f/s, %s, %d with a breach", v.Parts, v.Of, v.Trials, what, v.PerSecond, workersLine(v.Workers), v.Breached)
	if v.Refused > 0 {
		line += fmt.Sprintf(", %d refused", v.Refused)
	}
	for i, c := range v.Classes {
		if i == classesShown {
			return line + fmt.Sprintf("; and %d more", len(v.Classes)-i)
		}
		line += fmt.Sprintf("; %s %d", c.Class, c.Trials)
	}
	return line
}

func workersLine(n int) string {
	return cmp.Or(map[int]string{0: "no worker", 1: "1 worker"}[n], fmt.Sprintf("%d workers", n))
}
