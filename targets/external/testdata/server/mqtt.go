package main

import (
	"net"
	"strings"

	"github.com/eclipse/paho.mqtt.golang/packets"
)

// serveMQTT is as much of an MQTT server as the client needs: retained messages, and messages to oneself.
func serveMQTT(l net.Listener) {
	for {
		conn, err := l.Accept()
		must(err)
		go serveMQTTClient(conn)
	}
}

func serveMQTTClient(conn net.Conn) {
	subscribed := map[string]bool{}
	send := func(p packets.ControlPacket) { _ = p.Write(conn) }
	deliver := func(topic, text string, retained bool) {
		m := packets.NewControlPacket(packets.Publish).(*packets.PublishPacket)
		m.TopicName, m.Payload, m.Retain = topic, []byte(text), retained
		send(m)
	}
	for {
		packet, err := packets.ReadPacket(conn)
		if err != nil {
			return
		}
		switch p := packet.(type) {
		case *packets.ConnectPacket:
			send(packets.NewControlPacket(packets.Connack))
		case *packets.PingreqPacket:
			send(packets.NewControlPacket(packets.Pingresp))
		case *packets.PublishPacket:
			if p.Retain {
				put(file(p.TopicName), string(p.Payload))
			}
			ack := packets.NewControlPacket(packets.Puback).(*packets.PubackPacket)
			ack.MessageID = p.MessageID
			send(ack)
			if subscribed[p.TopicName] {
				deliver(p.TopicName, string(p.Payload), false)
			}
		case *packets.SubscribePacket:
			ack := packets.NewControlPacket(packets.Suback).(*packets.SubackPacket)
			ack.MessageID, ack.ReturnCodes = p.MessageID, make([]byte, len(p.Topics))
			send(ack)
			for _, topic := range p.Topics {
				subscribed[topic] = true
				if text, ok := get(file(topic)); ok {
					deliver(topic, text, true)
				}
			}
		case *packets.UnsubscribePacket:
			ack := packets.NewControlPacket(packets.Unsuback).(*packets.UnsubackPacket)
			ack.MessageID = p.MessageID
			send(ack)
		}
	}
}

func file(topic string) string { return strings.ReplaceAll(topic, "/", "_") }
