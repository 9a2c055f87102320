package main

import (
	"net"
	"strings"
	"sync"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// serveMQTT is as much of an MQTT server as the clients need: retained messages, and messages to whoever has subscribed.
func serveMQTT(l net.Listener) {
	for {
		conn, err := l.Accept()
		must(err)
		m := &mqttSide{conn: conn, subscribed: map[string]bool{}}
		mqttLock.Lock()
		mqttSides = append(mqttSides, m)
		mqttLock.Unlock()
		go m.serve()
	}
}

// mqttLock guards what is sent and who has subscribed.
var (
	mqttLock  sync.Mutex
	mqttSides []*mqttSide
)

type mqttSide struct {
	conn       net.Conn
	subscribed map[string]bool
}

func (m *mqttSide) send(p packets.ControlPacket) { _ = p.Write(m.conn) }

func (m *mqttSide) deliver(topic, text string, retained bool) {
	p := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
	p.TopicName, p.Payload, p.Retain = topic, []byte(text), retained
	m.send(p)
}

func (m *mqttSide) serve() {
	defer func() { _ = m.conn.Close() }()
	for {
		packet, err := packets.ReadPacket(m.conn)
		if err != nil {
			return
		}
		mqttLock.Lock()
		m.handle(packet)
		mqttLock.Unlock()
	}
}

func (m *mqttSide) handle(packet packets.ControlPacket) {
	switch p := packet.(type) {
	case *packets.ConnectPacket:
		m.send(packets.NewControlPacket(packets.Connack))
	case *packets.PingreqPacket:
		m.send(packets.NewControlPacket(packets.Pingresp))
	case *packets.PublishPacket:
		if p.Retain {
			put(file(p.TopicName), string(p.Payload)) // an empty one is none
		}
		ack := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
		ack.MessageID = p.MessageID
		m.send(ack)
		level := p.TopicName[:strings.LastIndexByte(p.TopicName, '/')+1]
		for _, other := range mqttSides {
			if other.subscribed[p.TopicName] || other.subscribed[level+"+"] {
				other.deliver(p.TopicName, string(p.Payload), false)
			}
		}
	case *packets.SubscribePacket:
		ack := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
		ack.MessageID, ack.ReturnCodes = p.MessageID, make([]byte, len(p.Topics))
		m.send(ack)
		for _, filter := range p.Topics { // a topic, or all of a level
			m.subscribed[filter] = true
			for _, topic := range topics(strings.TrimSuffix(filter, "+")) {
				if text, _ := get(file(topic)); text != "" {
					m.deliver(topic, text, true)
				}
			}
		}
	case *packets.UnsubscribePacket:
		ack := packets.NewControlPacket(packets.Unsuback).(*packets.UnsubackPacket)
		ack.MessageID = p.MessageID
		m.send(ack)
		delete(m.subscribed, p.Topics[0])
	}
}

func file(topic string) string { return strings.ReplaceAll(topic, "/", "%") }

func topics(begin string) []string {
	var all []string
	for _, name := range names(file(begin)) {
		all = append(all, strings.ReplaceAll(name, "%", "/"))
	}
	return all
}
