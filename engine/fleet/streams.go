package fleet

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/queue"
)

// What is on the server. Whoever runs it may have made any of it beforehand, with more replicas or other limits.
const (
	workStream   = "RACEBENCH_WORK"
	resultStream = "RACEBENCH_RESULTS"
	jobBucket    = "racebench-jobs"
	largeBucket  = "racebench-results" // results that are larger than a message
	// CorpusBucket has the kept schedules of campaigns, unless another is named.
	CorpusBucket = "racebench-corpus"

	workSubject     = "racebench.work."     // BUILD.open|folder.CAMPAIGN.ROW.PART
	resultSubject   = "racebench.result."   // CAMPAIGN.ROW.PART
	campaignSubject = "racebench.campaign." // CAMPAIGN: asked before a part is played
	liveSubject     = "racebench.live."     // CAMPAIGN: how far the workers are
)

// Headers of results.
const (
	whyHeader    = "Racebench-Refused" // there is none, and why
	largeHeader  = "Racebench-Object"  // it is an object of that name
	workerHeader = "Racebench-Worker"
)

const (
	// ackWait is how long the server waits for a sign of life before it gives an item to another worker.
	ackWait = 15 * time.Second
	// keepResults is how long the server keeps results of a campaign that nobody has ended.
	keepResults = 7 * 24 * time.Hour
	// requestLimit is how long anything that is asked of the server may take.
	requestLimit = 10 * time.Second
)

// streams are what campaigns and workers have in common.
type streams struct {
	work, results jetstream.Stream
	jobs, large   queue.Bucket
}

// open opens what is on the server, and makes what is not there.
func open(ctx context.Context, c *queue.Conn, replicas int) (s streams, err error) {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	replicas = cmp.Or(replicas, 1)
	// A subject has one message: an item that is there is not put there twice, and a part has one result.
	s.work, err = stream(ctx, c.JS, jetstream.StreamConfig{
		Name: workStream, Description: "parts of racebench campaigns that are to be played", Subjects: []string{workSubject + ">"},
		Retention: jetstream.WorkQueuePolicy, Discard: jetstream.DiscardNew, DiscardNewPerSubject: true, MaxMsgsPerSubject: 1,
		MaxMsgSize: maxItem + 1024, Replicas: replicas,
	})
	if err != nil {
		return s, err
	}
	if got := s.work.CachedInfo().Config; got.Retention != jetstream.WorkQueuePolicy || got.MaxMsgsPerSubject != 1 || !got.DiscardNewPerSubject {
		return s, refuse("stream %s is there, and is no work queue of one message a subject that discards new ones (retention workqueue, max_msgs_per_subject 1, discard new, discard_new_per_subject): remove it, or make it so", workStream)
	}
	s.results, err = stream(ctx, c.JS, jetstream.StreamConfig{
		Name: resultStream, Description: "results of racebench campaigns", Subjects: []string{resultSubject + ">"},
		Discard: jetstream.DiscardNew, DiscardNewPerSubject: true, MaxMsgsPerSubject: 1, MaxAge: keepResults, Replicas: replicas,
	})
	if err == nil {
		s.jobs, err = c.Bucket(ctx, jobBucket, true, replicas)
	}
	if err == nil {
		s.large, err = c.Bucket(ctx, largeBucket, true, replicas)
	}
	return s, err
}

// stream opens a stream, or makes it.
func stream(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (jetstream.Stream, error) {
	s, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		s, err = js.CreateStream(ctx, want)
		if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) { // somebody was quicker
			s, err = js.Stream(ctx, want.Name)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open stream %s: %w", want.Name, err)
	}
	return s, nil
}

// buildWord is a build as a word of a subject.
func buildWord(build string) string {
	sum := sha256.Sum256([]byte(build))
	return hex.EncodeToString(sum[:6])
}

// The kinds of items: those that any worker of the build plays, and those that need a folder.
const (
	openKind   = "open"
	folderKind = "folder"
)

func kindOf(j Job) string {
	if j.open() {
		return openKind
	}
	return folderKind
}

// isThere says whether a message was not taken because its subject has one.
func isThere(err error) bool {
	api, ok := errors.AsType[*jetstream.APIError](err)
	return ok && api.ErrorCode == 10077 // the server's number for "maximum messages per subject exceeded"
}

// send puts a result on its subject, or in the bucket of large ones where no message has room for it.
func (s streams) send(ctx context.Context, c *queue.Conn, subject, worker string, r *result.Report) error {
	raw, err := r.Encode()
	if err != nil {
		return err
	}
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	_, _ = z.Write(raw) // to memory
	_ = z.Close()
	m := nats.NewMsg(subject)
	m.Header.Set(workerHeader, worker)
	m.Data = packed.Bytes()
	if room := c.MaxPayload() - 4096; int64(len(m.Data)) > room { // with headers
		if err := s.large.Put(ctx, subject, m.Data); err != nil {
			return err
		}
		m.Header.Set(largeHeader, subject)
		m.Data = nil
	}
	return publish(ctx, c, m)
}

// publish puts a message into its stream, where its subject has none.
func publish(ctx context.Context, c *queue.Conn, m *nats.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, requestLimit)
	defer cancel()
	if _, err := c.JS.PublishMsg(ctx, m); err != nil && !isThere(err) {
		return fmt.Errorf("publish to %s: %w", m.Subject, err)
	}
	return nil
}

// unpack reads a result.
func (s streams) unpack(ctx context.Context, m jetstream.Msg) (*result.Report, error) {
	packed := m.Data()
	if name := m.Headers().Get(largeHeader); name != "" {
		if name != m.Subject() {
			return nil, errors.New("its object is not its own")
		}
		ctx, cancel := context.WithTimeout(ctx, 6*requestLimit)
		defer cancel()
		var err error
		if packed, err = s.large.Get(ctx, name, MaxResult); err != nil {
			return nil, err
		}
	}
	z, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("unpack: %w", err)
	}
	raw, err := io.ReadAll(io.LimitReader(z, MaxResult+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("unpack: %w", err)
	case len(raw) > MaxResult:
		return nil, fmt.Errorf("it has more than %d MiB", MaxResult>>20)
	}
	return result.DecodePart(raw)
}
