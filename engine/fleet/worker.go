package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/queue"
)

const (
	// askLimit is how long a campaign may take to say whether a part is still wanted.
	askLimit = 5 * time.Second
	// later is when an item comes back that cannot be played now, and much later when it does that was so often.
	later, muchLater = 3 * time.Second, 5 * time.Minute
	// liveEvery is how often a worker says how far it is.
	liveEvery = time.Second
)

// A Worker plays parts of campaigns until its context ends.
type Worker struct {
	Conn  *queue.Conn
	Name  string
	Build string
	// Folder says that items come as well that need a folder of this machine.
	Folder bool
	// Prepare makes ready to play a part. A Refusal says that it is none to be played.
	Prepare func(j Job, part int) (Play, error)
	// Tell is told what happens, in words.
	Tell func(text string)
	// Show is told how many parts it has played and refused.
	Show func(played, refused int)
	// Idle is how long it waits for work before it ends; 0 is for ever.
	Idle time.Duration
	// AckWait is how long the server waits for a sign of life; 0 is the usual.
	AckWait time.Duration

	streams         streams
	jobs            map[string]Job // by hash: those of late
	played, refused atomic.Int64
}

// A Play plays a part. A Refusal says that it is none to be played after all.
type Play func(ctx context.Context, progress func(trial.Progress)) (*result.Report, error)

// A question is what a worker asks a campaign before it plays a part.
type question struct {
	Worker string `json:"worker"`
	Row    int    `json:"row"`
	Part   int    `json:"part"`
}

// The answers to it.
const (
	wanted   = "play"
	unwanted = "done"
)

// A sign of life is what a worker tells a campaign while it plays a part.
type sign struct {
	Worker string `json:"worker"`
	Row    int    `json:"row"`
	Part   int    `json:"part"`
	Trials int    `json:"trials"` // of this part, so far
	Ended  bool   `json:"ended,omitempty"`
	Why    string `json:"why,omitempty"` // it does not play it
}

// Run works. It returns when ctx ends, with the item that was in hand given back, or with an error of the server.
func (w *Worker) Run(ctx context.Context) error {
	var err error
	if w.streams, err = open(ctx, w.Conn, 0); err != nil {
		return err
	}
	w.jobs = map[string]Job{}
	kinds := []string{openKind}
	if w.Folder {
		kinds = append(kinds, folderKind)
	}
	var from []jetstream.Consumer
	for _, kind := range kinds {
		c, err := w.consumer(ctx, kind)
		if err != nil {
			return err
		}
		from = append(from, c)
	}
	busy := time.Now()
	for n := 0; ctx.Err() == nil && (w.Idle == 0 || time.Since(busy) < w.Idle); n++ {
		m, err := w.next(ctx, from[n%len(from)])
		if err == nil && m != nil {
			err = w.handle(ctx, m)
			w.Show(w.Played(), w.Refused())
			busy = time.Now()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Played is how many parts it has played and sent.
func (w *Worker) Played() int { return int(w.played.Load()) }

// Refused is how many items it has refused.
func (w *Worker) Refused() int { return int(w.refused.Load()) }

// consumer is the one that all workers of a build share.
func (w *Worker) consumer(ctx context.Context, kind string) (jetstream.Consumer, error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	wait := w.AckWait
	if wait == 0 {
		wait = ackWait
	}
	name := kind + "-" + buildWord(w.Build)
	c, err := w.streams.work.Consumer(ctx, name)
	if errors.Is(err, jetstream.ErrConsumerNotFound) {
		c, err = w.streams.work.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
			Durable: name, Description: "workers of build " + w.Build, FilterSubject: workSubject + buildWord(w.Build) + "." + kind + ".>",
			AckPolicy: jetstream.AckExplicitPolicy, AckWait: wait, MaxDeliver: -1, MaxAckPending: -1, InactiveThreshold: 30 * 24 * time.Hour,
		})
	}
	if err != nil {
		return nil, fmt.Errorf("open the queue: %w", err)
	}
	return c, nil
}

// next waits a little for an item. A server that is away is waited for.
func (w *Worker) next(ctx context.Context, from jetstream.Consumer) (jetstream.Msg, error) {
	wait, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	m, err := from.Next(jetstream.FetchContext(wait))
	switch {
	case err == nil:
		return m, nil
	case ctx.Err() != nil, errors.Is(err, context.DeadlineExceeded), errors.Is(err, nats.ErrTimeout), errors.Is(err, jetstream.ErrNoMessages):
		return nil, nil
	case errors.Is(err, jetstream.ErrConsumerDeleted), errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrBadSubscription):
		return nil, fmt.Errorf("the queue is gone: %w", err)
	}
	<-wait.Done() // between two servers, or while a leader is chosen
	return nil, nil
}

// handle plays an item, or says why not. An error is one of racebench's own.
func (w *Worker) handle(ctx context.Context, m jetstream.Msg) error {
	item, err := decodeItem(m.Data(), m.Subject())
	if err != nil {
		w.refused.Add(1)
		w.Tell(fmt.Sprintf("refused an item of %s: %v", m.Subject(), err))
		return w.ack(m) // nobody could say whose it is
	}
	j, err := w.job(ctx, item.Job)
	var play Play
	if err == nil {
		play, err = w.Prepare(j, item.Part)
	}
	switch _, refused := errors.AsType[Refusal](err); {
	case refused && w.Folder && !j.open() && j.Format != "":
		w.sign(item, sign{Why: err.Error()})
		w.back(m, backAfter(m)) // another worker's folder may have it
		return nil
	case refused:
		return w.refuse(ctx, m, item, err)
	case err != nil:
		w.back(m, backAfter(m))
		return nil // the server is away
	}
	switch w.ask(ctx, item) {
	case unwanted:
		return w.ack(m)
	case wanted:
	default:
		w.back(m, backAfter(m)) // its campaign is away, or gone
		return nil
	}
	ended := make(chan struct{})
	var beating sync.WaitGroup
	beating.Go(func() { w.beat(m, ended) })
	r, err := w.play(ctx, item, play)
	close(ended)
	beating.Wait()
	switch _, refused := errors.AsType[Refusal](err); {
	case ctx.Err() != nil && err != nil:
		w.back(m, 0)
		return nil
	case refused:
		return w.refuse(ctx, m, item, err)
	case err != nil:
		w.back(m, later)
		return fmt.Errorf("play part %d of campaign %s: %w", item.Part, item.Campaign, err)
	}
	if err := w.streams.send(context.WithoutCancel(ctx), w.Conn, resultSubject+item.name(), w.Name, r); err != nil {
		w.back(m, later)
		w.Tell(err.Error())
		return nil
	}
	w.played.Add(1)
	return w.ack(m)
}

// backAfter is when an item comes back that cannot be played now: the later, the more often it came.
func backAfter(m jetstream.Msg) time.Duration {
	at, err := m.Metadata()
	if err != nil {
		return later
	}
	return min(later*time.Duration(min(at.NumDelivered, 1000)), muchLater)
}

// sign tells a campaign how far an item is.
func (w *Worker) sign(i Item, s sign) {
	s.Worker, s.Row, s.Part = w.Name, i.Row, i.Part
	raw, _ := json.Marshal(s) // of plain fields
	_ = w.Conn.Publish(liveSubject+i.Campaign, raw)
}

// play plays the part, and tells how far it is.
func (w *Worker) play(ctx context.Context, i Item, play Play) (*result.Report, error) {
	w.sign(i, sign{})
	var mu sync.Mutex
	said := time.Now()
	r, err := play(ctx, func(p trial.Progress) {
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); now.Sub(said) >= liveEvery {
			said = now
			w.sign(i, sign{Trials: p.Done + p.Void})
		}
	})
	if err == nil {
		n := r.Results[0].Trials
		w.sign(i, sign{Trials: n.Run + n.Void, Ended: true})
	}
	return r, err
}

// job fetches a job by its hash.
func (w *Worker) job(ctx context.Context, hash string) (Job, error) {
	if j, ok := w.jobs[hash]; ok {
		return j, nil
	}
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	raw, err := w.streams.jobs.Get(ctx, hash, maxJob)
	switch {
	case errors.Is(err, queue.ErrTooLarge):
		return Job{}, refuse("its job has more than %d MiB", maxJob>>20)
	case errors.Is(err, queue.ErrNoObject):
		return Job{}, refuse("its job is not there")
	case err != nil:
		return Job{}, err
	}
	j, err := decodeJob(raw, hash)
	if err != nil {
		return j, err
	}
	const most = 64
	if len(w.jobs) >= most {
		clear(w.jobs)
	}
	w.jobs[hash] = j
	return j, nil
}

// ask asks the item's campaign whether the part is still to be played. No answer is an empty one.
func (w *Worker) ask(ctx context.Context, i Item) string {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	raw, _ := json.Marshal(question{w.Name, i.Row, i.Part}) // of plain fields
	m, err := w.Conn.RequestWithContext(ctx, campaignSubject+i.Campaign, raw)
	if err != nil {
		return ""
	}
	return string(m.Data)
}

// beat tells the server that the item is in work, until it has ended.
func (w *Worker) beat(m jetstream.Msg, ended <-chan struct{}) {
	wait := w.AckWait
	if wait == 0 {
		wait = ackWait
	}
	every := time.NewTicker(wait / 4)
	defer every.Stop()
	for {
		select {
		case <-ended:
			return
		case <-every.C:
			_ = m.InProgress() // a server that is away gives the item to another, and the part counts once
		}
	}
}

// refuse tells the campaign that a part will not come from here, and why.
func (w *Worker) refuse(ctx context.Context, m jetstream.Msg, i Item, why error) error {
	w.refused.Add(1)
	w.Tell(fmt.Sprintf("refused part %d of campaign %s: %v", i.Part, i.Campaign, why))
	answer := nats.NewMsg(resultSubject + i.name())
	answer.Header.Set(workerHeader, w.Name)
	answer.Header.Set(whyHeader, headerText(why.Error()))
	if err := publish(context.WithoutCancel(ctx), w.Conn, answer); err != nil {
		w.Tell(err.Error())
	}
	return w.ack(m)
}

// headerText is a text in one line that a header has room for.
func headerText(text string) string {
	line := []rune(text)
	for i, r := range line {
		if r < ' ' {
			line[i] = ' '
		}
	}
	return string(line[:min(len(line), 600)])
}

// ack takes an item out of the queue. Where the server does not hear it, the item comes again, and its campaign says that the
// part is not wanted any more.
func (w *Worker) ack(m jetstream.Msg) error {
	ctx, cancel := context.WithTimeout(context.Background(), requestLimit)
	defer cancel()
	_ = m.DoubleAck(ctx)
	return nil
}

// back gives an item back.
func (w *Worker) back(m jetstream.Msg, after time.Duration) {
	if after == 0 {
		_ = m.Nak()
	} else {
		_ = m.NakWithDelay(after)
	}
	_ = w.Conn.FlushTimeout(time.Second)
}
