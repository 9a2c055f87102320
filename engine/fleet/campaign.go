package fleet

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/racebench/racebench/internal/queue"
)

const (
	// mostBegun is how often a part is begun before it is given up: it may be what ends its workers.
	mostBegun = 20
	// quiet is how long nothing comes before the parts that are missing are put into the queue again: those that are in it
	// stay as they are.
	quiet = 30 * time.Second
	// silent is how long a worker says nothing before it is not counted any more.
	silent = 10 * time.Second
)

// A Campaign has its parts played by workers, and adds them up.
type Campaign struct {
	Conn     *queue.Conn
	Rows     []Row
	Sum      *Sum
	Replicas int
	// Tell is told what happens, in words, and Show where the campaign stands.
	Tell func(text string)
	Show func(v View)
	// Mine says which parts the campaign plays itself, and gives to nobody.
	Mine func(row, part int) bool

	name    string
	streams streams
	began   time.Time

	mu       sync.Mutex
	begun    map[place]int
	workers  map[string]time.Time // when each was last heard of
	now      map[place]sign       // parts that are in work
	told     map[string]bool
	refused  int
	changed  chan struct{} // a part was added or lost elsewhere
	lastPart time.Time
}

// A View is where a campaign stands.
type View struct {
	Count
	Workers   int
	Refused   int
	PerSecond float64
	Elapsed   time.Duration
}

// Start puts the campaign's parts into the queue and begins to listen. Stop must follow.
func (c *Campaign) Start(ctx context.Context) (stop func(), err error) {
	var chance [8]byte
	_, _ = rand.Read(chance[:]) // never fails
	c.name, c.began = hex.EncodeToString(chance[:]), time.Now()
	c.begun, c.workers, c.now, c.told = map[place]int{}, map[string]time.Time{}, map[place]sign{}, map[string]bool{}
	c.changed, c.lastPart = make(chan struct{}, 1), time.Now()
	if c.streams, err = open(ctx, c.Conn, c.Replicas); err != nil {
		return nil, err
	}
	asked, err := c.Conn.Subscribe(campaignSubject+c.name, c.answer)
	if err != nil {
		return nil, fmt.Errorf("listen to workers: %w", err)
	}
	heard, err := c.Conn.Subscribe(liveSubject+c.name, c.hear)
	if err != nil {
		return nil, fmt.Errorf("listen to workers: %w", err)
	}
	for _, r := range c.Rows {
		raw, hash, err := r.Job.encode()
		if err == nil {
			err = c.streams.jobs.Put(ctx, hash, raw)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := c.publishMissing(ctx); err != nil && ctx.Err() == nil {
		return nil, err
	}
	return func() {
		_, _ = asked.Unsubscribe(), heard.Unsubscribe()
		c.clean()
	}, nil
}

// publishMissing puts into the queue what is wanted of others. What is there stays.
func (c *Campaign) publishMissing(ctx context.Context) error {
	for row, r := range c.Rows {
		_, hash, err := r.Job.encode()
		if err != nil {
			return err
		}
		to := workSubject + buildWord(r.Job.Build) + "." + kindOf(r.Job) + "."
		var sent []jetstream.PubAckFuture
		flush := func() error {
			for _, f := range sent {
				select {
				case <-f.Ok():
				case err := <-f.Err():
					if !isThere(err) {
						return fmt.Errorf("put a part into the queue: %w", err)
					}
				case <-ctx.Done():
					return ctx.Err()
				}
			}
			sent = sent[:0]
			return nil
		}
		for part := 1; part <= r.Job.parts(); part++ {
			if c.Mine(row, part) || !c.Sum.Wants(row, part) {
				continue
			}
			i := Item{Campaign: c.name, Job: hash, Row: row, Part: part}
			raw, err := json.Marshal(i)
			if err != nil {
				return fmt.Errorf("encode an item: %w", err)
			}
			f, err := c.Conn.JS.PublishMsgAsync(&nats.Msg{Subject: to + i.name(), Data: raw})
			if err != nil {
				return fmt.Errorf("put a part into the queue: %w", err)
			}
			if sent = append(sent, f); len(sent) >= 1000 {
				if err := flush(); err != nil {
					return err
				}
			}
		}
		if err := flush(); err != nil {
			return err
		}
	}
	return nil
}

// answer says to a worker whether a part is wanted.
func (c *Campaign) answer(m *nats.Msg) {
	var q question
	if len(m.Data) > maxItem || strictly(m.Data, &q) != nil {
		return
	}
	reply := unwanted
	if c.Sum.Wants(q.Row, q.Part) && !c.Mine(q.Row, q.Part) {
		reply = wanted
		c.mu.Lock()
		at := place{q.Row, q.Part}
		c.begun[at]++
		tooOften := c.begun[at] > mostBegun
		c.mu.Unlock()
		if tooOften {
			reply = unwanted
			c.lose(at, fmt.Sprintf("it was begun %d times, and no worker came to its end", mostBegun))
		}
	}
	_ = m.Respond([]byte(reply))
}

// lose gives a part up, and says why.
func (c *Campaign) lose(at place, why string) {
	c.Sum.Lose(at.row, at.part, why)
	c.once(fmt.Sprintf("part %d of %s/%s will not come: %s", at.part, c.Rows[at.row].Program.Target.Name, c.Rows[at.row].Variant.Name, why), why)
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// once tells a text, unless another of its kind was told.
func (c *Campaign) once(text, kind string) {
	const most = 100 // kinds
	c.mu.Lock()
	again := c.told[kind] || len(c.told) >= most
	if !again {
		c.told[kind] = true
	}
	c.mu.Unlock()
	if !again {
		c.Tell(text)
	}
}

// hear notes a sign of life of a worker.
func (c *Campaign) hear(m *nats.Msg) {
	const mostWorkers = 100_000
	var s sign
	if len(m.Data) > maxItem || strictly(m.Data, &s) != nil {
		return
	}
	if s.Why != "" {
		c.once(fmt.Sprintf("worker %s does not play part %d: %s", s.Worker, s.Part, s.Why), s.Why)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.workers) < mostWorkers {
		c.workers[s.Worker] = time.Now()
	}
	at := place{s.Row, s.Part}
	switch {
	case s.Ended:
		delete(c.now, at)
	case c.Sum.Wants(s.Row, s.Part):
		c.now[at] = s
	}
}

// view is where the campaign stands.
func (c *Campaign) view() View {
	v := View{Count: c.Sum.Count(), Elapsed: time.Since(c.began)}
	c.mu.Lock()
	defer c.mu.Unlock()
	v.Refused = c.refused
	for name, last := range c.workers {
		if time.Since(last) > silent {
			delete(c.workers, name)
		}
	}
	v.Workers = len(c.workers)
	running := 0
	for at, s := range c.now {
		if _, lives := c.workers[s.Worker]; !lives {
			delete(c.now, at)
			continue
		}
		running += s.Trials
	}
	if seconds := v.Elapsed.Seconds(); seconds > 0 {
		v.PerSecond = float64(v.Trials+running) / seconds
	}
	return v
}

// Added is told that a part was added which the campaign has played itself.
func (c *Campaign) Added() {
	select {
	case c.changed <- struct{}{}:
	default:
	}
}

// Collect adds up results until nothing is to be waited for, or ctx ends. The error is one of the server's.
func (c *Campaign) Collect(ctx context.Context) error {
	results, err := c.Conn.JS.OrderedConsumer(ctx, resultStream, jetstream.OrderedConsumerConfig{FilterSubjects: []string{resultSubject + c.name + ".>"}})
	if err != nil {
		return fmt.Errorf("read results: %w", err)
	}
	messages, err := results.Messages(jetstream.PullMaxMessages(64))
	if err != nil {
		return fmt.Errorf("read results: %w", err)
	}
	defer messages.Stop()
	incoming := make(chan jetstream.Msg)
	broken := make(chan error, 1)
	done := make(chan struct{})
	defer close(done)
	go func() {
		for {
			m, err := messages.Next()
			if errors.Is(err, jetstream.ErrMsgIteratorClosed) {
				broken <- err
				return
			}
			if err != nil { // a heartbeat was missed, or the server is away: the consumer is made again
				select {
				case <-time.After(100 * time.Millisecond):
					continue
				case <-done:
					return
				}
			}
			select {
			case incoming <- m:
			case <-done:
				return
			}
		}
	}()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for !c.Sum.Complete() {
		select {
		case <-ctx.Done():
			return nil
		case m := <-incoming:
			c.add(ctx, m)
		case <-c.changed:
		case err := <-broken:
			return fmt.Errorf("read results: %w", err)
		case <-tick.C:
			if err := c.tick(ctx); err != nil {
				c.once(err.Error(), err.Error())
			}
		}
	}
	c.Show(c.view())
	return nil
}

func (c *Campaign) tick(ctx context.Context) error {
	c.Show(c.view())
	if time.Since(c.lastPart) < quiet {
		return nil
	}
	c.lastPart = time.Now()
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	return c.publishMissing(ctx)
}

// add adds a result. What is none is told, and its part does not come.
func (c *Campaign) add(ctx context.Context, m jetstream.Msg) {
	_, row, part, ok := itemOf(m.Subject())
	if !ok || !c.Sum.isPart(row, part) {
		c.once("a result of no part of this campaign was left out", "no part")
		return
	}
	c.lastPart = time.Now()
	at := place{row, part}
	c.mu.Lock()
	delete(c.now, at)
	c.mu.Unlock()
	if why := m.Headers().Get(whyHeader); why != "" {
		c.mu.Lock()
		c.refused++
		c.mu.Unlock()
		c.lose(at, fmt.Sprintf("worker %.60s refused it: %.600s", m.Headers().Get(workerHeader), why))
		return
	}
	r, err := c.streams.unpack(ctx, m)
	if err == nil {
		err = c.Sum.Add(row, part, r)
	}
	if m.Headers().Get(largeHeader) == m.Subject() {
		_ = c.streams.large.Drop(ctx, m.Subject())
	}
	if err != nil && ctx.Err() == nil {
		c.lose(at, "what came as its result is none: "+err.Error())
	}
}

// clean takes away what the campaign has left on the server. What stays for want of a connection goes by its age.
func (c *Campaign) clean() {
	ctx, cancel := context.WithTimeout(context.Background(), requestLimit)
	defer cancel()
	if c.Conn.IsConnected() {
		_ = c.streams.work.Purge(ctx, jetstream.WithPurgeSubject(workSubject+"*.*."+c.name+".>"))
		_ = c.streams.results.Purge(ctx, jetstream.WithPurgeSubject(resultSubject+c.name+".>"))
		for _, r := range c.Rows {
			if _, hash, err := r.Job.encode(); err == nil {
				_ = c.streams.jobs.Drop(ctx, hash)
			}
		}
	}
}
