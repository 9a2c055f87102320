package external

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
	"github.com/racebench/racebench/targets"
)

// A queuePlace is where jobs are in a queue: its kind, such as list, and its name.
type queuePlace struct{ kind, name string }

// String names the place as scenarios do.
func (p queuePlace) String() string { return p.kind + " " + p.name }

// A queueKind is one kind of queue: the scheme of its URL, and the kinds of places that it has.
type queueKind struct {
	scheme            string
	push, done, holds []string
	counts            []string // those of done in which a job that was done twice is there twice
	open              func(s *instance, g group) (jobQueue, error)
}

// queueKinds is the table of queues.
var queueKinds = []queueKind{{
	scheme: "redis", push: []string{"list", "stream"}, holds: []string{"list", "set", "zset", "hash", "stream"},
	done: []string{"set", "key", "list", "zset", "hash", "stream"}, counts: []string{"key", "list", "stream"}, open: openRedisQueue,
}}

// A jobQueue takes jobs, and tells where they are.
type jobQueue interface {
	// push returns nil once the queue has taken a job. errRefused says that it has not; after any other error nobody knows.
	push(id, body string) error
	// look says where jobs are. A job is looked for where it waits first, then where it is held, then where it is done: one
	// that goes on meanwhile is not missed.
	look(jobs []job) (sighting, error)
	close()
}

// A job was accepted by a queue, and must be done, or still queued.
type job struct {
	msg ledger.MsgID
	id  string
}

// A sighting is where jobs were seen, by their ids.
type sighting struct {
	waiting map[string]bool // where they are pushed
	held    map[string]bool // elsewhere, and not done
	done    map[string]int  // how often
}

func newSighting() sighting { return sighting{map[string]bool{}, map[string]bool{}, map[string]int{}} }

// queued says whether a job is still to be done.
func (v sighting) queued(id string) bool { return v.waiting[id] || v.held[id] }

// jobID finds the ids of jobs in whatever a queue holds: envelopes are the program's own business.
var jobID = regexp.MustCompile(`racebench-[0-9a-z]+-[0-9]+-[0-9]+`)

// see notes the jobs that a text names, each once.
func see(in map[string]bool, text string) {
	for _, id := range jobID.FindAllString(text, -1) {
		in[id] = true
	}
}

// defaultSettle is how long a job may be nowhere before it is lost.
const defaultSettle = 20 * time.Second

// jobWords are the words of a load group of jobs.
var jobWords = []clientWord{
	{
		schema.Word{Name: "queue", Form: schema.Text(), Help: "of a jobs client: where jobs are pushed, such as redis://127.0.0.1:{redis}/0"},
		single(func(g *group, v spec.Value, _ *spec.Errors) { g.queue = v.Text }),
	},
	{
		schema.Word{Name: "push", Form: schema.Text(), Help: "of a jobs client: the place that jobs are pushed to, such as list jobs"},
		single(func(g *group, v spec.Value, errs *spec.Errors) { g.push = readPlace(v, errs) }),
	},
	{
		schema.Word{Name: "done", Form: schema.Text(), Help: "of a jobs client: where a job is found that is done, such as set done or key done:{id}"},
		single(func(g *group, v spec.Value, errs *spec.Errors) { g.done = readPlace(v, errs) }),
	},
	{
		schema.Word{Name: "held", Form: schema.List(schema.Text()), Help: "of a jobs client: other places of a job that is not done"},
		func(g *group, v spec.Value, errs *spec.Errors) {
			if v.Kind != spec.List {
				errs.Addf(v, "held is a list of places, such as [list processing]")
			}
			for _, item := range v.Items {
				g.held = append(g.held, readPlace(item, errs))
			}
		},
	},
	{
		schema.Word{Name: "settle", Form: schema.Duration(), Help: "of a jobs client: how long an accepted job may be nowhere, after the restart, before it is lost; default: 20s", Unit: true, Default: "20s"},
		single(func(g *group, v spec.Value, errs *spec.Errors) {
			d, err := spec.Duration(v)
			errs.Add(err)
			if err == nil && (d <= 0 || d > time.Hour) {
				errs.Addf(v, "settle is more than nothing and at most 1h: write it such as 20s")
			}
			g.settle = d
		}),
	},
	{
		schema.Word{Name: "once", Form: schema.Bool(), Help: "of a jobs client: a job that is done twice fails; default: it only warns"},
		single(func(g *group, v spec.Value, errs *spec.Errors) { g.once = readBool(v, errs) }),
	},
}

// jobFields are the words that a client of jobs takes.
var jobFields = []string{"queue", "push", "body", "done", "held", "settle", "once"}

func readPlace(v spec.Value, errs *spec.Errors) queuePlace {
	kind, name, _ := strings.Cut(strings.TrimSpace(v.Text), " ")
	if v.Kind != spec.Scalar || strings.TrimSpace(name) == "" {
		errs.Addf(v, "a place of jobs is a kind and a name, such as list jobs")
	}
	return queuePlace{kind, strings.TrimSpace(name)}
}

// checkJobs looks at what a group of jobs says as a whole.
func (g *group) checkJobs(at spec.Value, services []serviceConfig, errs *spec.Errors) {
	if g.queue == "" || g.push.kind == "" || g.done.kind == "" {
		errs.Addf(at, `client jobs needs queue, push and done, such as queue: "redis://127.0.0.1:{redis}/0", push: list jobs, done: set done`)
		return
	}
	if g.body = cmp.Or(g.body, idWord); !strings.Contains(g.body, idWord) {
		errs.Addf(at, "body has no %s, so that no job could be told from another", idWord)
	}
	text := g.queue
	for _, c := range services {
		text = strings.ReplaceAll(text, c.word(), "1")
	}
	u, err := url.Parse(strings.ReplaceAll(text, portWord, "1"))
	if err != nil || u.Hostname() == "" {
		errs.Addf(at, "queue %s is not an address such as redis://127.0.0.1:6379/0; a name in braces is one of services", g.queue)
		return
	}
	i := slices.IndexFunc(queueKinds, func(k queueKind) bool { return k.scheme == u.Scheme })
	if i < 0 {
		var known []string
		for _, k := range queueKinds {
			known = append(known, k.scheme+"://")
		}
		errs.Addf(at, "queue %s: jobs are pushed to %s; for any other queue write an adapter, client: write-stdio", g.queue, strings.Join(known, ", "))
		return
	}
	g.kindOfQueue = queueKinds[i]
	g.checkPlaces(at, errs)
}

// checkPlaces looks at the places of a group of jobs.
func (g *group) checkPlaces(at spec.Value, errs *spec.Errors) {
	k := g.kindOfQueue
	check := func(word string, p queuePlace, kinds []string) {
		switch hasID := strings.Contains(p.name, idWord); {
		case !slices.Contains(kinds, p.kind):
			errs.Addf(at, "%s: %s: a place of %s is of kind %s", word, p, k.scheme, strings.Join(kinds, ", "))
		case p.kind == "key" && !hasID:
			errs.Addf(at, "%s: %s: a key has %s in its name, one for each job", word, p, idWord)
		case p.kind != "key" && hasID:
			errs.Addf(at, "%s: %s: only a key has %s in its name", word, p, idWord)
		}
	}
	check("push", g.push, k.push)
	check("done", g.done, k.done)
	for _, p := range g.held {
		check("held", p, k.holds)
	}
	if g.once && !slices.Contains(k.counts, g.done.kind) {
		errs.Addf(at, "once: in a %s a job that is done twice is there once: let the program count it in a place of kind %s", g.done.kind, strings.Join(k.counts, ", "))
	}
	g.settle = cmp.Or(g.settle, defaultSettle)
}

// Settles is how long a job may be nowhere; 0 for a group that has none.
func (g group) Settles() time.Duration { return g.settle }

// A board is what a group of clients has pushed.
type board struct {
	name string
	g    group
	jobs []job
}

// keepJob remembers a job that was accepted.
func (s *instance) keepJob(name string, g group, j job) {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.boards, func(b *board) bool { return b.name == name })
	if i < 0 {
		i = len(s.boards)
		s.boards = append(s.boards, &board{name: name, g: g})
	}
	s.boards[i].jobs = append(s.boards[i].jobs, j)
}

// A jobber is a client that pushes jobs.
type jobber struct {
	d *dialer
	q jobQueue // nil: it was lost
}

// dialJobs makes a client. It connects at once, so that what is wrong with the queue is told before the load begins.
func dialJobs(d *dialer) (client, error) {
	c := &jobber{d: d}
	var err error
	d.t.Blocking(d.object, func() { c.q, err = d.g.kindOfQueue.open(d.s, d.g) })
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Do implements targets.Client.
func (c *jobber) Do(t *world.Task, m targets.Message) (reply targets.Reply) {
	t.Blocking(c.d.object, func() { reply = c.push(m.ID) })
	return reply
}

func (c *jobber) push(m ledger.MsgID) targets.Reply {
	s := c.d.s
	s.requests.Add(1)
	defer s.requests.Add(-1)
	if c.q == nil {
		q, err := c.d.g.kindOfQueue.open(s, c.d.g)
		if err != nil {
			return c.failed(err)
		}
		c.q = q
	}
	id := fmt.Sprintf("racebench-%s-%d-%d", s.nonce, m.Lane(), m.Seq())
	if err := c.q.push(id, strings.ReplaceAll(c.d.g.body, idWord, id)); err != nil {
		return c.failed(err)
	}
	s.keepJob(c.d.role.Group, c.d.g, job{m, id})
	return targets.Reply{Outcome: ledger.Accepted}
}

// failed is the reply to a job of which nobody knows whether it was taken, or that was refused.
func (c *jobber) failed(err error) targets.Reply {
	if s := c.d.s; s.sent.Load() == 0 && !s.closing.Load() {
		s.remark(c.d.role.Group, "a job: "+err.Error())
	}
	if errors.Is(err, errRefused) {
		return targets.Reply{Outcome: ledger.Refused, Cause: ledger.OtherCause}
	}
	c.Close(nil)
	return targets.Reply{}
}

// Close implements targets.Client.
func (c *jobber) Close(*world.Task) {
	if c.q != nil {
		c.q.close()
		c.q = nil
	}
}

// newNonce is part of the ids of a trial's jobs. It is of the clock and no draw: the queue may outlive the trial, and a job of
// an earlier one with the same seed must not be taken for one of this.
func newNonce() string { return strconv.FormatInt(time.Now().UnixNano(), 36) }
