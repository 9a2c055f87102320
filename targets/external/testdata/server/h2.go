package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// frames is a server of HTTP/2 by hand, which answers every request after a while. On SIGTERM it says GOAWAY and
// ends at once: h2-refuses names the last stream up to which it has answered all, so that clients know the rest to be
// safe; h2-forgets the last one that came, whose answer it then owes.
func frames(addr string) {
	l, err := net.Listen("tcp", addr)
	must(err)
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	var mu sync.Mutex
	var conns []*h2side
	go func() {
		<-stop
		mu.Lock()
		for _, c := range conns {
			c.mu.Lock()
			last := max(c.owed, 2) - 2 // clients' streams are odd
			if mode == "h2-forgets" {
				last = c.came
			}
			_ = c.fr.WriteGoAway(last, http2.ErrCodeNo, nil)
			_ = c.conn.Close()
		}
		os.Exit(0)
	}()
	for {
		conn, err := l.Accept()
		must(err)
		c := &h2side{conn: conn, fr: http2.NewFramer(conn, conn), owed: 1, beyond: map[uint32]bool{}}
		mu.Lock()
		conns = append(conns, c)
		mu.Unlock()
		go c.serve()
	}
}

type h2side struct {
	conn       net.Conn
	mu         sync.Mutex
	fr         *http2.Framer
	came, owed uint32          // the last stream that came, and the first without an answer
	beyond     map[uint32]bool // streams that were answered before earlier ones
}

func (c *h2side) serve() {
	preface := make([]byte, len(http2.ClientPreface))
	if _, err := io.ReadFull(c.conn, preface); err != nil {
		return
	}
	c.fr.ReadMetaHeaders = hpack.NewDecoder(4096, nil)
	c.mu.Lock()
	_ = c.fr.WriteSettings()
	c.mu.Unlock()
	for {
		f, err := c.fr.ReadFrame()
		if err != nil {
			return
		}
		if h, ok := f.(*http2.MetaHeadersFrame); ok {
			c.mu.Lock()
			c.came = h.StreamID
			c.mu.Unlock()
			after := time.Duration(0)
			if h.PseudoValue("path") == "/long" {
				after = long
			}
			time.AfterFunc(after, func() { c.answer(h.StreamID) })
		}
	}
}

func (c *h2side) answer(id uint32) {
	var block bytes.Buffer
	must(hpack.NewEncoder(&block).WriteField(hpack.HeaderField{Name: ":status", Value: "200"}))
	c.mu.Lock()
	defer c.mu.Unlock()
	c.beyond[id] = true
	for c.beyond[c.owed] {
		delete(c.beyond, c.owed)
		c.owed += 2
	}
	_ = c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
}
