package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"sync"
)

// serveAMQP is as much of an AMQP 0-9-1 server as the client needs: durable queues, publish with confirms, get.
func serveAMQP(l net.Listener) {
	for {
		conn, err := l.Accept()
		must(err)
		a := &amqpSide{conn: conn, r: bufio.NewReader(conn)}
		go a.serve()
	}
}

// Types of frames, and methods as class and number.
const (
	amqpMethod, amqpHeader, amqpBody = 1, 2, 3

	amqpStart, amqpStartOK, amqpTune     = 10<<16 | 10, 10<<16 | 11, 10<<16 | 30
	amqpOpen, amqpClose, amqpChannel     = 10<<16 | 40, 10<<16 | 50, 20<<16 | 10
	amqpChannelClose, amqpDeclare        = 20<<16 | 40, 50<<16 | 10
	amqpPublish, amqpGet, amqpGetOK      = 60<<16 | 40, 60<<16 | 70, 60<<16 | 71
	amqpGetEmpty, amqpAck, amqpConfirm   = 60<<16 | 72, 60<<16 | 80, 85<<16 | 10
	amqpNotFound, amqpBeforeFlags        = 404, 12 // bytes of a header before its properties' flags
	amqpFrameMost, amqpChannels, amqpEnd = 1 << 17, 10, 0xce
)

type amqpSide struct {
	conn net.Conn
	r    *bufio.Reader

	into       string // the queue that is being published to
	properties string
	tag        uint64
	got        int // messages given out
}

// amqpLength guards the lengths of queues.
var amqpLength sync.Mutex

func (a *amqpSide) serve() {
	hello := make([]byte, 8)
	if _, err := io.ReadFull(a.r, hello); err != nil {
		return
	}
	a.say(0, amqpStart, byte(0), byte(9), uint32(0), uint32(5), "PLAIN", uint32(5), "en_US")
	for {
		var head [7]byte
		if _, err := io.ReadFull(a.r, head[:]); err != nil {
			return
		}
		payload := make([]byte, binary.BigEndian.Uint32(head[3:])+1)
		if _, err := io.ReadFull(a.r, payload); err != nil {
			return
		}
		payload = payload[:len(payload)-1]
		channel := binary.BigEndian.Uint16(head[1:])
		switch head[0] {
		case amqpMethod:
			a.method(channel, int(binary.BigEndian.Uint32(payload)), payload[4:])
		case amqpHeader:
			a.properties = string(payload[amqpBeforeFlags:])
		case amqpBody:
			a.keep(string(payload))
			a.tag++
			a.say(channel, amqpAck, a.tag, byte(0))
		}
	}
}

func (a *amqpSide) method(channel uint16, method int, args []byte) {
	switch method {
	case amqpStartOK:
		a.say(0, amqpTune, uint16(amqpChannels), uint32(amqpFrameMost), uint16(0))
	case amqpOpen:
		a.say(channel, method+1, byte(0))
	case amqpClose, amqpChannelClose, amqpConfirm:
		a.say(channel, method+1)
	case amqpChannel:
		a.say(channel, method+1, uint32(0))
	case amqpDeclare:
		queue := shortText(args[2:])
		if _, ok := get(queue); !ok {
			put(queue, "0")
		}
		a.say(channel, method+1, byte(len(queue)), queue, uint32(0), uint32(0))
	case amqpPublish:
		a.into = shortText(args[3+args[2]:]) // after the exchange's name
	case amqpGet:
		a.give(channel, shortText(args[2:]))
	}
}

func shortText(b []byte) string { return string(b[1 : 1+b[0]]) }

// keep adds a message to a queue: its properties, and its body.
func (a *amqpSide) keep(body string) {
	amqpLength.Lock()
	defer amqpLength.Unlock()
	var n int
	length, _ := get(a.into)
	_, err := fmt.Sscan(length, &n)
	must(err)
	put(fmt.Sprint(a.into, ".", n), fmt.Sprintf("%d %s%s", len(a.properties), a.properties, body))
	put(a.into, fmt.Sprint(n+1))
}

// give answers a get with the next message.
func (a *amqpSide) give(channel uint16, queue string) {
	if _, ok := get(queue); !ok {
		a.say(channel, amqpChannelClose, uint16(amqpNotFound), byte(9), "NOT_FOUND", uint32(amqpGet))
		return
	}
	kept, ok := get(fmt.Sprint(queue, ".", a.got))
	if !ok || mute {
		a.say(channel, amqpGetEmpty, byte(0))
		return
	}
	a.got++
	var n int
	_, err := fmt.Sscan(kept, &n)
	must(err)
	kept = kept[len(fmt.Sprint(n))+1:]
	a.say(channel, amqpGetOK, uint64(a.got), byte(0), byte(0), byte(len(queue)), queue, uint32(0))
	a.frame(amqpHeader, channel, uint16(amqpGet>>16), uint16(0), uint64(len(kept)-n), kept[:n])
	a.frame(amqpBody, channel, kept[n:])
}

func (a *amqpSide) say(channel uint16, method int, args ...any) {
	a.frame(amqpMethod, channel, append([]any{uint32(method)}, args...)...)
}

func (a *amqpSide) frame(kind byte, channel uint16, fields ...any) {
	var payload []byte
	for _, f := range fields {
		if text, ok := f.(string); ok {
			payload = append(payload, text...)
			continue
		}
		var err error
		payload, err = binary.Append(payload, binary.BigEndian, f)
		must(err)
	}
	frame := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint16([]byte{kind}, channel), uint32(len(payload)))
	_, _ = a.conn.Write(append(append(frame, payload...), amqpEnd))
}
