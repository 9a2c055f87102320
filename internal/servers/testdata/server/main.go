// Command server is a small web server that stops in one of the ways that servers in Go stop, which its argument
// names. It needs nothing but the standard library: other releases of Go build it, too.
package main

import (
	"bufio"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"
)

func main() {
	mode := "shutdown"
	if len(os.Args) > 1 {
		mode = os.Args[1]
	}
	http.HandleFunc("/slow", func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(150 * time.Millisecond)
		_, _ = io.WriteString(w, "ok")
	})
	http.HandleFunc("/ws", webSocket)
	srv := &http.Server{Addr: "127.0.0.1:" + os.Getenv("PORT")}
	if mode == "no-handler" {
		log.Print(srv.ListenAndServe())
		return
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	served := make(chan error, 1)
	go func() { served <- srv.ListenAndServe() }()
	select {
	case <-stop:
	case err := <-served:
		log.Print(err)
		return
	}
	switch mode {
	case "returns": // as a main does that waits for ListenAndServe and not for Shutdown
		go func() { _ = srv.Shutdown(context.Background()) }()
		<-served
		return
	case "close":
		_ = srv.Close()
		return
	case "short":
		ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
		defer cancel()
		_ = srv.Shutdown(ctx)
		return
	case "tells":
		tellSockets()
	case "delay":
		srv.SetKeepAlivesEnabled(false)
		time.Sleep(500 * time.Millisecond)
	}
	_ = srv.Shutdown(context.Background())
}

var (
	mu      sync.Mutex
	sockets = map[net.Conn]bool{}
)

// webSocket takes a connection over, as libraries of WebSockets do: Shutdown knows nothing of it any more.
func webSocket(w http.ResponseWriter, r *http.Request) {
	sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
	conn, rw, err := w.(http.Hijacker).Hijack()
	if err != nil {
		log.Print(err)
		return
	}
	fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n\r\n",
		base64.StdEncoding.EncodeToString(sum[:]))
	_ = rw.Flush()
	mu.Lock()
	sockets[conn] = true
	mu.Unlock()
	go func() {
		_, _ = io.Copy(io.Discard, bufio.NewReader(conn))
		mu.Lock()
		delete(sockets, conn)
		mu.Unlock()
		_ = conn.Close()
	}()
}

// tellSockets says to every client that the server is going away.
func tellSockets() {
	mu.Lock()
	defer mu.Unlock()
	for conn := range sockets {
		_, _ = conn.Write([]byte{0x88, 2, 1001 >> 8, 1001 & 0xff}) // a close frame, RFC 6455 section 5.5.1
	}
}
