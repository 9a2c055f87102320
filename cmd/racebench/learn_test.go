package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/discover"
	"github.com/racebench/racebench/internal/learn"
)

// ask is the command that scripts let a probe learn from: "testserver ask REQUEST..." with each such as POST/path; "fail"
// ends with status 3.
func askLearned(requests []string) {
	for _, request := range requests {
		switch request {
		case "fail":
			fmt.Println("2 of 3 tests failed")
			os.Exit(3)
		}
		method, path, _ := strings.Cut(request, "/")
		body := os.Getenv("BODY")
		if method == "GET" {
			body = ""
		}
		r, err := http.NewRequest(method, os.Getenv("BASE_URL")+"/"+path, strings.NewReader(body))
		if err != nil {
			panic(err)
		}
		r.Header.Set("Authorization", "Bearer sesame-of-the-tests")
		r.Header.Set("X-Kind", "test")
		a, err := http.DefaultClient.Do(r)
		if err != nil {
			panic(err)
		}
		_, _ = io.Copy(io.Discard, a.Body)
		_ = a.Body.Close()
	}
}

// shop gives a test server what tests ask of a shop: "shop" keeps nothing over a restart.
func shop() {
	var mu sync.Mutex
	var orders []string
	http.HandleFunc("GET /orders", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Fprintln(w, strings.Join(orders, "\n"))
	})
	http.HandleFunc("POST /orders", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.Header.Get("X-Kind") != "test" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		mu.Lock()
		defer mu.Unlock()
		orders = append(orders, string(body))
		w.WriteHeader(http.StatusCreated)
	})
	var asked int
	http.HandleFunc("GET /limited", func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		if asked++; asked > 5 {
			w.WriteHeader(http.StatusTooManyRequests)
		}
	})
	gone := false
	http.HandleFunc("DELETE /page", func(w http.ResponseWriter, r *http.Request) { gone = true })
	http.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) {
		if gone {
			http.NotFound(w, r)
		}
	})
	http.HandleFunc("GET /log-out", func(http.ResponseWriter, *http.Request) {})
	http.HandleFunc("GET /end", func(w http.ResponseWriter, r *http.Request) { os.Exit(0) })
}

// taught is a lesson of these routes, each with as many ways as it has letters after its name.
func taught(routes ...learn.Route) *lesson {
	s := &lesson{lookAround: &lookAround{w: newProbeFlags(nil)}, routes: routes}
	s.w.learned = routes
	s.w.learnedLoad()
	return s
}

func way(method, path string) learn.Request {
	return learn.Request{Method: method, Path: path, As: discover.Request, Status: "2xx"}
}

// TestWhatChangesIsDroppedFirst has a GET that suffers from a POST, one that suffers from a DELETE which is well itself, and
// one that is at fault alone.
func TestWhatChangesIsDroppedFirst(t *testing.T) {
	get := learn.Route{Name: "GET /a", Ways: []learn.Request{way("GET", "/a")}}
	post := learn.Route{Name: "POST /a", Ways: []learn.Request{way("POST", "/a"), way("POST", "/a?b")}}
	remove := learn.Route{Name: "DELETE /a", Ways: []learn.Request{way("DELETE", "/a")}}
	s := taught(get, post, remove)
	both := []external.Unwell{{Group: "get-a", Why: "x"}, {Group: "get-a-oneshot", Why: "x"}, {Group: "post-a", Why: "409"}}
	if !s.drop(both, false) || len(s.routes[0].Ways) != 1 || len(s.routes[1].Ways) != 1 {
		t.Errorf("after the first: %+v", s.routes)
	}
	if !s.drop(both[:1], false) || len(s.routes[0].Ways) != 1 || len(s.routes[2].Ways) != 0 {
		t.Errorf("the DELETE was not dropped: %+v", s.routes)
	}
	if !s.drop(both[:1], false) || len(s.routes[0].Ways) != 0 || s.routes[0].Why != "x" {
		t.Errorf("the GET was not dropped: %+v", s.routes)
	}
	if s.drop(nil, false) || s.nothing() != nil {
		t.Errorf("one is well and stays: %+v", s.routes)
	}
	if !s.drop(both[2:], true) || s.nothing() == nil {
		t.Errorf("where time is short no other way is tried: %+v", s.routes)
	}
}

// TestWhatIsMisreadIsAskedPlainly has two writes of which the name of one begins the other's.
func TestWhatIsMisreadIsAskedPlainly(t *testing.T) {
	write := way("POST", "/a")
	write.Write = &learn.Write{Read: "/a"}
	s := taught(learn.Route{Name: "POST /a", Ways: []learn.Request{write, way("POST", "/a")}}, learn.Route{Name: "POST /a-b", Ways: []learn.Request{write}})
	misread := trial.Control{Why: void.ControlMisread.Because("post-a: GET /a was answered with 404")}
	if !s.dropMisread(misread) || s.routes[0].Ways[0].Write != nil || len(s.routes[1].Ways) != 1 {
		t.Errorf("%+v", s.routes)
	}
	if s.dropMisread(misread) || s.dropMisread(trial.Control{}) {
		t.Errorf("what is asked plainly was dropped: %+v", s.routes)
	}
}

// TestLearnedGroups has a route of each kind.
func TestLearnedGroups(t *testing.T) {
	write, events, socket, second := way("PUT", "/kv/{id}"), way("GET", "/events"), way("GET", "/live"), way("GET", "/h2")
	write.Write, write.Body, events.As, socket.As, second.HTTP2 = &learn.Write{Read: "/kv/{id}", Given: "id"}, "x", discover.Events, discover.Socket, true
	post := way("POST", "/a")
	post.Headers, post.Body = [][2]string{{"X-Kind", "test"}}, "{}"
	s := taught(learn.Route{Name: "POST /a", Ways: []learn.Request{post}}, learn.Route{Name: "PUT /kv/a", Ways: []learn.Request{write}}, learn.Route{Name: "GET /events", Ways: []learn.Request{events}},
		learn.Route{Name: "GET /live", Ways: []learn.Request{socket}}, learn.Route{Name: "GET /h2", Ways: []learn.Request{second}}, learn.Route{Name: "GET /gone", Why: "x"},
		learn.Route{Name: "GET /{id}", Ways: []learn.Request{way("GET", "/7")}}, learn.Route{Name: "GET /id", Ways: []learn.Request{way("GET", "/id")}})
	var got []string
	for _, g := range s.w.learnedLoad() {
		text := func(name string) string { v, _ := g.Get(name); return v.Text }
		got = append(got, strings.Join(strings.Fields(strings.Join([]string{text("as"), text("client"), text("method"), text("path"), text("read"), text("given"), text("body"), text("status")}, " ")), " "))
	}
	want := []string{
		"post-a http-keepalive POST /a {} 2xx", "put-kv-a write-http PUT /kv/{id} /kv/{id} id x 2xx", "get-events sse /events 2xx", "get-live websocket /live 2xx", "get-h2 http2 /h2 2xx",
		"get-id http-keepalive /7 2xx", "get-id-oneshot http-oneshot /7 2xx", "get-id-preopened http-preopened /7 2xx", "get-id-2 http-keepalive /id 2xx",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestHowACommandEnded has every end of one.
func TestHowACommandEnded(t *testing.T) {
	exit := exec.Command("false").Run()
	for name, c := range map[string]struct {
		ran          error
		ended        bool
		asked        int
		told, refuse string
	}{
		"well":                {asked: 1},
		"with a status":       {ran: &failedLesson{exit, "one\ntwo"}, asked: 1, told: "--learn: it ended with exit status 1; what it had asked by then is asked again; its last lines: one / two"},
		"too late":            {ran: &failedLesson{context.DeadlineExceeded, ""}, asked: 1, told: "--learn: it had not ended after 1s and was ended (--timeout gives it more: a third of that time); what"},
		"by the program":      {ran: &failedLesson{exit, ""}, ended: true, asked: 1, told: "--learn: the program ended while it ran; what"},
		"by its sudden end":   {ran: &failedLesson{context.Canceled, ""}, asked: 1, told: "--learn: the program ended while it ran; what"},
		"nothing asked":       {refuse: "asked nothing of the program: have it ask the address in $BASE_URL"},
		"nothing, and failed": {ran: &failedLesson{exit, "one"}, refuse: "asked nothing of the program (it ended with exit status 1; its last lines: one): have it"},
	} {
		t.Run(name, func(t *testing.T) {
			s := taught(learn.Route{Name: "GET /a", Ways: []learn.Request{way("GET", "/a")}})
			s.asked, s.limit = c.asked, time.Second
			err := s.judge(c.ran, c.ended)
			if c.refuse == "" && err != nil || c.refuse != "" && (err == nil || !strings.Contains(err.Error(), c.refuse)) {
				t.Errorf("error %v, want %q", err, c.refuse)
			}
			if told := strings.Join(s.told, "\n"); c.told == "" && told != "" || !strings.HasPrefix(told, c.told) {
				t.Errorf("told %q, want %q", told, c.told)
			}
		})
	}
}

// TestACommandIsEndedWithAllThatItStarted has one that leaves a process and never ends. It asks the address that it is given.
func TestACommandIsEndedWithAllThatItStarted(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("elsewhere nobody guards what a command starts")
	}
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	left := filepath.Join(t.TempDir(), "left")
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	s := taught()
	s.limit, s.w.learn = time.Minute, fmt.Sprintf("test {url} = $BASE_URL || exit 1; setsid sleep 1000 & echo $! >%[1]s.new; mv %[1]s.new %[1]s; wait", left)
	ended := make(chan error, 1)
	go func() {
		ran, err := s.record(ctx, extern.Lent{Address: server.Listener.Addr().String()})
		ended <- cmp.Or(err, ran)
	}()
	var raw []byte
	for raw == nil {
		select {
		case err := <-ended:
			t.Fatalf("it ended by itself: %v", err)
		case <-time.After(time.Millisecond):
			raw, _ = os.ReadFile(left)
		}
	}
	interrupt()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	if _, err := os.Stat("/proc/" + strings.TrimSpace(string(raw))); err == nil {
		t.Errorf("process %s was left", raw)
	}
}
