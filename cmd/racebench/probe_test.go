package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strconv"
	"syscall"
	"time"
)

// testServer is the program that scripts probe: "testserver good" finishes what is under way when it is
// signalled, "testserver bad" exits at once, "testserver worker" listens on nothing,
// "testserver parent FILE" has a process of its own.
func testServer() {
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
	stopping := make(chan struct{})
	http.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		select {
		case <-stopping:
			http.Error(w, "gone", http.StatusInternalServerError)
		case <-time.After(100 * time.Millisecond):
			fmt.Fprintln(w, "hello")
		}
	})
	srv := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT"), Protocols: new(http.Protocols)}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	go func() { fmt.Fprintln(os.Stderr, srv.ListenAndServe()) }()
	<-stop
	if os.Args[1] == "fails" { // what is in flight when it is told to stop
		close(stopping)
	}
	if os.Args[1] == "twice-careless" { // a second signal finds it in the middle of its stop
		select {
		case <-stop:
			select {}
		case <-time.After(300 * time.Millisecond):
		}
	}
	if os.Args[1] != "bad" {
		_ = srv.Shutdown(context.Background())
	}
}
