package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"sync/atomic"
)

// serveNATS is as much of a NATS server with JetStream as the client needs: one stream, publish with
// acknowledgement, the last message of a subject.
func serveNATS(l net.Listener) {
	for {
		conn, err := l.Accept()
		must(err)
		n := &natsSide{conn: conn, subs: map[string]string{}}
		go n.serve()
	}
}

var natsSeq atomic.Int64

type natsSide struct {
	conn net.Conn
	r    *bufio.Reader
	subs map[string]string // subject to subscription
}

func (n *natsSide) serve() {
	secure := os.Getenv("TLS") != ""
	fmt.Fprintf(n.conn, `INFO {"server_id":"x","version":"2.9.10","proto":1,"headers":true,"max_payload":1048576,"jetstream":true,"tls_required":%t}`+"\r\n", secure)
	if secure {
		n.conn = tls.Server(n.conn, certified())
	}
	n.r = bufio.NewReader(n.conn)
	for {
		line, err := n.r.ReadString('\n')
		words := strings.Fields(line)
		if err != nil || len(words) == 0 {
			return
		}
		switch words[0] {
		case "GET": // not one of ours
			_ = n.conn.Close()
			return
		case "PING":
			fmt.Fprint(n.conn, "PONG\r\n")
		case "SUB":
			n.subs[words[1]] = words[len(words)-1]
		case "PUB", "HPUB":
			n.published(words)
		}
	}
}

// published takes PUB subject [reply] size, or HPUB subject [reply] headers size.
func (n *natsSide) published(words []string) {
	var size, head int
	reply := ""
	_, err := fmt.Sscan(words[len(words)-1], &size)
	must(err)
	rest := words[2 : len(words)-1]
	if words[0] == "HPUB" {
		_, err = fmt.Sscan(rest[len(rest)-1], &head)
		must(err)
		rest = rest[:len(rest)-1]
	}
	if len(rest) > 0 {
		reply = rest[0]
	}
	payload := make([]byte, size+2)
	if _, err := io.ReadFull(n.r, payload); err != nil {
		return
	}
	answer, err := json.Marshal(n.answer(words[1], payload[head:size]))
	must(err)
	for subject, sub := range n.subs {
		if strings.HasPrefix(reply, strings.TrimSuffix(subject, "*")) {
			fmt.Fprintf(n.conn, "MSG %s %s %d\r\n%s\r\n", reply, sub, len(answer), answer)
		}
	}
}

type object = map[string]any

func (n *natsSide) answer(subject string, payload []byte) object {
	api, isAPI := strings.CutPrefix(subject, "$JS.API.STREAM.")
	_, exists := get("stream")
	stream := object{"config": object{"name": "racebench"}, "created": "2026-01-01T00:00:00Z", "state": object{}}
	switch {
	case !isAPI:
		put(subject, string(payload))
		return object{"stream": "racebench", "seq": natsSeq.Add(1)}
	case strings.HasPrefix(api, "CREATE."):
		put("stream", "racebench")
		return stream
	case !exists:
		return object{"error": object{"code": 404, "err_code": 10059, "description": "stream not found"}}
	case !strings.HasPrefix(api, "MSG.GET."):
		return stream // UPDATE, INFO
	}
	var q struct {
		Subject string `json:"last_by_subj"`
	}
	must(json.Unmarshal(payload, &q))
	value, ok := get(q.Subject)
	if !ok || mute {
		return object{"error": object{"code": 404, "err_code": 10037, "description": "no message found"}}
	}
	return object{"message": object{"subject": q.Subject, "seq": 1, "data": []byte(value), "time": "2026-01-01T00:00:00Z"}}
}
