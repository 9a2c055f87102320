package main

import (
	"context"
	"errors"

	"github.com/spf13/pflag"

	"github.com/racebench/racebench/internal/queue"
)

// natsFlags say where a NATS server is, and who we are to it.
type natsFlags struct{ server queue.Server }

// register adds the flags of a command that works with a server.
func (f *natsFlags) register(fs *pflag.FlagSet) {
	fs.StringVar(&f.server.URL, "nats", "", "the `URL` of a NATS server with JetStream, such as nats://127.0.0.1:4222 or tls://nats.example; several between commas")
	f.registerIdentity(fs)
}

// registerIdentity adds the flags that say who we are.
func (f *natsFlags) registerIdentity(fs *pflag.FlagSet) {
	fs.StringVar(&f.server.Creds, "creds", "", "a `FILE` of NATS credentials, as nsc writes it")
	fs.StringVar(&f.server.CA, "tls-ca", "", "a `FILE` of certificates that sign the NATS server's (default: the system's)")
	fs.StringVar(&f.server.Cert, "tls-cert", "", "a `FILE` with our own certificate, for a NATS server that asks for one")
	fs.StringVar(&f.server.Key, "tls-key", "", "the `FILE` of its key")
}

// connect connects to the server. Where that is not to be had, nothing was run: status 2.
func (f *natsFlags) connect(ctx context.Context, command, name string) (*queue.Conn, error) {
	if f.server.URL == "" {
		return nil, usagef("racebench %s needs a NATS server: --nats nats://HOST:4222 (nats-server -js starts one)", command)
	}
	conn, err := queue.Connect(ctx, f.server, name)
	if _, ok := errors.AsType[queue.Refusal](err); ok {
		return nil, usageError{err}
	}
	return conn, err
}
