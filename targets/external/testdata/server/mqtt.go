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
				put(file(p.TopicName), string(p.Payload)) // an empty one is none
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
			for _, filter := range p.Topics { // a topic, or all of a level
				subscribed[filter] = true
				for _, topic := range topics(strings.TrimSuffix(filter, "+")) {
					if text, _ := get(file(topic)); text != "" {
						deliver(topic, text, true)
					}
				}
			}
		case *packets.UnsubscribePacket:
			ack := packets.NewControlPacket(packets.Unsuback).(*packets.UnsubackPacket)
			ack.MessageID = p.MessageID
			send(ack)
		}
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
