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

// A natsSession publishes to JetStream, with acknowledgements, and reads messages back by their subject.
type natsSession struct {
	s      *instance
	conn   *nats.Conn
	js     jetstream.JetStream
	stream jetstream.Stream // nil until it is needed
}

// openNATS connects. The library neither connects nor publishes a second time.
func openNATS(d *dialer) (session, error) {
	options := []nats.Option{
		nats.NoReconnect(), nats.IgnoreDiscoveredServers(), nats.SkipHostLookup(), nats.Timeout(answerLimit), nats.Name("racebench"),
		nats.SetCustomDialer(wireDialer{d.s}), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}),
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
	return &natsSession{s: d.s, conn: conn, js: js}, nil
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
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	var err error
	if n.stream == nil {
		n.stream, err = n.js.Stream(ctx, natsName)
	}
	var got *jetstream.RawStreamMsg
	if err == nil {
		got, err = n.stream.GetLastMsgForSubject(ctx, natsName+"."+key)
	}
	var api *jetstream.APIError
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return "the stream has no message " + key, false, nil
	case errors.Is(err, jetstream.ErrStreamNotFound):
		return "the stream " + natsName + " is gone", false, nil
	case errors.As(err, &api) && api.Code == 503:
		return "", false, errLoading
	case err != nil:
		return "", false, err
	case string(got.Data) != value:
		return fmt.Sprintf("the message %s is %.60q", key, got.Data), true, nil
	}
	return value, true, nil
}

func (n *natsSession) close() { n.conn.Close() }
