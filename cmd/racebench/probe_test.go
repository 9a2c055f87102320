package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// testServer is the program that scripts probe: "testserver good" finishes what is under way when it is
// signalled, "testserver bad" exits at once, "testserver worker" listens on nothing.
func testServer() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	if os.Args[1] == "worker" {
		fmt.Println("worker: ready")
		<-stop
		return
	}
	http.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(100 * time.Millisecond)
		fmt.Fprintln(w, "hello")
	})
	srv := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT")}
	go func() { fmt.Fprintln(os.Stderr, srv.ListenAndServe()) }()
	<-stop
	if os.Args[1] == "good" {
		_ = srv.Shutdown(context.Background())
	}
}
