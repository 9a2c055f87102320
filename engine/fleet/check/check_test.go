// Package check holds campaigns and workers to a NATS server. It is a module of its own, so that the server is in nobody's
// build but this one's.
package check

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/racebench/racebench/engine/fleet"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/queue"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets/all"
)

// limit is how long anything here may take that takes seconds: a busy machine does it in less.
const limit = 4 * time.Minute

// ackWait is how long the server waits for a sign of life here.
const ackWait = 2 * time.Second

// serve starts a server with JetStream in this process.
func serve(t *testing.T, change func(o *server.Options)) *server.Server {
	t.Helper()
	o := &server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true}
	if change != nil {
		change(o)
	}
	s, err := server.NewServer(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(limit) {
		t.Fatal("the server is not ready")
	}
	return s
}

func connect(t *testing.T, url string) *queue.Conn {
	t.Helper()
	c, err := queue.Connect(t.Context(), queue.Server{URL: url}, "check")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func config() trial.Config {
	return trial.Config{Catalog: all.Targets(), Build: "check", Keep: trial.KeepNone, Parallel: 1}
}

func program(t *testing.T, text string) trial.Program {
	t.Helper()
	s, problems := scenario.Parse("s.yaml", []byte(text), time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	p, errs := trial.Compile(s, all.Targets())
	if len(errs) > 0 {
		t.Fatal(&errs)
	}
	return p
}

const small = "name: small\ntarget: broker\nengine: sim\nvariants: [gate-only]\n"

func rows(t *testing.T, seed scenario.Seed, trials, width int, c trial.Config) []fleet.Row {
	t.Helper()
	return fleet.RowsOf([]trial.Program{program(t, small)}, []scenario.Seed{seed}, trials, width, time.Now(), c)
}

// gather starts a campaign. The channel has its end.
func gather(t *testing.T, ctx context.Context, url string, of []fleet.Row, failFast bool) (*fleet.Campaign, <-chan error) {
	t.Helper()
	c := &fleet.Campaign{
		Conn: connect(t, url), Rows: of, Sum: fleet.NewSum(of, failFast), Mine: func(int, int) bool { return false },
		Tell: func(text string) { t.Log(text) }, Show: func(fleet.View) {},
	}
	stop, err := c.Start(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	ended := make(chan error, 1)
	go func() { ended <- c.Collect(ctx) }()
	return c, ended
}

// await waits for the end of a campaign.
func await(t *testing.T, ended <-chan error) {
	t.Helper()
	select {
	case err := <-ended:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(limit):
		t.Fatal("the campaign does not end")
	}
}

// worker is one that plays what the rows' builds play.
func worker(t *testing.T, url, name string, prepare func(j fleet.Job, part int) (fleet.Play, error)) *fleet.Worker {
	t.Helper()
	return &fleet.Worker{
		Conn: connect(t, url), Name: name, Build: "check", Prepare: prepare, AckWait: ackWait,
		Tell: func(string) {}, Show: func(int, int) {},
	}
}

func player(t *testing.T) *fleet.Player {
	t.Helper()
	return &fleet.Player{Config: config(), Dir: t.TempDir(), AtOnce: func(scenario.Engine) int { return 1 }}
}

// run runs a worker until the test ends.
func run(t *testing.T, w *fleet.Worker) {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- w.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("worker %s: %v", w.Name, err)
		}
	})
}

// results are the rows of a sum as JSON, without what the clock measured.
func results(t *testing.T, s *fleet.Sum) string {
	t.Helper()
	r, err := s.Report("", config())
	if err != nil {
		t.Fatal(err)
	}
	for i := range r.Results {
		r.Results[i].ElapsedNS = 0
		if r.Results[i].Schedules != nil {
			r.Results[i].Schedules.PerSecond = 0
		}
	}
	raw, err := json.Marshal(r.Results)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// wantOf is what the same parts come to without a server.
func wantOf(t *testing.T, of []fleet.Row, play func(j fleet.Job, part int) (fleet.Play, error)) string {
	t.Helper()
	s := fleet.NewSum(of, false)
	for row, r := range of {
		for part := 1; s.Wants(row, part); part++ {
			ready, err := play(r.Job, part)
			if err != nil {
				t.Fatal(err)
			}
			one, err := ready(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Add(row, part, stored(t, one)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return results(t, s)
}

// stored is a result as it comes back from storage.
func stored(t *testing.T, r *result.Report) *result.Report {
	t.Helper()
	raw, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if r, err = result.DecodePart(raw); err != nil {
		t.Fatal(err)
	}
	return r
}

// A fake plays no schedules: its trials are made up from their numbers. It counts what was begun.
type fake struct {
	rows  []fleet.Row
	mu    sync.Mutex
	begun map[int]int // by part
}

func newFake(rows []fleet.Row) *fake { return &fake{rows: rows, begun: map[int]int{}} }

func (f *fake) begin(part int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.begun[part]++
}

// times is how often a part was begun.
func (f *fake) times(part int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.begun[part]
}

func (f *fake) prepare(j fleet.Job, part int) (fleet.Play, error) {
	return func(context.Context, func(trial.Progress)) (*result.Report, error) {
		f.begin(part)
		return f.made(j, part)
	}, nil
}

// made is the made-up result of a part.
func (f *fake) made(j fleet.Job, part int) (*result.Report, error) {
	of := f.rows[0]
	parts := (j.Trials + j.Width - 1) / j.Width
	h := result.Header{
		Scenario: of.Program.Scenario.Name, ScenarioHash: j.Hash, Target: of.Program.Target.Name, Variant: j.Variant, Engine: "sim", Seed: j.Seed,
		Shard: fmt.Sprintf("%d/%d", part, parts), ShardWidth: j.Width,
	}
	c := result.NewCampaign(h, result.Rules{})
	for i := (part - 1) * j.Width; i < min(part*j.Width, j.Trials); i++ {
		c.Trials.Planned++
		c.Add(result.Trial{
			Index: i, Seed: fmt.Sprint(j.Seed, "-", i), Verdict: result.Passed, AtRisk: []result.Risk{{Kind: "queued", Count: 1}},
			Schedule: &result.Schedule{Hash: uint64(i + 1), Steps: int64(i)},
		})
	}
	c.Finish()
	r, err := result.NewReport([]*result.Campaign{c})
	if err == nil {
		r.Tool.Build = j.Build
	}
	return r, err
}

// left is how many messages a stream has.
func left(t *testing.T, url, stream string) uint64 {
	t.Helper()
	s, err := connect(t, url).JS.Stream(t.Context(), stream)
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return info.State.Msgs
}

// Real schedules, three workers, a server: what one player finds.
func TestACampaignFindsWhatOnePlayerFinds(t *testing.T) {
	s := serve(t, nil)
	of := rows(t, 7, 300, 20, config())
	for i := range 3 {
		run(t, worker(t, s.ClientURL(), fmt.Sprint("w", i), player(t).Prepare))
	}
	c, ended := gather(t, t.Context(), s.ClientURL(), of, false)
	await(t, ended)
	if got, want := results(t, c.Sum), wantOf(t, of, player(t).Prepare); got != want {
		t.Errorf("workers found\n%.2000s\nand one player\n%.2000s", got, want)
	}
}

// storm has workers play many parts and kills some of them at random moments: their connections close, and they neither
// acknowledge nor give back what they have.
func storm(t *testing.T, parts, workers, killed int) {
	s := serve(t, nil)
	of := rows(t, 1, parts, 1, config())
	f := newFake(of)
	chance := rand.New(rand.NewPCG(1, 2))
	doomed := map[int]bool{} // parts at which a worker dies
	for len(doomed) < killed {
		doomed[1+chance.IntN(parts)] = true
	}
	var mu sync.Mutex
	for i := range workers {
		w := worker(t, s.ClientURL(), fmt.Sprint("w", i), nil)
		ctx, kill := context.WithCancel(context.Background())
		w.Prepare = func(j fleet.Job, part int) (fleet.Play, error) {
			return func(ctx context.Context, _ func(trial.Progress)) (*result.Report, error) {
				f.begin(part)
				mu.Lock()
				dies := doomed[part]
				delete(doomed, part)
				mu.Unlock()
				if dies { // as SIGKILL: nothing leaves it from here on
					w.Conn.Close()
					kill()
					return nil, ctx.Err()
				}
				return f.made(j, part)
			}, nil
		}
		ended := make(chan struct{})
		go func() { defer close(ended); _ = w.Run(ctx) }()
		t.Cleanup(func() { kill(); <-ended })
	}
	c, ended := gather(t, t.Context(), s.ClientURL(), of, false)
	await(t, ended)
	again := 0
	for part := 1; part <= parts; part++ {
		if f.times(part) == 0 {
			t.Errorf("part %d was never begun", part)
		}
		again += f.times(part) - 1
	}
	if again < killed {
		t.Errorf("%d parts were begun again, and %d workers were killed in one", again, killed)
	}
	if got, want := results(t, c.Sum), wantOf(t, of, f.prepare); got != want {
		t.Errorf("the storm came to\n%.2000s\nand not to\n%.2000s", got, want)
	}
	n := c.Sum.Count()
	if n.Parts != parts || n.Trials != parts || n.Lost != 0 {
		t.Errorf("%+v: not all parts, each once", n)
	}
	if n := left(t, s.ClientURL(), "RACEBENCH_WORK"); n != 0 {
		t.Errorf("%d parts are left in the queue", n)
	}
}

func TestWorkersAreKilled(t *testing.T) { storm(t, 1000, 20, 6) }

// A part that is in the queue again after it was done is not played, and a result that comes twice counts once.
func TestAPartThatComesAgainCountsOnce(t *testing.T) {
	s := serve(t, nil)
	of := rows(t, 1, 20, 1, config())
	f := newFake(of)
	c, ended := gather(t, t.Context(), s.ClientURL(), of, false)
	conn := connect(t, s.ClientURL())
	// Before anybody works: the items, and the first of them done by one who does not acknowledge it.
	consumer, err := conn.JS.CreateOrUpdateConsumer(t.Context(), "RACEBENCH_WORK", jetstream.ConsumerConfig{
		Durable: openConsumer(t, conn), FilterSubject: openSubject(t, conn), AckPolicy: jetstream.AckExplicitPolicy, AckWait: ackWait, MaxDeliver: -1, MaxAckPending: -1,
	})
	if err != nil {
		t.Fatal(err)
	}
	batch, err := consumer.Fetch(1)
	if err != nil {
		t.Fatal(err)
	}
	var item struct {
		Campaign string
		Part     int
	}
	for m := range batch.Messages() {
		if err := json.Unmarshal(m.Data(), &item); err != nil {
			t.Fatal(err)
		}
	}
	r, err := f.made(of[0].Job, item.Part)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Sum.Add(0, item.Part, stored(t, r)); err != nil {
		t.Fatal(err)
	}
	run(t, worker(t, s.ClientURL(), "w", f.prepare))
	await(t, ended)
	if err := c.Sum.Add(0, item.Part, stored(t, r)); err != nil {
		t.Fatal(err)
	}
	if n := c.Sum.Count(); n.Trials != 20 {
		t.Errorf("%d trials of 20", n.Trials)
	}
	if f.times(item.Part) != 0 {
		t.Error("a part that was done was played again")
	}
}

// openConsumer and openSubject are what a worker of the build uses: one makes the consumer, as any worker does first.
func openConsumer(t *testing.T, c *queue.Conn) string { return "open-" + buildOf(t, c) }

func openSubject(t *testing.T, c *queue.Conn) string {
	return "racebench.work." + buildOf(t, c) + ".open.>"
}

// buildOf reads the build's word off an item's subject.
func buildOf(t *testing.T, c *queue.Conn) string {
	t.Helper()
	s, err := c.JS.Stream(t.Context(), "RACEBENCH_WORK")
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context(), jetstream.WithSubjectFilter("racebench.work.>"))
	if err != nil {
		t.Fatal(err)
	}
	for subject := range info.State.Subjects {
		var build string
		if _, err := fmt.Sscanf(subject, "racebench.work.%12s", &build); err == nil {
			return build
		}
	}
	t.Fatal("nothing is in the queue")
	return ""
}

// Two campaigns on one server share the workers and nothing else.
func TestTwoCampaignsDoNotMix(t *testing.T) {
	s := serve(t, nil)
	one, two := rows(t, 1, 120, 20, config()), rows(t, 2, 120, 20, config())
	for i := range 2 {
		run(t, worker(t, s.ClientURL(), fmt.Sprint("w", i), player(t).Prepare))
	}
	a, aEnded := gather(t, t.Context(), s.ClientURL(), one, false)
	b, bEnded := gather(t, t.Context(), s.ClientURL(), two, false)
	await(t, aEnded)
	await(t, bEnded)
	for of, c := range map[*fleet.Campaign][]fleet.Row{a: one, b: two} {
		if got, want := results(t, of.Sum), wantOf(t, c, player(t).Prepare); got != want {
			t.Errorf("seed %s: two campaigns at once came to\n%.1000s\nand not to\n%.1000s", c[0].Job.Seed, got, want)
		}
	}
}

// Items and jobs of a hostile sender are refused, counted and acknowledged; the worker goes on.
func TestHostileItems(t *testing.T) {
	s := serve(t, func(o *server.Options) { o.MaxPayload = 32 << 20 })
	of := rows(t, 1, 60, 20, config())
	w := worker(t, s.ClientURL(), "w", player(t).Prepare)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	c, ended := gather(t, ctx, s.ClientURL(), of, false)
	conn := connect(t, s.ClientURL())
	build := buildOf(t, conn)
	jobs, err := conn.Bucket(ctx, "racebench-jobs", true, 1)
	if err != nil {
		t.Fatal(err)
	}
	const campaign = "00112233445566ff"
	hostile := 0
	put := func(data []byte) {
		hostile++
		subject := fmt.Sprintf("racebench.work.%s.open.%s.0.%d", build, campaign, hostile)
		if _, err := conn.JS.PublishMsg(ctx, &nats.Msg{Subject: subject, Data: data}); err != nil {
			t.Fatal(err)
		}
	}
	item := func(job string) []byte {
		return fmt.Appendf(nil, `{"campaign":%q,"job":%q,"row":0,"part":%d}`, campaign, job, hostile+1)
	}
	put([]byte("\x00\x01\x02"))
	put([]byte(`{"command":["sh","-c","touch owned"]}`))
	put(item("../../../../etc/passwd"))
	put(item(fmt.Sprintf("%064x", 1))) // a job that is not there
	large := fmt.Sprintf("%064x", 2)
	if err := jobs.Put(ctx, large, make([]byte, 24<<20)); err != nil {
		t.Fatal(err)
	}
	put(item(large))
	command := fmt.Sprintf("%064x", 3)
	if err := jobs.Put(ctx, command, []byte(`{"format":"racebench.job/v1","scenario":"name: x\ntarget: external\nexternal: {command: [touch, owned]}\n"}`)); err != nil {
		t.Fatal(err)
	}
	put(item(command)) // and by a hash that is not its own
	run(t, w)
	await(t, ended)
	deadline := time.Now().Add(limit)
	for left(t, s.ClientURL(), "RACEBENCH_WORK") > 0 {
		if time.Now().After(deadline) {
			t.Fatalf("hostile items are still in the queue; %d of %d refused", w.Refused(), hostile)
		}
	}
	if got, want := results(t, c.Sum), wantOf(t, of, player(t).Prepare); got != want {
		t.Error("hostile items have changed what the campaign comes to")
	}
	stop()
	if w.Refused() != hostile {
		t.Errorf("%d of %d hostile items were counted", w.Refused(), hostile)
	}
}
