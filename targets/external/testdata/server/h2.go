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
// ends at once: h2-refuses names the last stream that it answered, so that clients know the rest to be safe;
// h2-forgets the last one that came, whose answer it then owes.
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
			last := c.answered
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
		c := &h2side{conn: conn, fr: http2.NewFramer(conn, conn)}
		mu.Lock()
		conns = append(conns, c)
		mu.Unlock()
		go c.serve()
	}
}

type h2side struct {
	conn           net.Conn
	mu             sync.Mutex
	fr             *http2.Framer
	came, answered uint32
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
	c.answered = max(c.answered, id)
	_ = c.fr.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block.Bytes(), EndStream: true, EndHeaders: true})
}
