package corpus

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/queue"
)

// DefaultBucket is the object store of a URL that names none.
const DefaultBucket = "racebench-corpus"

// IsStore says whether a name is that of an object store.
func IsStore(name string) bool {
	scheme, _, ok := strings.Cut(name, "://")
	return ok && slices.Contains([]string{"nats", "tls", "ws", "wss"}, scheme)
}

// atStore reads nats://HOST:PORT/BUCKET.
func (p *Place) atStore(name string) error {
	u, err := url.Parse(name)
	if err != nil {
		return refuse("a URL cannot be read: write nats://HOST:PORT/BUCKET")
	}
	p.bucket = strings.Trim(u.Path, "/")
	if p.bucket == "" {
		p.bucket = DefaultBucket
	}
	u.Path = ""
	p.server.URL = u.String()
	return nil
}

// connected does something with the store's bucket, which is made where it is not there if it may be.
func (p Place) connected(ctx context.Context, make bool, do func(b queue.Bucket) error) error {
	conn, err := queue.Connect(ctx, p.server, "racebench corpus")
	if err == nil {
		defer conn.Close()
		var b queue.Bucket
		if b, err = conn.Bucket(ctx, p.bucket, make, 1); err == nil {
			return do(b)
		}
	}
	if _, ok := errors.AsType[queue.Refusal](err); ok || errors.Is(err, queue.ErrNoBucket) {
		return refuse("%s: %v", p, err)
	}
	return fmt.Errorf("%s: %w", p, err)
}

// An entry is an object SUM/NAME: so no two that differ have one name, and what others add at the same moment stays.
func objectOf(e Entry) string { return sumOf(e.Content) + "/" + e.Name }

func (p Place) readStore(ctx context.Context) ([]Entry, error) {
	var entries []Entry
	err := p.connected(ctx, false, func(b queue.Bucket) (err error) {
		entries, err = p.entriesOf(ctx, b)
		return err
	})
	return entries, err
}

// entriesOf reads a bucket. What is no entry is refused before it is read.
func (p Place) entriesOf(ctx context.Context, b queue.Bucket) ([]Entry, error) {
	objects, err := b.List(ctx)
	if err != nil {
		return nil, err
	}
	var read sizes
	for _, o := range objects {
		_, name, ok := strings.Cut(o.Name, "/")
		if !ok || !strings.HasSuffix(name, extension) {
			return nil, p.refuse(fmt.Sprintf("%.80q", o.Name), "this is no kept schedule: take it out there")
		}
		if err := p.checkName(name); err != nil {
			return nil, err
		}
		if o.Size > uint64(input.Schedule.Limit()) {
			return nil, p.refuse(name, "%v", input.Schedule.TooLarge())
		}
		if err := read.add(p, name, int64(o.Size)); err != nil {
			return nil, err
		}
	}
	var entries []Entry
	for _, o := range objects {
		sum, name, _ := strings.Cut(o.Name, "/")
		content, err := b.Get(ctx, o.Name, input.Schedule.Limit())
		switch {
		case errors.Is(err, queue.ErrNoObject):
			continue // somebody has dropped it meanwhile
		case errors.Is(err, queue.ErrTooLarge):
			return nil, p.refuse(name, "%v", input.Schedule.TooLarge())
		case err != nil:
			return nil, err
		case sumOf(content) != sum:
			return nil, p.refuse(name, "its content is not the one that it was put there with")
		}
		entries = append(entries, Entry{name, content})
	}
	slices.SortFunc(entries, func(a, b Entry) int {
		return strings.Compare(a.Name+"\x00"+sumOf(a.Content), b.Name+"\x00"+sumOf(b.Content))
	})
	return entries, nil
}

func (p Place) addToStore(ctx context.Context, entries []Entry) (added []Entry, err error) {
	err = p.connected(ctx, true, func(b queue.Bucket) error {
		objects, err := b.List(ctx)
		if err != nil {
			return err
		}
		held := map[string]bool{} // by family and content
		for _, o := range objects {
			sum, name, _ := strings.Cut(o.Name, "/")
			held[Family(name)+"\x00"+sum] = true
		}
		p.afterRead()
		for _, e := range entries {
			key := Family(e.Name) + "\x00" + sumOf(e.Content)
			if held[key] {
				continue
			}
			if err := b.Put(ctx, objectOf(e), e.Content); err != nil {
				return err
			}
			held[key] = true
			added = append(added, e)
		}
		return nil
	})
	return added, err
}
