// Package queue is the way to a NATS server with JetStream: a connection, and buckets of objects.
package queue

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// A Server is where a server is, and what proves to it who we are. A URL may name a user with a password or a token.
type Server struct {
	URL       string // or several, between commas
	Creds     string // a file of credentials, as nsc writes it
	CA        string // a file of certificates that sign the server's
	Cert, Key string // files of our own certificate
}

// A Refusal is an error about what a user has named.
type Refusal struct{ text string }

// Error says what was named, and what is wrong with it.
func (r Refusal) Error() string { return r.text }

// patience is how long the server may take to take us.
const patience = 5 * time.Second

// Plain is the URL without who we are.
func (s Server) Plain() string {
	var all []string
	for _, one := range strings.Split(s.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil {
			return "a URL that cannot be read"
		}
		u.User = nil
		all = append(all, u.String())
	}
	return strings.Join(all, ",")
}

// check refuses what is no server of NATS.
func (s Server) check() error {
	for _, one := range strings.Split(s.URL, ",") {
		u, err := url.Parse(strings.TrimSpace(one))
		if err != nil || u.Host == "" || !slices.Contains([]string{"nats", "tls", "ws", "wss"}, u.Scheme) {
			return Refusal{fmt.Sprintf("%s is no address of a NATS server: write nats://HOST:PORT, or tls://HOST:PORT", s.Plain())}
		}
	}
	if (s.Cert == "") != (s.Key == "") {
		return Refusal{"a certificate of our own needs its key, and a key its certificate: give both"}
	}
	return nil
}

// A Conn is a connection. One that is lost is made again, however long that takes.
type Conn struct {
	*nats.Conn
	JS jetstream.JetStream
}

// Connect connects to a server that has JetStream. Name is what its lists of connections say.
func Connect(ctx context.Context, s Server, name string) (*Conn, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	options := []nats.Option{nats.Name(name), nats.Timeout(patience), nats.MaxReconnects(-1), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})}
	if s.Creds != "" {
		options = append(options, nats.UserCredentials(s.Creds))
	}
	if s.CA != "" {
		options = append(options, nats.RootCAs(s.CA))
	}
	if s.Cert != "" {
		options = append(options, nats.ClientCert(s.Cert, s.Key))
	}
	nc, err := nats.Connect(s.URL, options...)
	if err != nil {
		return nil, Refusal{fmt.Sprintf("connect to %s: %s", s.Plain(), strings.ReplaceAll(err.Error(), s.URL, s.Plain()))}
	}
	c := &Conn{Conn: nc}
	if c.JS, err = jetstream.New(nc); err == nil {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		_, err = c.JS.AccountInfo(ctx)
	}
	if err != nil {
		nc.Close()
		return nil, Refusal{fmt.Sprintf("%s answers, and has no JetStream for us (%v): start it with nats-server -js, or ask for an account that has it", s.Plain(), err)}
	}
	return c, nil
}

// A Bucket holds objects by name.
type Bucket struct{ store jetstream.ObjectStore }

// ErrNoBucket says that a bucket is not there.
var ErrNoBucket = errors.New("there is no such bucket")

// Bucket opens a bucket, which is made where it is not there if it may be.
func (c *Conn) Bucket(ctx context.Context, name string, make bool, replicas int) (Bucket, error) {
	store, err := c.JS.ObjectStore(ctx, name)
	if errors.Is(err, jetstream.ErrBucketNotFound) && make {
		store, err = c.JS.CreateObjectStore(ctx, jetstream.ObjectStoreConfig{Bucket: name, Description: "kept by racebench", Replicas: cmp.Or(replicas, 1)})
		if errors.Is(err, jetstream.ErrBucketExists) { // somebody was quicker
			store, err = c.JS.ObjectStore(ctx, name)
		}
	}
	switch {
	case errors.Is(err, jetstream.ErrBucketNotFound):
		return Bucket{}, fmt.Errorf("bucket %s: %w", name, ErrNoBucket)
	case errors.Is(err, jetstream.ErrInvalidStoreName):
		return Bucket{}, Refusal{fmt.Sprintf("%q is no name of a bucket: letters, digits, - and _", name)}
	case err != nil:
		return Bucket{}, fmt.Errorf("open bucket %s: %w", name, err)
	}
	return Bucket{store}, nil
}

// An Object is one of a bucket, as the bucket lists it.
type Object struct {
	Name string
	Size uint64
}

// List returns the objects in the order of their names.
func (b Bucket) List(ctx context.Context) ([]Object, error) {
	infos, err := b.store.List(ctx)
	if err != nil && !errors.Is(err, jetstream.ErrNoObjectsFound) {
		return nil, fmt.Errorf("list a bucket: %w", err)
	}
	var all []Object
	for _, i := range infos {
		all = append(all, Object{i.Name, i.Size})
	}
	slices.SortFunc(all, func(a, b Object) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// ErrTooLarge says that an object has more bytes than whoever reads it takes.
var ErrTooLarge = errors.New("the object is too large")

// ErrNoObject says that an object is not there.
var ErrNoObject = errors.New("there is no such object")

// Get returns an object of at most so many bytes, whatever the bucket says of its size.
func (b Bucket) Get(ctx context.Context, name string, most int64) ([]byte, error) {
	found, err := b.store.Get(ctx, name)
	switch {
	case errors.Is(err, jetstream.ErrObjectNotFound):
		return nil, fmt.Errorf("object %s: %w", name, ErrNoObject)
	case err != nil:
		return nil, fmt.Errorf("read object %s: %w", name, err)
	}
	defer found.Close()
	info, err := found.Info()
	if err == nil && info.Size > uint64(most) {
		return nil, fmt.Errorf("object %s: %w", name, ErrTooLarge)
	}
	content, err := io.ReadAll(io.LimitReader(found, most+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read object %s: %w", name, err)
	case int64(len(content)) > most:
		return nil, fmt.Errorf("object %s: %w", name, ErrTooLarge)
	}
	return content, nil
}

// Put stores an object.
func (b Bucket) Put(ctx context.Context, name string, content []byte) error {
	if _, err := b.store.PutBytes(ctx, name, content); err != nil {
		return fmt.Errorf("store object %s: %w", name, err)
	}
	return nil
}

// Drop removes an object that is there.
func (b Bucket) Drop(ctx context.Context, name string) error {
	if err := b.store.Delete(ctx, name); err != nil && !errors.Is(err, jetstream.ErrObjectNotFound) {
		return fmt.Errorf("drop object %s: %w", name, err)
	}
	return nil
}
