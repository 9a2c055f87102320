package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

// minding is a server whose stop depends on what its clients do. It waits for the clients to close connections that it has
// ended (lingers; lingers-briefly gives up after a while), or for handlers of which some end without saying so when their
// client is gone (leaks; leaks-not).
func minding(addr string) {
	l, err := net.Listen("tcp", addr)
	must(err)
	var open, working sync.WaitGroup
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(20 * time.Millisecond)
		fmt.Fprintln(w, "hello")
	})
	mux.HandleFunc("/pieces", func(w http.ResponseWriter, r *http.Request) {
		working.Add(1)
		for range 15 {
			fmt.Fprintln(w, "piece")
			_ = http.NewResponseController(w).Flush()
			select {
			case <-time.After(20 * time.Millisecond):
			case <-r.Context().Done():
				if mode == "leaks-not" {
					working.Done()
				}
				return
			}
		}
		working.Done()
	})
	var protocols http.Protocols
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	srv := &http.Server{Handler: mux, Protocols: &protocols}
	served := net.Listener(l)
	if mode == "lingers" || mode == "lingers-briefly" {
		served = lingerer{l, &open}
	}
	go func() { _ = srv.Serve(served) }()
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	<-stop
	must(srv.Shutdown(context.Background()))
	working.Wait()
	open.Wait()
}

// A lingerer is a listener whose connections wait for their clients' end.
type lingerer struct {
	net.Listener
	open *sync.WaitGroup
}

// Accept implements net.Listener.
func (l lingerer) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &lingering{TCPConn: c.(*net.TCPConn), open: l.open}, nil
}

type lingering struct {
	*net.TCPConn
	open *sync.WaitGroup
	once sync.Once
}

// Close implements net.Conn: this side is closed, and the other awaited.
func (c *lingering) Close() error {
	c.once.Do(func() {
		c.open.Go(func() {
			_ = c.TCPConn.CloseWrite()
			if mode == "lingers-briefly" { // by no deadline: net/http sets its own
				time.AfterFunc(100*time.Millisecond, func() { _ = c.TCPConn.Close() })
			}
			_, _ = io.Copy(io.Discard, c.TCPConn)
			_ = c.TCPConn.Close()
		})
	})
	return nil
}
