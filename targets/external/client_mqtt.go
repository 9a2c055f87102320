package external

import (
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

const (
	mqttTopic = "racebench/writes/"
	mqttOwn   = "racebench/own/" // where a client hears itself
	// mqttLevel is how many writes share a level of topics and are asked for at once: with the sentinel fewer than
	// servers send ahead of acknowledgements, or look up at a time.
	mqttLevel = 16
	// mqttSentinel is published beside a level's writes before they are asked for again. It sorts after them.
	mqttSentinel = "~sentinel"
	// mqttRounds is how often the sentinel must come back, and a write must not, until that is missing: what a
	// server sends late of one round comes before the sentinel of the next.
	mqttRounds = 3
	// mqttPatience is how long a sentinel may take. Past it nobody can tell.
	mqttPatience = 5 * time.Second
)

// An mqttSession publishes retained messages at QoS 1 and reads them back by subscribing to the level of topics that
// they are in. It speaks MQTT 3.1.1, in which nothing says where retained messages end: a write is missing only
// where a message retained after it comes back by the same subscription.
type mqttSession struct {
	conn     mqtt.Client
	name     string
	began    time.Duration   // sets its sentinels apart from those of another session
	marks    int             // messages to itself, and sentinels
	hears    bool            // it gets those to itself
	levels   map[string]bool // that were read
	proofs   proofs
	dumb     error // why no sentinel is sent any more
	patience time.Duration

	lost chan struct{} // the connection has ended
	news chan struct{} // something came

	mu        sync.Mutex // guards what follows
	own       string     // the last message to itself
	kept      map[string]string
	sentinels map[string]string // by their level; only such as were retained
}

// openMQTT connects.
func openMQTT(d *dialer) (session, error) {
	user, password, _ := d.s.p.credentials()
	return newMQTT(d.role.Name, d.s.w.Now(), user, password, d.s.connectSecurely)
}

// newMQTT connects. The library neither connects nor publishes a second time: the session is a clean one.
func newMQTT(name string, now time.Duration, user, password string, dial func() (net.Conn, error)) (*mqttSession, error) {
	m := &mqttSession{
		name: name, began: now, levels: map[string]bool{}, proofs: proofs{}, patience: mqttPatience,
		lost: make(chan struct{}), news: make(chan struct{}, 1), kept: map[string]string{}, sentinels: map[string]string{},
	}
	options := mqtt.NewClientOptions().AddBroker("tcp://localhost").SetClientID("racebench-" + name).SetProtocolVersion(4).
		SetCleanSession(true).SetAutoReconnect(false).SetConnectRetry(false).SetConnectTimeout(answerLimit).SetOrderMatters(true).
		SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) { return dial() }).
		SetConnectionLostHandler(func(mqtt.Client, error) { close(m.lost) }).
		SetDefaultPublishHandler(func(_ mqtt.Client, x mqtt.Message) { m.take(x) }).
		SetUsername(user).SetPassword(password)
	m.conn = mqtt.NewClient(options)
	if err := answered(m.conn.Connect(), "CONNECT"); err != nil {
		return nil, err
	}
	return m, nil
}

// answered waits for the server's answer.
func answered(t mqtt.Token, what string) error {
	if !t.WaitTimeout(answerLimit) {
		return fmt.Errorf("MQTT: no answer to %s in %s", what, answerLimit)
	}
	if err := t.Error(); err != nil {
		return fmt.Errorf("MQTT: %s: %w", what, err)
	}
	return nil
}

// level is the level of topics that a write is in: those whose numbers follow each other share one.
func (m *mqttSession) level(key string) string {
	n, _ := strconv.ParseInt(key[strings.LastIndexByte(key, '-')+1:], 10, 64)
	return fmt.Sprintf("%s%s/%d/", mqttTopic, m.name, n/mqttLevel)
}

func (m *mqttSession) write(key, value string) error {
	return answered(m.conn.Publish(m.level(key)+key, 1, true, value), "PUBLISH")
}

func (m *mqttSession) find(key, value string) (string, bool, error) {
	return m.proofs.find(m, key, value)
}

// part implements lookup: a level of topics is looked up as one.
func (m *mqttSession) part(key string) string { return m.level(key) }

// look implements lookup: it reads a level, once, and looks at what has come of it.
func (m *mqttSession) look(key string) (found, missed string, err error) {
	level := m.level(key)
	if !m.levels[level] {
		if err := m.read(level); err != nil {
			return "", "", err
		}
		m.levels[level] = true
	}
	found, ok := m.has(level + key)
	if !ok {
		missed = fmt.Sprintf("there is no retained message %s%s; one that was published after it came back %d times", level, key, mqttRounds)
	}
	return found, missed, nil
}

// has returns what came of a topic, whenever it did.
func (m *mqttSession) has(topic string) (string, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	text, ok := m.kept[topic]
	return text, ok
}

// take is called for every message.
func (m *mqttSession) take(x mqtt.Message) {
	m.mu.Lock()
	defer m.mu.Unlock()
	topic, text := x.Topic(), string(x.Payload())
	level, isSentinel := strings.CutSuffix(topic, mqttSentinel)
	switch {
	case topic == mqttOwn+m.name:
		m.own = text
	case !isSentinel:
		m.kept[topic] = text
	case x.Retained(): // and not as it was published
		m.sentinels[level] = text
	}
	select {
	case m.news <- struct{}{}:
	default:
	}
}

// await waits for what a message brings.
func (m *mqttSession) await(limit time.Duration, come func() bool) bool {
	late := time.After(limit)
	for {
		m.mu.Lock()
		done := come()
		m.mu.Unlock()
		if done {
			return true
		}
		select {
		case <-m.news:
		case <-m.lost:
			return false
		case <-late:
			return false
		}
	}
}

// read asks for what is retained in a level. Most servers have sent it when a message to ourselves comes.
func (m *mqttSession) read(level string) error {
	if err := answered(m.conn.Subscribe(level+"+", 1, nil), "SUBSCRIBE"); err != nil {
		return err
	}
	if err := m.hear(); err != nil {
		return err
	}
	return answered(m.conn.Unsubscribe(level+"+"), "UNSUBSCRIBE")
}

// prove implements lookup. It asks for a level again, each time with a sentinel that was retained before: the look-up
// that brings it is one that would have brought the rest.
func (m *mqttSession) prove(key string) error {
	level := m.level(key)
	for range mqttRounds {
		if m.dumb != nil {
			return m.dumb
		}
		m.marks++
		mark := fmt.Sprintf("%d-%d", m.began, m.marks)
		if err := answered(m.conn.Publish(level+mqttSentinel, 1, true, mark), "PUBLISH"); err != nil {
			return err
		}
		if err := answered(m.conn.Subscribe(level+"+", 1, nil), "SUBSCRIBE"); err != nil {
			return err
		}
		if !m.await(m.patience, func() bool { return m.sentinels[level] == mark }) {
			m.dumb = fmt.Errorf("MQTT: a message retained just now did not come back in %s", m.patience)
		} else if err := m.hear(); err != nil {
			return err
		}
		if err := answered(m.conn.Unsubscribe(level+"+"), "UNSUBSCRIBE"); err != nil {
			return err
		}
	}
	if err := answered(m.conn.Publish(level+mqttSentinel, 1, true, ""), "PUBLISH"); err != nil { // an empty one takes it away
		return err
	}
	return m.dumb
}

// hear waits for a message that the session sends to itself: what was sent to it before comes first.
func (m *mqttSession) hear() error {
	topic := mqttOwn + m.name
	if !m.hears {
		if err := answered(m.conn.Subscribe(topic, 1, nil), "SUBSCRIBE"); err != nil {
			return err
		}
		m.hears = true
	}
	m.marks++
	text := strconv.Itoa(m.marks)
	if err := answered(m.conn.Publish(topic, 1, false, text), "PUBLISH"); err != nil {
		return err
	}
	if !m.await(answerLimit, func() bool { return m.own == text }) {
		return fmt.Errorf("MQTT: a message to ourselves did not come in %s", answerLimit)
	}
	return nil
}

func (m *mqttSession) close() { m.conn.Disconnect(0) }
