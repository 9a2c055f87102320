package external

import (
	"context"
	"errors"
	"fmt"
	"net"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// natsName is the stream that is made for the writes; each is a subject below it.
const natsName = "racebench"

// natsSentinel is written and read back once a message was not found.
const natsSentinel = "sentinel"

// A natsSession publishes to JetStream, with acknowledgements, and reads messages back by their subject.
type natsSession struct {
	s      *instance
	conn   *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream // nil until it is needed
	proofs proofs
}

// openNATS connects. The library neither connects nor publishes a second time.
func openNATS(d *dialer) (session, error) {
	options := []nats.Option{
		nats.NoReconnect(), nats.IgnoreDiscoveredServers(), nats.SkipHostLookup(), nats.Timeout(answerLimit), nats.Name("racebench"),
		nats.SetCustomDialer(wireDialer{d.s}), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}), secureNATS(d.s.p.address),
	}
	if user, password, ok := d.s.p.credentials(); ok {
		options = append(options, nats.UserInfo(user, password))
	}
	conn, err := nats.Connect("nats://"+d.s.p.address.dial(), options...)
	if err != nil {
		return nil, fmt.Errorf("NATS: %w", err)
	}
	js, err := jetstream.New(conn)
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("JetStream: %w", err)
	}
	return &natsSession{s: d.s, conn: conn, js: js, proofs: proofs{}}, nil
}

// secureNATS asks for TLS where the url does, and takes it where only the server does. NATS begins it after the
// server's first line.
func secureNATS(a address) nats.Option {
	return func(o *nats.Options) error {
		o.Secure, o.TLSConfig = a.tls, a.unverified()
		return nil
	}
}

// wireDialer makes a library's connections ours: counted, and closed with the trial.
type wireDialer struct{ s *instance }

// Dial implements nats.CustomDialer.
func (w wireDialer) Dial(string, string) (net.Conn, error) { return w.s.connect() }

func (n *natsSession) write(key, value string) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	err := n.make(ctx)
	if err == nil {
		_, err = n.js.Publish(ctx, natsName+"."+key, []byte(value), jetstream.WithRetryAttempts(0))
	}
	var refused *jetstream.APIError
	if errors.As(err, &refused) || errors.Is(err, jetstream.ErrNoStreamResponse) { // nobody took it
		return fmt.Errorf("%w: %w", errRefused, err)
	}
	return err
}

// make makes the stream, or finds the one that is there. Servers of 2022 crash when one client updates a stream
// that another is making.
func (n *natsSession) make(ctx context.Context) (err error) {
	if n.stream != nil {
		return nil
	}
	n.s.setup.Lock()
	defer n.s.setup.Unlock()
	n.stream, err = n.js.CreateStream(ctx, jetstream.StreamConfig{Name: natsName, Subjects: []string{natsName + ".>"}, Storage: jetstream.FileStorage})
	if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
		n.stream, err = n.js.Stream(ctx, natsName)
	}
	return err
}

func (n *natsSession) find(key, value string) (string, bool, error) {
	return n.proofs.find(n, key, value)
}

// part implements lookup: there is one stream.
func (*natsSession) part(string) string { return natsName }

// look implements lookup: it asks for a message by its subject.
func (n *natsSession) look(key string) (found, missed string, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	if n.stream == nil {
		n.stream, err = n.js.Stream(ctx, natsName)
	}
	var got *jetstream.RawStreamMsg
	if err == nil {
		got, err = n.stream.GetLastMsgForSubject(ctx, natsName+"."+key)
	}
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return "", "the stream has no message " + key, nil
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return "", "the stream " + natsName + " is gone", nil
	case err != nil:
		return "", "", orLoading(err)
	}
	return string(got.Data), "", nil
}

// orLoading tells a server that is not ready to be asked from one that is.
func orLoading(err error) error {
	var api *jetstream.APIError
	if errors.As(err, &api) && api.Code == 503 {
		return errLoading
	}
	return err
}

// prove implements lookup: the stream takes a message and gives it back. It may have to be made again for that.
func (n *natsSession) prove(string) error {
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	if err := n.make(ctx); err != nil {
		return orLoading(err)
	}
	sentinel := fmt.Sprint("sentinel-", n.s.w.Now())
	if _, err := n.js.Publish(ctx, natsName+"."+natsSentinel, []byte(sentinel), jetstream.WithRetryAttempts(0)); err != nil {
		return orLoading(err)
	}
	switch found, missed, err := n.look(natsSentinel); {
	case err != nil:
		return err
	case missed != "" || found != sentinel:
		return errors.New("the stream does not give back a message that it acknowledged just now")
	}
	return nil
}

func (n *natsSession) close() { n.conn.Close() }
