// Package gateway is a front door for actors: HTTP and WebSocket connections on one side, a tunnel to the
// actors on the other. Two of its mechanisms come in every design that was proposed for them: how the
// front door waits for its tasks when it stops, and how the tunnel's dispatcher treats a slow client.
// The designs differ only in the rows of recipe.go's table; docs/gateway.md describes them and their bugs.
package gateway

import (
	"errors"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
)

// This file is the seam between the core, which decides, and a shell, which moves bytes. Whatever has to
// do with the order of things (slots, task groups, waits, go-away, queues and their locks, the drain) is
// the core's and is the same over sockets and in memory.

var (
	// ErrGone is what an exchange and a socket answer with when the other side, or the connection, is gone.
	ErrGone = errors.New("the connection is gone")
	// ErrRefused is what a client gets that connects to a door which accepts nobody.
	ErrRefused = errors.New("connection refused")
)

// A Net is the world outside one gateway: its listeners, and the clients that call it. Everything is
// closed by Close, at the end of the server.
type Net interface {
	// Listen opens one of the two front doors. Every request that comes in is passed to serve, on a task
	// of the Target realm that serves the request's connection: requests of one connection one after the
	// other, connections at the same time. Serve has responded or upgraded when it returns, or it has not,
	// and then the connection is dropped.
	Listen(t *world.Task, door Door, serve Serve) (Listener, error)
	// Connect opens a client's connection to a door. It fails with ErrRefused when nobody accepts it.
	Connect(t *world.Task, door Door, name string) (Conn, error)
	// Close frees whatever is left, once every task of the server has ended. It does not wait.
	Close(t *world.Task)
}

// Serve is what the core does with one request.
type Serve func(t *world.Task, x Exchange)

// A Door is one of the gateway's two listeners.
type Door uint8

// The doors.
const (
	Plain Door = iota // HTTP/1.1 on TCP
	TLS               // the same with TLS beneath
)

// String returns the door's name.
func (d Door) String() string {
	if d == TLS {
		return "https"
	}
	return "http"
}

// A Listener is one open door with the connections that came through it.
type Listener interface {
	// StopAccepting refuses new connections from now on; connections that are there stay, and carry on. It
	// does not wait. Calling it again does nothing.
	StopAccepting(t *world.Task)
	// Drain lets every connection finish, as hyper's graceful shutdown and http.Server.Shutdown do: one that
	// carries no request is closed now, one that does after its answer. An upgraded connection counts as
	// finished. It returns when none is left, or when Kill was called. The core decides which doors it
	// drains: one that nobody drains is not watched.
	Drain(t *world.Task)
	// Kill drops every connection of the door, upgraded ones too, without a word: what the end of the
	// process does. Whoever waits in an Exchange or a Socket of it gets ErrGone. It does not wait.
	Kill(t *world.Task)
}

// A Request is what the core has to know of one.
type Request struct {
	ID      ledger.MsgID // of the client's message; an answer repeats it
	From    string       // the address that limits know the client by: it travels with the request, all clients have one machine
	Size    int64        // of the body, in bytes
	Upgrade bool         // it asks for a WebSocket
	Listens bool         // and wants what actors push
	Lane    int          // the client's lane, which owns what is sent to it over an upgraded connection
	Name    string       // the client's name, for tasks and reports
}

// An Exchange is one request until it is answered.
type Exchange interface {
	Request() Request
	// Gone is cancelled when the client has hung up, or the connection is lost. A handler awaits it beside
	// whatever else it waits for: that is where its future would have been dropped.
	Gone() *world.Token
	// Respond sends the whole answer. It may block as long as the client does not read.
	Respond(t *world.Task, r Response) error
	// Upgrade answers 101 and turns the connection into a WebSocket, which outlives the exchange.
	Upgrade(t *world.Task) (Socket, error)
}

// A Response is an answer.
type Response struct {
	Status Status
	ID     ledger.MsgID // of the request that it answers, which a bug may have mixed up
	// Last says that the connection is closed after it ("Connection: close"): the client is told to go away.
	Last bool
}

// A Status is an HTTP status.
type Status int

// The statuses that the gateway answers with.
const (
	StatusOK          Status = 200
	StatusRateLimited Status = 429 // a limit of the client's is used up: refused, overloaded
	StatusUnavailable Status = 503 // the gateway is stopping: refused, closed
	StatusTimeout     Status = 504 // the actor has not answered in time: refused, timeout
)

// A Socket is one end of a WebSocket. One task at a time sends, one at a time receives.
type Socket interface {
	// Recv waits for the next frame. Pings and the closing handshake are the core's: control frames are
	// passed on like any other, and nothing is answered.
	Recv(t *world.Task) (Frame, error)
	// Send waits until the frame is on its way, which takes as long as the client does not read.
	Send(t *world.Task, f Frame) error
	// Cut ends the connection. What was sent before still reaches a client that reads; whoever waits in
	// Recv or Send gets ErrGone. It does not wait, and may be called by any task, and again.
	Cut(t *world.Task)
}

// A FrameKind is what a frame is for.
type FrameKind uint8

// The kinds of frames.
const (
	Data  FrameKind = iota // a message: of the client, or one that was pushed to it
	Ack                    // the actor has taken the client's message of that id
	Ping                   // the control frame, with Seq as its payload; a client that reads on answers it
	Pong                   // the answer, with the same Seq: all that was sent before the ping has been handled
	Close                  // the control frame, with Code; the other side answers with the same
)

// A Frame is one WebSocket frame.
type Frame struct {
	Kind FrameKind
	ID   ledger.MsgID
	Size int64
	Seq  int64
	Code int
}

// Close codes (RFC 6455, section 7.4, and the registry it founded).
const (
	CodeNormal   = 1000
	CodeAway     = 1001 // the server is going away
	CodeAbnormal = 1006 // the connection ended without a Close frame; never sent
	CodeOverload = 1013 // try again later: the client did not keep up
	CodeTimeout  = 3008 // the tunnel behind the socket was declared dead
)

// A Conn is a client's end of one connection. It is used by one task.
type Conn interface {
	// Ask sends a request and waits for the answer. When hangUp is not 0 it waits no longer than that, and
	// closes the connection. It never repeats a request. An ending other than Answered leaves the
	// connection useless, and so does an answer that was the Last.
	Ask(t *world.Task, q Request, hangUp time.Duration) (Response, Ending)
	// Upgrade sends a request for a WebSocket. The ending is Answered when the answer was 101, and the
	// socket is nil otherwise. Of the socket Send may be called by two tasks at a time.
	Upgrade(t *world.Task, q Request) (Socket, Response, Ending)
	// HangUp closes the connection. Calling it again does nothing.
	HangUp(t *world.Task)
}

// An Ending is how one request, or a connection that carries none, ended in the eyes of its client.
type Ending struct {
	Msg     ledger.MsgID // 0: a lasting connection
	End     End
	Code    int   // a lasting connection's close code, CodeAbnormal for none; an answer's status
	Out, In int64 // bytes of the request sent and of the answer received, counted below the client; -1: not known
}

// An End is a way to end.
type End uint8

// The ends.
const (
	Answered   End = iota // whole
	NotSent               // not a byte of it was sent: no connection, or one that was seen closed first
	Unanswered            // it was sent, or a part of it, and the connection ended without a byte of an answer
	CutShort              // the answer began and was not finished
	ToldAway              // sent, and told to go away: 503, or a Close frame in place of an answer
	HungUp                // the client itself went
	Closed                // a lasting connection ended; see Code
)
