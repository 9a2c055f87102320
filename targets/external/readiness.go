package external

import (
	"errors"
	"io"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
)

const (
	// pollEvery is how far polls of a readiness lie apart.
	pollEvery = 20 * time.Millisecond
	// pollLimit is how long an answer may take: as long as orchestrators wait unless they are told otherwise.
	pollLimit = time.Second
)

// polls ask a program from the signal on, until the port refuses: for its readiness, or for anything in the time that it
// is to serve for.
type polls struct {
	path    string        // "" asks for nothing: it connects
	window  time.Duration // how long they go on; 0: until the port refuses
	started atomic.Bool
	once    sync.Once
	left    chan struct{} // closed once the first signal has left
	ended   chan struct{} // closed once nothing is asked any more
}

func newPolls(path string, window time.Duration) *polls {
	return &polls{path: path, window: window, left: make(chan struct{}), ended: make(chan struct{})}
}

// start asks from now on, as soon as the first signal has left.
func (p *polls) start(s *instance) {
	p.started.Store(true)
	go s.poll(p)
}

// asksFor lets the polls of the time that the program is to serve for ask for what the clients of a group do, where that
// is a plain GET; of several, the first by name.
func (s *instance) asksFor(g group, path string) {
	plain := slices.Contains([]string{"http-keepalive", "http-oneshot", "http-preopened"}, g.kind.name) && g.methodOr("GET") == "GET" && g.body == ""
	s.mu.Lock()
	defer s.mu.Unlock()
	if plain && s.c.readyPath == "" && !s.window.started.Load() && (s.window.path == "" || path < s.window.path) {
		s.window.path = path
	}
}

var (
	// readyPlaces are where servers tell whether they are ready. What is called health or live tells of something else.
	readyPlaces = []string{"/ready", "/readyz", "/health/ready"}
	// nowhere are paths that no server has.
	nowhere = []string{"/racebench-asks-for-what-is-not-there", "/racebench-asks-for-this-neither"}
)

// findReadiness looks for the readiness at the usual places. Where a server answers every path well, one of them is its
// readiness only if it is answered otherwise than what is not there, and all of that alike.
func (s *instance) findReadiness() {
	first, answered := s.p.address.get(nowhere[0])
	other, again := s.p.address.get(nowhere[1])
	if !answered || !again || other != first {
		return
	}
	for _, path := range readyPlaces {
		if a, answered := s.p.address.get(path); answered && a.good && a != first {
			// What changes with the time, such as a date in each answer, tells nothing.
			if still, answered := s.p.address.get(nowhere[0]); answered && still == first {
				s.polls.path = path
			}
			return
		}
	}
}

// A place is whether a path is answered with 2xx, and what is there then.
type place struct {
	good bool
	body string
}

// get asks for a path once; it returns false where no whole answer came.
func (a address) get(path string) (place, bool) {
	var body kept
	status, err := getStatus(a, path, pollLimit, &body)
	if err != nil || status/100 != 2 {
		return place{}, err == nil
	}
	return place{true, body.String()}, true
}

// begin says that the first signal has left: what is asked from now on is asked after it.
func (p *polls) begin() { p.once.Do(func() { close(p.left) }) }

// over says whether nothing is asked any more.
func (p *polls) over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}

// poll asks until the port refuses or the time is over, and records the answers; of like ones in a row, one record.
func (s *instance) poll(p *polls) {
	defer close(p.ended)
	<-p.left
	same := ledger.Poll{Window: p.window > 0}
	record := func() {
		if same.Count > 0 {
			s.out.Poll(same, p.path)
		}
	}
	defer record()
	for exited := s.p.exited; ; {
		asked := s.w.Now()
		if p.window > 0 && asked >= time.Duration(s.sent.Load())+p.window {
			return
		}
		end, code := s.p.address.poll(p.path)
		if s.closing.Load() {
			return // what it met may be racebench's doing
		}
		if end != same.End || code != same.Code || same.Count == 0 {
			record()
			same = ledger.Poll{End: end, Code: code, Window: p.window > 0, Sent: asked}
		}
		same.Count, same.Last, same.Ended = same.Count+1, asked, s.w.Now()
		if end == extern.WireRefused {
			return
		}
		select {
		case <-exited:
			exited = nil // once at once, to see what is left
		case <-time.After(pollEvery - (s.w.Now() - asked)):
		}
	}
}

// poll asks for a path once, on a connection of its own, or makes that connection alone where there is none.
func (a address) poll(path string) (extern.WireEnd, int) {
	if path == "" {
		conn, err := a.connect(pollLimit)
		if err == nil {
			_ = conn.Close()
		}
		return pollEnd(0, err)
	}
	return pollEnd(getStatus(a, path, pollLimit, nil))
}

// pollEnd says how a poll ended.
func pollEnd(status int, err error) (extern.WireEnd, int) {
	var timeout net.Error
	switch {
	case err == nil:
		return extern.WireAnswered, status
	case errors.Is(err, syscall.ECONNREFUSED):
		return extern.WireRefused, 0
	case errors.As(err, &timeout) && timeout.Timeout():
		return extern.WireOpen, 0
	case errors.Is(err, errGarbage):
		return extern.WireGarbage, 0
	case errors.Is(err, io.EOF):
		return extern.WireEOF, 0
	}
	return extern.WireReset, 0
}
