package shell

import (
	"context"
	"io"
	"net/http"
	"strconv"

	"github.com/gorilla/websocket"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets/gateway"
)

// ServeHTTP implements http.Handler: a request becomes an exchange on a task, which runs on net/http's own
// goroutine for the connection.
func (d *door) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	if r.URL.Path == readyPath {
		d.ready(out)
		return
	}
	wire := r.Context().Value(wireKey{}).(*wire)
	q, ours := d.n.readRequest(r)
	if !ours || !d.takes(wire) {
		panic(http.ErrAbortHandler) // net/http's way to drop the connection
	}
	x := &exchange{d: d, wire: wire, q: q, out: out, in: r}
	forget := context.AfterFunc(r.Context(), x.wire.gone.Expire)
	// The task's end, a panic's too, is in the World's books when Adopt returns.
	_ = d.n.w.Adopt(world.Target, "connection of "+q.Name, x.run)
	forget()
	switch {
	case x.upgraded:
		d.leave(x.wire)
	case !x.responded:
		d.leave(x.wire) // an upgrade that failed on its way has left net/http, which will not tell
		panic(http.ErrAbortHandler)
	}
}

// An exchange is one request.
type exchange struct {
	d                   *door
	wire                *wire
	q                   gateway.Request
	out                 http.ResponseWriter
	in                  *http.Request
	responded, upgraded bool
}

// run reads the request to its end and serves it. One that never comes whole is served by nobody.
func (x *exchange) run(t *world.Task) {
	var err error
	if x.q.Size > 0 {
		t.Blocking(x.d.requests, func() { _, err = io.Copy(io.Discard, x.in.Body) })
	}
	if err == nil {
		x.d.serve(t, x)
	}
}

// Request implements gateway.Exchange.
func (x *exchange) Request() gateway.Request { return x.q }

// Gone implements gateway.Exchange.
func (x *exchange) Gone() *world.Token { return x.wire.gone }

// Respond implements gateway.Exchange.
func (x *exchange) Respond(t *world.Task, r gateway.Response) error {
	x.responded = true
	var err error
	t.Blocking(x.d.requests, func() { err = x.respond(r) })
	if err != nil {
		return gateway.ErrGone
	}
	return nil
}

// respond sends an answer with the request's id as its body, at once.
func (x *exchange) respond(r gateway.Response) error {
	body := strconv.AppendUint(nil, uint64(r.ID), 10)
	h := x.out.Header()
	h["Content-Type"] = plainText // net/http would look for it in the body
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	if r.Last || x.d.draining() {
		h["Connection"] = closing
	}
	x.out.WriteHeader(int(r.Status))
	if _, err := x.out.Write(body); err != nil {
		return err
	}
	return http.NewResponseController(x.out).Flush()
}

var (
	plainText = []string{"text/plain"}
	closing   = []string{"close"}
)

// upgrader answers 101. The buffers are small because there may be thousands of sockets; one for writing
// is lent for the time of a write.
var upgrader = websocket.Upgrader{
	ReadBufferSize: readBuffer, WriteBufferSize: writeBuffer, WriteBufferPool: &writeBuffers,
	CheckOrigin: func(*http.Request) bool { return true },
}

// Upgrade implements gateway.Exchange.
func (x *exchange) Upgrade(t *world.Task) (gateway.Socket, error) {
	var ws *websocket.Conn
	var err error
	t.Blocking(x.d.requests, func() { ws, err = upgrader.Upgrade(x.out, x.in, nil) })
	if err != nil {
		return nil, gateway.ErrGone
	}
	x.upgraded = true
	return newSocket(x.d.n.w, ws, x.wire, x.q.Name, "the gateway"), nil
}
