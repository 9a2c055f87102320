// Command orders is a small service with its own tests: orders serve PORT FILE, orders test. Where BUG is set it
// answers before it has written, and forgets what is left to write when it is stopped.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"time"
)

type order struct {
	ID   int    `json:"id"`
	Item string `json:"item"`
}

type shop struct {
	mu     sync.Mutex
	orders []order
	late   [][]byte
	file   *os.File
	tokens map[string]bool
}

func main() {
	if os.Args[1] == "test" {
		test(os.Getenv("BASE_URL"))
		return
	}
	serve(os.Args[2], os.Args[3])
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func serve(port, file string) {
	s := &shop{tokens: map[string]bool{}}
	var err error
	s.file, err = os.OpenFile(file, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	must(err)
	lines := bufio.NewScanner(s.file)
	for lines.Scan() {
		var o order
		must(json.Unmarshal(lines.Bytes(), &o))
		s.orders = append(s.orders, o)
	}
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, r *http.Request) { reply(w, 200, "shop") })
	http.HandleFunc("GET /orders", s.list)
	http.HandleFunc("POST /orders", s.add)
	http.HandleFunc("GET /orders/{id}", s.get)
	http.HandleFunc("DELETE /orders/{id}", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(405) })
	http.HandleFunc("GET /old", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://127.0.0.1:"+port+"/report", 302)
	})
	http.HandleFunc("GET /report", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(20 * time.Millisecond)
		reply(w, 200, "report")
	})
	http.HandleFunc("GET /token", s.token)
	http.HandleFunc("POST /login", s.login)
	l, err := net.Listen("tcp", "127.0.0.1:"+port)
	must(err)
	server := &http.Server{}
	asked, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	go func() { _ = server.Serve(l) }()
	flush := time.NewTicker(700 * time.Millisecond)
	for asked.Err() == nil {
		select {
		case <-asked.Done():
		case <-flush.C:
			s.flush()
		}
	}
	must(server.Shutdown(context.Background()))
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (s *shop) list(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	reply(w, 200, len(s.orders))
}

func (s *shop) get(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, o := range s.orders {
		if fmt.Sprint(o.ID) == r.PathValue("id") {
			reply(w, 200, o)
			return
		}
	}
	reply(w, 404, "none")
}

func (s *shop) add(w http.ResponseWriter, r *http.Request) {
	var o order
	if json.NewDecoder(r.Body).Decode(&o) != nil || o.Item == "" {
		reply(w, 400, "item?")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	o.ID = 100 + len(s.orders)
	s.orders = append(s.orders, o)
	line, _ := json.Marshal(o)
	s.late = append(s.late, append(line, '\n'))
	if os.Getenv("BUG") == "" {
		s.write()
	}
	reply(w, 201, o)
}

func (s *shop) flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.write()
}

func (s *shop) write() {
	_, err := s.file.Write(bytes.Join(s.late, nil))
	must(err)
	s.late = nil
}

func (s *shop) token(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := fmt.Sprint("once-", time.Now().UnixNano())
	s.tokens[token] = true
	reply(w, 200, token)
}

func (s *shop) login(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token := r.Header.Get("X-Csrf-Token"); !s.tokens[token] {
		reply(w, 403, "token")
		return
	} else {
		delete(s.tokens, token)
	}
	reply(w, 200, "in")
}

// test are its tests.
func test(base string) {
	ask := func(method, path, body string, want int, headers ...string) string {
		r, err := http.NewRequest(method, base+path, strings.NewReader(body))
		must(err)
		r.Header.Set("Authorization", "Bearer of-the-tests-0123456789abcdef")
		r.Header.Set("Content-Type", "application/json")
		for i := 0; i+1 < len(headers); i += 2 {
			r.Header.Set(headers[i], headers[i+1])
		}
		a, err := http.DefaultClient.Do(r)
		must(err)
		text, err := io.ReadAll(a.Body)
		must(err)
		if a.StatusCode != want || a.Request.URL.Host != r.URL.Host {
			log.Fatalf("%s %s: %d by %s, want %d", method, path, a.StatusCode, a.Request.URL, want)
		}
		return string(text)
	}
	ask("GET", "/", "", 200)
	ask("GET", "/old", "", 200)
	for range 300 {
		ask("GET", "/orders", "", 200)
	}
	var o order
	must(json.Unmarshal([]byte(ask("POST", "/orders", `{"item":"a book"}`, 201)), &o))
	ask("POST", "/orders", `{}`, 400)
	ask("GET", fmt.Sprint("/orders/", o.ID), "", 200)
	ask("GET", "/nothing", "", 404)
	ask("DELETE", "/orders/1", "", 405)
	var token string
	must(json.Unmarshal([]byte(ask("GET", "/token", "", 200)), &token))
	ask("POST", "/login", "", 200, "X-Csrf-Token", token)
	ask("POST", "/login", "", 403, "X-Csrf-Token", token)
}
