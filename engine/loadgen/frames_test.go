package loadgen

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// frame is one as a server sends it.
func frame(first byte, payload string) string {
	switch n := len(payload); {
	case n <= maxControl:
		return string([]byte{first, byte(n)}) + payload
	case n <= 0xffff:
		return string(binary.BigEndian.AppendUint16([]byte{first, 126}, uint16(n))) + payload
	default:
		return string(binary.BigEndian.AppendUint64([]byte{first, 127}, uint64(n))) + payload
	}
}

// heard feeds frames in pieces of a size until a message is whole.
func heard(f *frames, text []byte, size int) (n int, done bool, err error) {
	for n < len(text) && !done && err == nil {
		var took int
		took, done, err = f.feed(text[n:min(n+size, len(text))])
		n += took
	}
	return n, done, err
}

func TestFrames(t *testing.T) {
	const final = finalBit
	for _, c := range []struct {
		name, text, rest, pongs string
		want                    error
	}{
		{"a text", frame(final|opText, "hi"), "", "", nil},
		{"nothing in it", frame(final|opText, ""), "", "", nil},
		{"of two lengths", frame(final|opBinary, strings.Repeat("x", 300)), "", "", nil},
		{"of three", frame(final|opBinary, strings.Repeat("x", 70_000)), "", "", nil},
		{"in parts, a ping between", frame(opText, "h") + frame(final|opPing, "p") + frame(final|opContinued, "i"), "", string([]byte{final | opPong, maskBit | 1, 0, 0, 0, 0}) + "p", nil},
		{"another after it", frame(final|opText, "a") + frame(final|opText, "b"), frame(final|opText, "b"), "", nil},
		{"a pong first", frame(final|opPong, "") + frame(final|opText, "a"), "", "", nil},
		{"going away", frame(final|opClose, "\x03\xe9bye"), "", "", errToldAway},
		{"restarting", frame(final|opClose, "\x03\xf4"), "", "", errToldAway},
		{"closed well", frame(final|opClose, "\x03\xe8"), "", "", errClosed},
		{"closed without a word", frame(final|opClose, ""), "", "", errClosed},
		{"masked", string([]byte{final | opText, maskBit | 1, 0, 0, 0, 0, 'x'}), "", "", errFrames},
		{"compressed", frame(final|0x40|opText, "x"), "", "", errFrames},
		{"a long ping", frame(final|opPing, strings.Repeat("x", 126)), "", "", errFrames},
		{"a ping in parts", frame(opPing, ""), "", "", errFrames},
		{"of a kind that is not", frame(final|0x3, ""), "", "", errFrames},
		{"going on with nothing", frame(final|opContinued, "x"), "", "", errFrames},
		{"one within another", frame(opText, "a") + frame(final|opText, "b"), "", "", errFrames},
	} {
		for _, size := range []int{1, 3, len(c.text)} {
			var f frames
			f.reset()
			n, done, err := heard(&f, []byte(c.text), size)
			if !errors.Is(err, c.want) || done != (c.want == nil) {
				t.Errorf("%s in pieces of %d: done %v, %v", c.name, size, done, err)
			}
			if c.want == nil && (c.text[n:] != c.rest || string(f.pongs) != c.pongs) {
				t.Errorf("%s in pieces of %d: %q is left, pongs %q", c.name, size, c.text[n:], f.pongs)
			}
		}
	}
}

// FuzzFrames holds that frames are read alike in whatever pieces they come, and that no more is kept than one control
// frame and the pongs for what came.
func FuzzFrames(f *testing.F) {
	f.Add([]byte(frame(opText, "h")+frame(finalBit|opPing, "p")+frame(finalBit|opContinued, "i")), uint8(1))
	f.Add([]byte(frame(finalBit|opBinary, strings.Repeat("x", 300))), uint8(7))
	f.Fuzz(func(t *testing.T, text []byte, size uint8) {
		var once, pieces frames
		once.reset()
		pieces.reset()
		n, done, err := heard(&once, text, max(1, len(text)))
		m, alsoDone, alsoErr := heard(&pieces, text, int(size)+1)
		if n != m || done != alsoDone || (err == nil) != (alsoErr == nil) || !bytes.Equal(once.pongs, pieces.pongs) {
			t.Fatalf("at once: %d, %v, %v; in pieces: %d, %v, %v", n, done, err, m, alsoDone, alsoErr)
		}
		if len(once.pongs) > 3*len(text) {
			t.Fatalf("%d bytes of pongs for %d bytes", len(once.pongs), len(text))
		}
	})
}

// socketConfig is a closed load of two clients that send messages.
func socketConfig(t *testing.T, url string) Config {
	t.Helper()
	addr := strings.TrimPrefix(url, "http://")
	c := config(t, addr, time.Hour)
	up, err := NewUpgrade("/", addr, nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Groups[0].Upgrade, c.Groups[0].Requests = &up, []Request{NewMessage("hello"), NewMessage(strings.Repeat("x", 70_000))}
	return c
}

// sockets starts a server whose WebSockets a function serves.
func sockets(t *testing.T, serve func(c *websocket.Conn)) string {
	up := websocket.Upgrader{}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := up.Upgrade(w, r, nil)
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		serve(c)
	}))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.Start()
	t.Cleanup(srv.Close)
	return srv.URL
}

func TestMessagesAreAnswered(t *testing.T) {
	url := sockets(t, func(c *websocket.Conn) {
		for {
			kind, b, err := c.ReadMessage()
			if err != nil {
				return
			}
			_ = c.WriteControl(websocket.PingMessage, []byte("still there?"), time.Now().Add(time.Second))
			if string(b) != "hello" && len(b) != 70_000 {
				return
			}
			if c.WriteMessage(kind, b) != nil {
				return
			}
		}
	})
	trial := runUntil(t, socketConfig(t, url), 50)
	if th := trial.Throughput[0]; th.Accepted < 50 || len(trial.Failures) > 0 || len(trial.Answers) > 0 {
		t.Errorf("%+v, %v, %v", th, trial.Failures, trial.Answers)
	}
}

func TestWebSocketFailures(t *testing.T) {
	closing := func(code int) func(c *websocket.Conn) {
		return func(c *websocket.Conn) {
			_, _, _ = c.ReadMessage()
			_ = c.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""), time.Now().Add(time.Second))
		}
	}
	for _, c := range []struct {
		name, class string
		serve       func(c *websocket.Conn)
	}{
		{"goes away", "told-away", closing(1001)},
		{"closes", "sent-no-byte", closing(1000)},
		{"ends", "sent-no-byte", func(c *websocket.Conn) { _, _, _ = c.ReadMessage() }},
		{"speaks garbage", "garbage", func(c *websocket.Conn) {
			_, _, _ = c.ReadMessage()
			_, _ = c.NetConn().Write([]byte("HTTP/1.1 200 OK\r\n"))
		}},
		{"says nothing", "timeout", func(c *websocket.Conn) {
			for {
				if _, _, err := c.ReadMessage(); err != nil {
					return
				}
			}
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			cfg := socketConfig(t, sockets(t, c.serve))
			cfg.AnswerLimit = 300 * time.Millisecond
			if got := failures(runUntil(t, cfg, 2)); got[c.class] == 0 || len(got) != 1 {
				t.Errorf("failures are %v, want only %s", got, c.class)
			}
		})
	}
}

// A server that upgrades wrongly gives no connection, and a note says why.
func TestWrongUpgrades(t *testing.T) {
	for answer, why := range map[string]string{
		hello: "answered with status 200",
		"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x\r\n\r\n": "is not that of a WebSocket",
		"SSH-2.0\r\n\r\n": "malformed HTTP",
	} {
		s := serve(t, answering(answer))
		trial := runUntil(t, socketConfig(t, s.addr), 2)
		if got := failures(trial); got["unreachable"] == 0 || len(got) != 1 || !strings.Contains(strings.Join(trial.Notes, "\n"), why) {
			t.Errorf("%q: failures are %v, notes %v", answer, got, trial.Notes)
		}
	}
}
