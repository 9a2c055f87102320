package loadgen

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/scenario/secret"
)

// A load whose clients never get a connection ends when its time is over.
func TestLoadWithoutConnectionsEnds(t *testing.T) {
	inEngines(t, func(t *testing.T, engine string) {
		c := config(t, "127.0.0.1:1", 50*time.Millisecond) // a port that nobody is given by chance, as one that was just closed may be
		c.Engine = engine
		if got := failures(run(t, c)); got["refused"] == 0 || len(got) != 1 {
			t.Errorf("failures are %v", got)
		}
	})
}

// An upgrade that goes wrong has a class and a reason, and the load ends.
func TestUpgradesThatGoWrong(t *testing.T) {
	for _, c := range []struct{ name, says, reason string }{
		{"another status", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "status 200"},
		{"another key", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n", "not that of a WebSocket"},
		{"another protocol", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n", "not that of a WebSocket"},
		{"an endless head", "HTTP/1.1 101 Switching Protocols\r\n" + strings.Repeat("X: y\r\n", maxHead/4), "more than 64 KiB"},
		{"the end of the connection", "HTTP/1.1 101 Swit", "ended before the answer was whole"},
		{"garbage", strings.Repeat("z", 9000) + "\r\n\r\n", "malformed HTTP response"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := serve(t, func(_ *scripted, p *peer) {
				p.request()
				p.say(c.says)
			})
			up, err := NewUpgrade("/", s.addr, nil)
			if err != nil {
				t.Fatal(err)
			}
			cfg := config(t, s.addr, 50*time.Millisecond)
			cfg.Groups[0].Upgrade, cfg.Groups[0].Requests = &up, []Request{NewMessage("hello")}
			trial := run(t, cfg)
			if got := failures(trial); got["unreachable"] == 0 || len(got) != 1 {
				t.Errorf("failures are %v", got)
			}
			notes := strings.Join(trial.Notes, "\n")
			if !strings.Contains(notes, c.reason) || len(notes) > 1<<10 {
				t.Errorf("the notes do not say %q, or say too much: %.2000s", c.reason, notes)
			}
		})
	}
}

// One server that never ends its answer keeps a client until its limit, and nothing else: not the other clients' limits,
// and not the end of the load.
func TestEndlessAnswersEnd(t *testing.T) {
	inEngines(t, func(t *testing.T, engine string) {
		for name, piece := range map[string]string{
			"trailers": strings.Repeat("X: y\r\n", 10_000), "announcements": strings.Repeat("HTTP/1.1 103 Early Hints\r\n\r\n", 3_000),
		} {
			t.Run(name, func(t *testing.T) {
				s := serve(t, func(_ *scripted, p *peer) {
					p.request()
					if name == "trailers" {
						p.say("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n")
					}
					for p.say(piece) {
					}
				})
				c := config(t, s.addr, 50*time.Millisecond)
				c.Engine, c.AnswerLimit = engine, 200*time.Millisecond
				if got := failures(run(t, c)); got["timeout"] == 0 || len(got) != 1 {
					t.Errorf("failures are %v", got)
				}
			})
		}
	})
}

// A head that comes in two pieces, the second with a body that is longer than any head, is a head.
func TestShortHeadBeforeALongBody(t *testing.T) {
	head := "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n"
	text := []byte(head + strings.Repeat("x", 1_000_000))
	for cut := 1; cut < len(head); cut++ {
		var a answer
		a.reset(true)
		n, done, err := a.feed(text[:cut])
		if err == nil && n == cut && !done {
			n, done, err = a.feed(text[cut:])
		}
		if err != nil || !done || n != len(text)-cut || a.status != 200 {
			t.Fatalf("cut at %d: %d bytes taken, done %v, status %d, %v", cut, n, done, a.status, err)
		}
	}
}

// A head without an end is refused once it has come to its limit, however it comes.
func TestHeadsWithoutAnEnd(t *testing.T) {
	text := []byte("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", 3*maxHead))
	for _, piece := range []int{1000, maxHead - 1, maxHead, maxHead + 1, len(text)} {
		var a answer
		a.reset(true)
		var err error
		for rest := text; err == nil && len(rest) > 0; rest = rest[min(piece, len(rest)):] {
			_, _, err = a.feed(rest[:min(piece, len(rest))])
		}
		if !errors.Is(err, errGarbage) || cap(a.carry) > 2*maxHead {
			t.Errorf("in pieces of %d: %v, %d bytes kept", piece, err, cap(a.carry))
		}
	}
}

// What is quoted of garbage holds no secret, nor a part of one: neither where the quote ends within it, nor where no more
// of it has come.
func TestQuotesHoldNoSecret(t *testing.T) {
	const value = "Zq81-kfPw0-Vb72x-Tt93m-Lr55c-Hh20a-Qe64z"
	secret.Note(value, "LOAD_KEY")
	for _, text := range []string{
		"you sent " + value + " to me\r\n", value + "\r\n", strings.Repeat("x", 30) + value + "\r\n", strings.Repeat("x", quoteFrom-5) + value + "\r\n",
		"HTTP/1.1 2x0 " + value + "\r\n", "HTTP/1.1 200 OK\r\nno colon " + value + "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: " + value + "\r\n\r\n",
	} {
		for cut := range len(text) {
			var a answer
			a.reset(true)
			_, _, err := a.feed([]byte(text[:cut]))
			if err == nil {
				_, _, err = a.feed([]byte(text[cut:]))
			}
			if !errors.Is(err, errGarbage) {
				t.Fatalf("%q cut at %d: %v", text, cut, err)
			}
			if strings.Contains(err.Error(), value[:5]) {
				t.Errorf("%q cut at %d: %v", text, cut, err)
			}
		}
	}
	if got := quoted([]byte("220 mail ESMTP ready")); got != `"220 mail ESMTP ready"` {
		t.Errorf("what holds no secret is quoted as %s", got)
	}
}

// A host without an address is said so, with a class: by the engine that asks nobody.
func TestHostWithoutAnAddress(t *testing.T) {
	if !hasEpoll {
		t.Skip("the other engine asks the resolver")
	}
	c := config(t, "no-such-host.invalid:80", 50*time.Millisecond)
	c.Engine = Epoll
	trial := run(t, c)
	if got := failures(trial); got["unreachable"] == 0 || len(got) != 1 || !strings.Contains(strings.Join(trial.Notes, "\n"), "has no address") {
		t.Errorf("failures are %v, notes %q", got, trial.Notes)
	}
}
