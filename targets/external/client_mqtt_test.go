package external

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// A fakeBroker is a server of MQTT with one client at a time. How it sends what is retained is the test's.
type fakeBroker struct {
	l        net.Listener
	retained []*packets.PublishPacket // in the order in which they were published
	forgets  bool                     // whatever comes but sentinels
	// sends hands out what a subscription has found: all of it, some, or later.
	sends func(b *fakeBroker, found []*packets.PublishPacket)

	conn     net.Conn
	filters  []string // subscribed to
	held     []*packets.PublishPacket
	lookedUp int
}

func (b *fakeBroker) serve() {
	for {
		conn, err := b.l.Accept()
		if err != nil {
			return
		}
		b.conn, b.filters = conn, nil
		for {
			packet, err := packets.ReadPacket(conn)
			if err != nil {
				break
			}
			b.handle(packet)
		}
	}
}

func (b *fakeBroker) send(p packets.ControlPacket) { _ = p.Write(b.conn) }

func (b *fakeBroker) handle(packet packets.ControlPacket) {
	switch p := packet.(type) {
	case *packets.ConnectPacket:
		b.send(packets.NewControlPacket(packets.Connack))
	case *packets.PublishPacket:
		b.retain(p)
		ack := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
		ack.MessageID = p.MessageID
		b.send(ack)
		if slices.ContainsFunc(b.filters, func(filter string) bool { return matches(filter, p.TopicName) }) {
			b.send(message(p, false))
		}
	case *packets.SubscribePacket:
		ack := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
		ack.MessageID, ack.ReturnCodes = p.MessageID, make([]byte, len(p.Topics))
		b.send(ack)
		b.filters = append(b.filters, p.Topics...)
		if strings.HasPrefix(p.Topics[0], mqttTopic) {
			b.lookedUp++
			b.sends(b, slices.DeleteFunc(slices.Clone(b.retained), func(m *packets.PublishPacket) bool { return !matches(p.Topics[0], m.TopicName) }))
		}
	case *packets.UnsubscribePacket:
		ack := packets.NewControlPacket(packets.Unsuback).(*packets.UnsubackPacket)
		ack.MessageID = p.MessageID
		b.send(ack)
		b.filters = slices.DeleteFunc(b.filters, func(filter string) bool { return filter == p.Topics[0] })
	}
}

func (b *fakeBroker) retain(p *packets.PublishPacket) {
	if !p.Retain || b.forgets && !strings.HasSuffix(p.TopicName, mqttSentinel) {
		return
	}
	b.retained = slices.DeleteFunc(b.retained, func(m *packets.PublishPacket) bool { return m.TopicName == p.TopicName })
	if len(p.Payload) > 0 {
		b.retained = append(b.retained, message(p, true))
	}
}

// all sends messages.
func (b *fakeBroker) all(messages []*packets.PublishPacket) {
	for _, m := range messages {
		b.send(m)
	}
}

func message(p *packets.PublishPacket, retained bool) *packets.PublishPacket {
	m := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	m.TopicName, m.Payload, m.Retain = p.TopicName, p.Payload, retained
	return m
}

func matches(filter, topic string) bool {
	level, all := strings.CutSuffix(filter, "+")
	rest, in := strings.CutPrefix(topic, level)
	return in && (all && !strings.Contains(rest, "/") || !all && rest == "")
}

func sentinels(of []*packets.PublishPacket) (marks, rest []*packets.PublishPacket) {
	for _, m := range of {
		if strings.HasSuffix(m.TopicName, mqttSentinel) {
			marks = append(marks, m)
		} else {
			rest = append(rest, m)
		}
	}
	return marks, rest
}

// fakeBrokers are the ways in which servers hand out retained messages, and what may be said of writes then.
var fakeBrokers = []struct {
	name    string
	forgets bool
	patient bool // the sentinel comes, however slow the machine is
	sends   func(b *fakeBroker, found []*packets.PublishPacket)
	want    string // found, missing or cannot tell
}{
	{"at once", false, true, (*fakeBroker).all, "found"},
	{"at once, and has lost them", true, true, (*fakeBroker).all, "missing"},
	{"in the reverse order", false, true, func(b *fakeBroker, found []*packets.PublishPacket) {
		slices.Reverse(found)
		b.all(found)
	}, "found"},
	{"in the reverse order, and has lost them", true, true, func(b *fakeBroker, found []*packets.PublishPacket) {
		slices.Reverse(found)
		b.all(found)
	}, "missing"},
	{"one subscription late", false, true, func(b *fakeBroker, found []*packets.PublishPacket) {
		marks, rest := sentinels(found)
		b.all(b.held)
		b.held = rest
		b.all(marks)
	}, "found"},
	{"not before the third time", false, true, func(b *fakeBroker, found []*packets.PublishPacket) {
		if b.lookedUp < 3 {
			found, _ = sentinels(found)
		}
		b.all(found)
	}, "found"},
	{"not while we wait", false, false, func(b *fakeBroker, found []*packets.PublishPacket) { b.held = append(b.held, found...) }, "cannot tell"},
	{"never", false, false, func(*fakeBroker, []*packets.PublishPacket) {}, "cannot tell"},
	{"never, and has lost them", true, false, func(*fakeBroker, []*packets.PublishPacket) {}, "cannot tell"},
	{"as they were long ago", true, false, func(b *fakeBroker, found []*packets.PublishPacket) {
		b.all(b.held)
		b.held, _ = sentinels(found)
	}, "cannot tell"},
	{"as if they were new", true, false, func(b *fakeBroker, found []*packets.PublishPacket) {
		for _, m := range found {
			b.send(message(m, false))
		}
	}, "cannot tell"},
}

// TestRetainedMessagesAreMissedByProof reads writes back from servers that send what is retained at once, late or never:
// no write is missing because its server is slow.
func TestRetainedMessagesAreMissedByProof(t *testing.T) {
	for _, tc := range fakeBrokers {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			b := &fakeBroker{l: l, forgets: tc.forgets, sends: tc.sends}
			ended := make(chan struct{})
			go func() { b.serve(); close(ended) }()
			t.Cleanup(func() { _ = l.Close() })
			open := func(patience time.Duration) *mqttSession {
				m, err := newMQTT("load-1", 7, "", "", func() (net.Conn, error) { return net.Dial("tcp", l.Addr().String()) })
				if err != nil {
					t.Fatal(err)
				}
				m.patience = patience
				return m
			}
			m := open(0)
			const writes = 2*mqttLevel + 3
			for i := range writes {
				if err := m.write(fmt.Sprint("racebench-1-", i), "v"); err != nil {
					t.Fatal(err)
				}
			}
			m.close()
			m = open(map[bool]time.Duration{false: 10 * time.Millisecond, true: time.Hour}[tc.patient])
			got := map[string]int{}
			for i := range writes {
				_, ok, err := m.find(fmt.Sprint("racebench-1-", i), "v")
				switch {
				case errors.Is(err, errUntold):
					got["cannot tell"]++
				case err != nil:
					t.Fatal(err)
				case ok:
					got["found"]++
				default:
					got["missing"]++
				}
			}
			if got[tc.want] != writes {
				t.Errorf("%v, want %s", got, tc.want)
			}
			m.close()
			_ = l.Close()
			<-ended
			if marks, _ := sentinels(b.retained); len(marks) > 0 && tc.patient {
				t.Errorf("%d sentinels are left", len(marks))
			}
		})
	}
}
