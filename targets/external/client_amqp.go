package external

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
)

// closeLimit is how long the server may take to say goodbye.
const closeLimit = 200 * time.Millisecond

// An amqpSession publishes persistent messages to a durable queue of its client's own, with confirms, and reads
// that queue back. It speaks AMQP 0-9-1.
type amqpSession struct {
	s        *instance
	conn     *amqp.Connection
	ch       *amqp.Channel
	queue    string
	declared bool
	returned chan amqp.Return
	kept     map[string]string // what the queue holds, once it was read
	proofs   proofs
}

// openAMQP connects. The library neither connects nor publishes a second time.
func openAMQP(d *dialer) (session, error) {
	user, password, ok := d.s.p.credentials()
	if !ok {
		user, password = "guest", "guest"
	}
	conn, err := amqp.DialConfig("amqp://"+d.s.p.address.dial()+"/", amqp.Config{
		SASL: []amqp.Authentication{&amqp.PlainAuth{Username: user, Password: password}}, Vhost: "/", Locale: "en_US",
		Dial: func(string, string) (net.Conn, error) { return d.s.connectSecurely() },
	})
	if err != nil {
		return nil, fmt.Errorf("AMQP: %w", err)
	}
	ch, err := conn.Channel()
	if err != nil {
		_ = conn.Close()
		return nil, fmt.Errorf("AMQP: open a channel: %w", err)
	}
	return &amqpSession{s: d.s, conn: conn, ch: ch, queue: "racebench-" + d.role.Name, proofs: proofs{}}, nil
}

// declare makes the queue and asks for confirms.
func (a *amqpSession) declare() error {
	if a.declared {
		return nil
	}
	if _, err := a.ch.QueueDeclare(a.queue, true, false, false, false, nil); err != nil {
		return fmt.Errorf("AMQP: declare the durable queue %s: %w", a.queue, err)
	}
	if err := a.ch.Confirm(false); err != nil {
		return fmt.Errorf("AMQP: ask for confirms: %w", err)
	}
	a.returned = a.ch.NotifyReturn(make(chan amqp.Return, 1))
	a.declared = true
	return nil
}

func (a *amqpSession) write(key, value string) error {
	if err := a.declare(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), answerLimit)
	defer cancel()
	confirm, err := a.ch.PublishWithDeferredConfirmWithContext(ctx, "", a.queue, true, false, amqp.Publishing{
		DeliveryMode: amqp.Persistent, MessageId: key, Body: []byte(value),
	})
	if err != nil {
		return fmt.Errorf("AMQP: publish: %w", err)
	}
	acked, err := confirm.WaitContext(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("AMQP: no confirm in %s: %w", answerLimit, err)
	case a.ch.IsClosed():
		return errors.New("AMQP: the connection ended before the confirm") // the library then calls all refused
	case !acked:
		return fmt.Errorf("%w: it was not confirmed", errRefused)
	}
	select {
	case r := <-a.returned: // it comes before the confirm
		return fmt.Errorf("%w: it was returned: %s", errRefused, r.ReplyText)
	default:
		return nil
	}
}

func (a *amqpSession) find(key, value string) (string, bool, error) {
	return a.proofs.find(a, key, value)
}

// part implements lookup: there is one queue.
func (a *amqpSession) part(string) string { return a.queue }

// look implements lookup: it takes what the queue holds, once, and looks there.
func (a *amqpSession) look(key string) (found, missed string, err error) {
	if a.kept == nil {
		a.kept = map[string]string{}
		if _, err := a.take(""); err != nil {
			return "", "", err
		}
	}
	found, ok := a.kept[key]
	if !ok {
		missed = fmt.Sprintf("the queue %s has no message %s", a.queue, key)
	}
	return found, missed, nil
}

// take takes messages from the queue, up to one or to its end. The server gets them back when the session ends.
func (a *amqpSession) take(last string) (came bool, err error) {
	for {
		m, ok, err := a.ch.Get(a.queue, false)
		var gone *amqp.Error
		switch {
		case errors.As(err, &gone) && gone.Code == amqp.NotFound:
			return false, nil // the queue itself is not there
		case err != nil:
			return false, fmt.Errorf("AMQP: get from %s: %w", a.queue, err)
		case !ok:
			return false, nil
		case last != "" && m.MessageId == last:
			return true, m.Ack(false)
		}
		a.kept[m.MessageId] = string(m.Body)
	}
}

// prove implements lookup: it puts a message at the queue's end, and takes those that come before it.
func (a *amqpSession) prove(string) error {
	if a.ch.IsClosed() { // for the want of a queue
		ch, err := a.conn.Channel()
		if err != nil {
			return fmt.Errorf("AMQP: open a channel: %w", err)
		}
		a.ch, a.declared = ch, false
	}
	sentinel := fmt.Sprint("sentinel-", a.s.w.Now())
	if err := a.write(sentinel, sentinel); err != nil {
		return err
	}
	came, err := a.take(sentinel)
	if err == nil && !came {
		err = fmt.Errorf("AMQP: the queue %s does not give back a message that it confirmed just now", a.queue)
	}
	return err
}

func (a *amqpSession) close() { _ = a.conn.CloseDeadline(time.Now().Add(closeLimit)) }
