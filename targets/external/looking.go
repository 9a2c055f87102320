package external

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/internal/discover"
)

const (
	// lookLimit is how long an answer may take that a probe did not know of: a path that takes longer would make each trial
	// longer, too.
	lookLimit = time.Second
	// wholeLook is how long a look may take.
	wholeLook = 6 * time.Second
)

// lookAround records what the program can be asked for, once it is ready.
func (s *instance) lookAround() {
	a := s.p.address
	port := strconv.Itoa(a.port)
	own := discover.Origin{a.dial(), "localhost:" + port, "127.0.0.1:" + port, "[::1]:" + port}
	until := time.Now().Add(wholeLook)
	root := a.path
	if root == "" {
		root = "/"
	}
	offers := discover.Around(own, root, func(q discover.Question) discover.Answer { return a.asked(q, until) })
	if offers == nil {
		offers = a.callable(root) // who gives no answer of HTTP/1.1 may speak HTTP/2 alone
	}
	for _, o := range offers {
		text, err := json.Marshal(o)
		if err == nil {
			s.out.Process(ledger.Process{Event: extern.ProcessOffers, PID: s.p.pid, At: s.w.Now()}, string(text))
		}
	}
}

// asked asks one question on a connection of its own.
func (a address) asked(q discover.Question, until time.Time) (answer discover.Answer) {
	deadline := time.Now().Add(lookLimit)
	if deadline.After(until) {
		deadline = until
	}
	if !time.Now().Before(deadline) {
		return discover.Answer{Why: "there was no time left to ask it"}
	}
	conn, err := a.connect(time.Until(deadline))
	if err != nil {
		return discover.Answer{Why: "no connection could be made"}
	}
	defer func() { _ = conn.Close() }()
	_ = conn.SetDeadline(deadline)
	rw, err := a.secure(conn, "http/1.1")
	if err != nil {
		return discover.Answer{Why: "no connection could be made"}
	}
	var g group
	if q.Handshake {
		g.headers = handshake(base64.StdEncoding.EncodeToString([]byte("racebench looks.")))
	}
	if _, err := rw.Write(headOf(a, g, "GET", q.Path, 0, !q.Handshake)); err != nil {
		return discover.Answer{Why: "the request could not be sent"}
	}
	r, err := finalAnswer(bufio.NewReader(rw))
	if err != nil {
		return discover.Answer{Why: unanswered(err)}
	}
	defer func() { _ = r.Body.Close() }()
	answer = discover.Answer{Status: r.StatusCode, Header: r.Header}
	if r.StatusCode == http.StatusSwitchingProtocols || answer.Events() {
		return answer
	}
	if answer.Body, err = io.ReadAll(io.LimitReader(r.Body, q.Limit+1)); err != nil {
		answer.Why = unanswered(err)
	}
	if int64(len(answer.Body)) > q.Limit {
		answer.Why = fmt.Sprintf("its answer is larger than %d MiB", q.Limit>>20)
	}
	return answer
}

// finalAnswer reads an answer's head, and those of the answers that come before it (1xx).
func finalAnswer(r *bufio.Reader) (*http.Response, error) {
	for {
		a, err := http.ReadResponse(r, &http.Request{Method: http.MethodGet})
		if err != nil || a.StatusCode >= 200 || a.StatusCode == http.StatusSwitchingProtocols {
			return a, err
		}
	}
}

// unanswered says why there is no whole answer.
func unanswered(err error) string {
	var timeout net.Error
	if errors.Is(err, os.ErrDeadlineExceeded) || errors.As(err, &timeout) && timeout.Timeout() {
		return fmt.Sprintf("its answer takes longer than %s", lookLimit)
	}
	return "it gives no whole answer of HTTP/1.1"
}

// handshake are the headers that ask for a WebSocket.
func handshake(key string) [][2]string {
	return [][2]string{
		{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", key},
	}
}
