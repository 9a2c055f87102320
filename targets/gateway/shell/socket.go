package shell

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets/gateway"
)

const (
	readBuffer  = 1 << 10
	writeBuffer = 4 << 10 // a frame that fits takes one system call
)

var writeBuffers sync.Pool

// A socket is one end of a WebSocket.
type socket struct {
	ws   *websocket.Conn
	wire *wire

	sending, receiving *world.Object

	writing sync.Mutex
	reading sync.Mutex
	over    bool // the other side's Close frame has come; guarded by reading
	isCut   atomic.Bool
}

func newSocket(w *world.World, ws *websocket.Conn, wire *wire, client, owner string) *socket {
	wire.pinned.Store(true)
	// The closing handshake is the core's.
	ws.SetCloseHandler(func(int, string) error { return nil })
	return &socket{
		ws: ws, wire: wire,
		sending:   w.NewObject("room on the wire of " + client + " for " + owner),
		receiving: w.NewObject("what comes over the wire of " + client + " to " + owner),
	}
}

// Recv implements gateway.Socket.
func (s *socket) Recv(t *world.Task) (f gateway.Frame, err error) {
	t.Blocking(s.receiving, func() { f, err = s.read() })
	if err != nil && s.wire.gone != nil {
		s.wire.gone.Expire()
	}
	return f, err
}

func (s *socket) read() (gateway.Frame, error) {
	s.reading.Lock()
	defer s.reading.Unlock()
	if s.isCut.Load() {
		return gateway.Frame{}, gateway.ErrGone
	}
	if s.over {
		// What follows a Close frame is nobody's; the end of it is waited for.
		_, _ = io.Copy(io.Discard, s.ws.NetConn())
		return gateway.Frame{}, gateway.ErrGone
	}
	_, r, err := s.ws.NextReader()
	if closed := (*websocket.CloseError)(nil); errors.As(err, &closed) && closed.Code != gateway.CodeAbnormal {
		s.over = true
		return gateway.Frame{Kind: gateway.Close, Code: closed.Code}, nil
	}
	if err != nil {
		return gateway.Frame{}, gateway.ErrGone
	}
	var head [headSize]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return gateway.Frame{}, gateway.ErrGone
	}
	f := readHead(head)
	if n, err := io.Copy(io.Discard, r); err != nil || n != f.Size-min(f.Size, headSize) {
		return gateway.Frame{}, gateway.ErrGone
	}
	return f, nil
}

// Send implements gateway.Socket.
func (s *socket) Send(t *world.Task, f gateway.Frame) (err error) {
	t.Blocking(s.sending, func() { err = s.write(f) })
	if err != nil {
		return gateway.ErrGone
	}
	return nil
}

func (s *socket) write(f gateway.Frame) error {
	s.writing.Lock()
	defer s.writing.Unlock()
	if s.isCut.Load() {
		return gateway.ErrGone
	}
	if f.Kind == gateway.Close {
		return s.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(f.Code, ""), time.Time{})
	}
	w, err := s.ws.NextWriter(websocket.BinaryMessage)
	if err != nil {
		return err
	}
	head := appendHead(make([]byte, 0, headSize), f)
	if _, err := w.Write(head); err != nil {
		return err
	}
	for rest := f.Size - headSize; rest > 0; rest -= int64(len(padding)) {
		if _, err := w.Write(padding[:min(rest, int64(len(padding)))]); err != nil {
			return err
		}
	}
	return w.Close()
}

// Cut implements gateway.Socket.
func (s *socket) Cut(*world.Task) {
	if s.isCut.Swap(true) {
		return
	}
	if s.wire.door == nil {
		s.wire.drop()
		return
	}
	s.wire.gone.Expire()
	s.wire.interrupt()
	go s.linger()
}

// linger lets a client read what was sent before the cut: to close a connection with bytes in it that
// nobody has read resets it, and takes back what the other side has not read. It ends with the client's end,
// or with Kill.
func (s *socket) linger() {
	s.writing.Lock()
	_ = s.wire.tcp.CloseWrite()
	s.writing.Unlock()
	s.reading.Lock() // whoever was reading has gone, and nobody will again
	_ = s.wire.tcp.SetReadDeadline(time.Time{})
	s.reading.Unlock()
	_, _ = io.Copy(io.Discard, s.wire.Conn)
	s.wire.drop()
	s.wire.door.conns.remove(s.wire)
}

// headSize is the least that a message takes: what a frame says of itself. Pings and pongs are messages of
// that size: the library answers control pings below its readers, and hands none on.
const headSize = 25

var padding [4 << 10]byte

func appendHead(b []byte, f gateway.Frame) []byte {
	b = append(b, byte(f.Kind))
	b = binary.BigEndian.AppendUint64(b, uint64(f.ID))
	b = binary.BigEndian.AppendUint64(b, uint64(f.Size))
	return binary.BigEndian.AppendUint64(b, uint64(f.Seq))
}

func readHead(b [headSize]byte) gateway.Frame {
	return gateway.Frame{
		Kind: gateway.FrameKind(b[0]), ID: ledger.MsgID(binary.BigEndian.Uint64(b[1:])),
		Size: int64(binary.BigEndian.Uint64(b[9:])), Seq: int64(binary.BigEndian.Uint64(b[17:])),
	}
}
