package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// testServer is the program that scripts probe: "testserver good" finishes what is under way when it is
// signalled, "testserver bad" exits at once, "testserver worker" listens on nothing,
// "testserver parent FILE" has a process of its own.
func testServer() {
	switch os.Args[1] {
	case "ask":
		askLearned(os.Args[2:])
		return
	case "shop":
		shop()
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	if os.Args[1] == "worker" {
		fmt.Println("worker: ready")
		<-stop
		return
	}
	if os.Args[1] == "parent" { // has a process of its own, whose id it writes down, and leaves it to itself
		child := exec.Command("sleep", "100")
		if err := child.Start(); err != nil {
			panic(err)
		}
		if err := os.WriteFile(os.Args[2], []byte(strconv.Itoa(child.Process.Pid)), 0o644); err != nil {
			panic(err)
		}
	}
	if os.Args[1] == "early" || os.Args[1] == "early-careless" { // has its handler long before it listens
		select {
		case <-stop:
			if os.Args[1] == "early" {
				return
			}
			stop = make(chan os.Signal) // nobody was there to be stopped
		case <-time.After(400 * time.Millisecond):
		}
	}
	if os.Args[1] == "early-waits" { // is told long before it listens, and goes on for a while
		time.Sleep(300 * time.Millisecond)
	}
	stopping := make(chan struct{})
	http.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-stopping:
			http.Error(w, "gone", http.StatusInternalServerError)
		case <-time.After(100 * time.Millisecond):
			fmt.Fprintln(w, "hello")
		}
	})
	var leaving atomic.Bool
	if os.Args[1] == "pod" { // says that it leaves, and goes on answering for a while
		http.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
			if leaving.Load() {
				http.Error(w, "leaving", http.StatusServiceUnavailable)
			}
		})
	}
	if os.Args[1] == "absent" { // has nothing at all, and takes a while to say so
		http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(30 * time.Millisecond)
			http.NotFound(w, r)
		})
	}
	if os.Args[1] == "store" || os.Args[1] == "store-forgets" {
		store(os.Args[2], os.Args[1] == "store")
	}
	if strings.HasPrefix(os.Args[1], "site") {
		site(os.Args[1], stopping)
	}
	srv := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), Protocols: new(http.Protocols)}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	go func() { fmt.Fprintln(os.Stderr, srv.ListenAndServe()) }()
	<-stop
	if os.Args[1] == "fails" || os.Args[1] == "site-fails" || os.Args[1] == "site" { // what is in flight when it is told to stop
		close(stopping)
	}
	if os.Args[1] == "pod" {
		leaving.Store(true)
		time.Sleep(1200 * time.Millisecond)
	}
	if os.Args[1] == "early-waits" {
		time.Sleep(500 * time.Millisecond)
	}
	if os.Args[1] == "twice-careless" { // a second signal finds it in the middle of its stop
		select {
		case <-stop:
			select {}
		case <-time.After(time.Second): // so that it is still there on a busy machine
		}
	}
	if os.Args[1] != "bad" {
		_ = srv.Shutdown(context.Background())
	}
}

// store gives a server values by name: on disk, or in memory alone.
func store(dir string, keeps bool) {
	var memory sync.Map
	http.HandleFunc("POST /kv/{id}", func(w http.ResponseWriter, r *http.Request) {
		value, err := io.ReadAll(r.Body)
		if err == nil && keeps { // whole, or not at all
			if err = os.WriteFile(filepath.Join(dir, "."+r.PathValue("id")), value, 0o600); err == nil {
				err = os.Rename(filepath.Join(dir, "."+r.PathValue("id")), filepath.Join(dir, r.PathValue("id")))
			}
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		memory.Store(r.PathValue("id"), value)
	})
	http.HandleFunc("GET /kv/{id}", func(w http.ResponseWriter, r *http.Request) {
		if value, ok := memory.Load(r.PathValue("id")); ok {
			_, _ = w.Write(value.([]byte))
			return
		}
		http.ServeFile(w, r, filepath.Join(dir, r.PathValue("id")))
	})
}

// site gives a server pages that a probe finds by itself: one that is right, one that fails when it stops in "site-fails"
// and waits otherwise, and such as no correct server may be reported for.
func site(mode string, stopping chan struct{}) {
	var counted, asked atomic.Int64
	page := func(path, text string) {
		http.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) })
	}
	page("GET /openapi.json", `{"openapi": "3.1.0", "paths": {"/jobs": {"get": {}}, "/jobs/{id}": {"get": {}}, "/write": {"post": {}}}}`)
	http.HandleFunc("GET /{$}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, `<a href="/sometimes">1</a><a href="/once">2</a><a href="/for-ever">3</a><a href="/late">4</a><a href="/log-out">5</a><a href="/private">6</a>`)
	})
	http.HandleFunc("GET /jobs", func(w http.ResponseWriter, _ *http.Request) {
		end := stopping
		if mode == "site" {
			end = nil
		}
		select {
		case <-end:
			http.Error(w, "gone", http.StatusInternalServerError)
		case <-time.After(60 * time.Millisecond):
			fmt.Fprintln(w, "[]")
		}
	})
	http.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-stopping: // which is what it is for
			http.Error(w, "stopping", http.StatusServiceUnavailable)
		case <-time.After(20 * time.Millisecond):
		}
	})
	http.HandleFunc("GET /events", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_ = http.NewResponseController(w).Flush()
		<-stopping
	})
	http.HandleFunc("GET /sometimes", func(w http.ResponseWriter, _ *http.Request) {
		if counted.Add(1)%3 == 0 {
			http.Error(w, "not now", http.StatusInternalServerError)
		}
	})
	http.HandleFunc("GET /once", func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) > 1 {
			http.NotFound(w, r)
		}
	})
	http.HandleFunc("GET /for-ever", func(w http.ResponseWriter, _ *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-stopping
	})
	http.HandleFunc("GET /late", func(http.ResponseWriter, *http.Request) { time.Sleep(3 * time.Second) })
	http.HandleFunc("GET /private", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "who?", http.StatusUnauthorized) })
	http.HandleFunc("GET /log-out", func(http.ResponseWriter, *http.Request) { os.Exit(3) })
}
