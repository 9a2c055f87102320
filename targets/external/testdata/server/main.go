// Command server is what the tests of package external test: an HTTP server that stops well, or in one of the
// ways that servers stop badly.
package main

import (
	"bufio"
	"context"
	"crypto/sha1"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

var (
	mode    = os.Args[1]
	mu      sync.Mutex
	sockets = map[net.Conn]bool{}
	kept    = map[string]string{}
	late    = make(chan struct{}, 2)
	half    = make(chan struct{}, 1)

	listener net.Listener // of a mode that closes it alone
)

// long is how long an answer takes that no slow machine delivers before a signal.
const long = 1500 * time.Millisecond

func main() {
	addr := "127.0.0.1:" + os.Getenv("PORT")
	switch mode {
	case "nats", "nats-forgets", "nats-mute":
		store(addr, serveNATS)
	case "mqtt", "mqtt-forgets":
		store(addr, serveMQTT)
	case "amqp", "amqp-forgets", "amqp-mute":
		store(addr, serveAMQP)
	case "h2-refuses", "h2-forgets":
		frames(addr)
	case "lingers", "lingers-briefly", "leaks", "leaks-not":
		minding(addr)
		return
	case "adapter", "adapter-unsure":
		adapt()
		return
	case "exits-at-once":
		fmt.Fprint(os.Stderr, "no configuration file") // and no end of the line
		os.Exit(3)
	case "port-taken":
		l, err := net.Listen("tcp", "127.0.0.1:0")
		must(err)
		_, err = net.Listen("tcp", l.Addr().String())
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	case "wants-password":
		must(http.ListenAndServe(addr, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusUnauthorized) })))
	case "listens-on-nothing":
		select {}
	case "wrapper": // starts the server and does not hand signals on
		cmd := exec.Command(os.Args[0], "shutdown")
		cmd.Stderr = os.Stderr
		must(cmd.Start())
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		<-stop
		os.Exit(0)
	case "background":
		cmd := exec.Command(os.Args[0], "shutdown")
		must(cmd.Start())
		os.Exit(0)
	case "garbage":
		l, err := net.Listen("tcp", addr)
		must(err)
		for {
			c, err := l.Accept()
			must(err)
			_, _ = c.Write([]byte("220 mail.example.com ESMTP\r\n"))
			_ = c.Close()
		}
	case "chatty":
		line := strings.Repeat("x", 1<<20)
		go func() {
			for range 200 {
				fmt.Fprintln(os.Stderr, line)
			}
		}()
	}
	serve(addr)
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

func handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "hello") })
	mux.HandleFunc("/unchanged", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(50 * time.Millisecond)
		w.WriteHeader(http.StatusNotModified)
	})
	mux.HandleFunc("/late", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintln(w, "hello")
		late <- struct{}{}
	})
	mux.HandleFunc("/half", func(w http.ResponseWriter, _ *http.Request) { // begins an answer and does not finish it
		w.Header().Set("Content-Length", "100")
		fmt.Fprintln(w, "hello")
		w.(http.Flusher).Flush()
		half <- struct{}{}
		select {}
	})
	mux.HandleFunc("/slow", func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(150 * time.Millisecond)
		book("answering", r.RemoteAddr)
		w.Header().Set("Content-Length", "14") // so that the flush hands out the whole answer
		fmt.Fprintln(w, "hello at last")
		w.(http.Flusher).Flush()
		book("answered", r.RemoteAddr)
	})
	mux.HandleFunc("/work", work)
	mux.HandleFunc("/events", events)
	mux.HandleFunc("/tail", events)
	mux.HandleFunc("/long", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(long)
		fmt.Fprintln(w, "hello at long last")
	})
	mux.HandleFunc("/slower", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(3 * time.Second)
		fmt.Fprintln(w, "hello at very last")
	})
	mux.HandleFunc("/stream", func(w http.ResponseWriter, _ *http.Request) {
		for range 15 {
			fmt.Fprintln(w, "piece")
			w.(http.Flusher).Flush()
			time.Sleep(10 * time.Millisecond)
		}
	})
	mux.HandleFunc("/upload", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		if err == nil {
			fmt.Fprintln(w, n)
		}
	})
	mux.HandleFunc("/readyz", readiness)
	for path, answer := range piecewise {
		mux.HandleFunc(path, answer)
	}
	mux.HandleFunc("/ws", webSocket)
	mux.HandleFunc("/kv/", keyValue)
	return mux
}

// webSocket takes a WebSocket and never says a word on it.
func webSocket(w http.ResponseWriter, r *http.Request) {
	key := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	c, rw, err := w.(http.Hijacker).Hijack()
	must(err)
	fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(key[:]))
	mu.Lock() // who has been answered is told of the end
	must(rw.Flush())
	sockets[c] = true
	mu.Unlock()
	_, _ = io.Copy(io.Discard, bufio.NewReader(c))
}

// keyValue keeps what is PUT.
func keyValue(w http.ResponseWriter, r *http.Request) {
	key := filepath.Base(r.URL.Path)
	if r.Method == http.MethodPut {
		body, err := io.ReadAll(r.Body)
		must(err)
		put(key, string(body))
		w.WriteHeader(http.StatusCreated)
		return
	}
	value, ok := get(key)
	if !ok {
		http.NotFound(w, r)
		return
	}
	if strings.HasPrefix(mode, "wraps") { // as one that stores it in a form of its own
		value = `{"id": "` + key + `", "data": "` + base64.StdEncoding.EncodeToString([]byte(value)) + `"}`
	}
	fmt.Fprint(w, value)
}

// certified is how TLS is spoken where the environment asks for it.
func certified() *tls.Config {
	lends := httptest.NewTLSServer(nil) // a certificate
	defer lends.Close()
	return &tls.Config{Certificates: lends.TLS.Certificates}
}

func serve(addr string) {
	srv := &http.Server{Addr: addr, Handler: whileStopping(handler()), Protocols: new(http.Protocols)}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetHTTP2(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	listen := srv.ListenAndServe
	if os.Getenv("TLS") != "" {
		srv.TLSConfig = certified()
		listen = func() error { return srv.ListenAndServeTLS("", "") }
	}
	if mode == "serves-the-old" || mode == "accepts-for-long" {
		l, err := net.Listen("tcp", addr)
		must(err)
		listener, listen = l, func() error { return srv.Serve(l) }
	}
	if books() != nil {
		listen = func() error { return serveBooked(srv, addr) }
	}
	stop := make(chan os.Signal, 1)
	switch mode {
	case "no-handler":
	case "default-action": // as a program without a runtime that catches every signal
		leaveToKernel(syscall.SIGTERM)
	case "sig-ign":
		signal.Ignore(syscall.SIGTERM)
	default:
		signal.Notify(stop, syscall.SIGTERM)
	}
	served := make(chan error, 1)
	go func() { served <- listen() }()
	select {
	case err := <-served:
		must(err)
	case <-stop:
	}
	end(srv)
}

// end stops the server in the mode's way.
func end(srv *http.Server) {
	close(stopping)
	switch mode {
	case "exits": // with status 0, whatever is under way
		os.Exit(0)
	case "exits-1":
		must(srv.Shutdown(context.Background()))
		os.Exit(1)
	case "close":
		_ = srv.Close()
		return
	case "cuts": // waits, but not long enough
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
		defer cancel()
		_ = srv.Shutdown(ctx)
		return
	case "ignores":
		select {}
	case "lame-duck": // serves on after the signal, until both of /late were taken
		for range 2 {
			<-late
		}
	case "stays-ready", "turns": // serves on after the signal until its readiness was asked for often enough
		for range askedOften {
			<-askedReady
		}
	case "serves-on", "drops-kept", "says-503":
		serveOn()
	case "cuts-late": // serves on after the signal, until an answer of /half has begun
		<-half
		return
	case "hangs": // closes the listener and never ends
		_ = srv.Shutdown(context.Background())
		select {}
	case "serves-the-old": // closes the listener and goes on with the connections that it has
		must(listener.Close())
		select {}
	case "accepts-for-long": // as that, late
		time.Sleep(1700 * time.Millisecond)
		must(listener.Close())
		select {}
	case "panics":
		go func() { panic("close of closed channel") }()
		select {}
	case "orphan":
		cmd := exec.Command("sleep", "60")
		must(cmd.Start())
	case "tells": // closes WebSockets with 1001
		mu.Lock()
		for c := range sockets {
			_, _ = c.Write([]byte{0x88, 2, 0x03, 0xe9})
			_ = c.Close()
		}
		mu.Unlock()
	}
	_ = srv.Shutdown(context.Background())
}
