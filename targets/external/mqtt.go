package external

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	mqtt "github.com/eclipse/paho.mqtt.golang"
)

const (
	mqttTopic = "racebench/writes/"
	mqttOwn   = "racebench/own/" // where a client hears itself
	// mqttRounds is how often a message that is not there is asked for: some servers look retained ones up
	// beside the connection, so that one answer more proves little.
	mqttRounds = 3
	// mqttBatch is how many are asked for at once: less than servers send ahead of acknowledgements.
	mqttBatch = 20
	// mqttPatience is how long, in all, a session waits for such messages beyond that, mqttPause at a time.
	mqttPatience = time.Second
	mqttPause    = 200 * time.Millisecond
)

// An mqttSession publishes retained messages at QoS 1 and reads them back by subscribing to their topics. It
// speaks MQTT 3.1.1.
type mqttSession struct {
	conn     mqtt.Client
	own      string
	echo     chan string
	echoes   int
	expected []string
	kept     map[string]*string // what was read back; nil is nothing
	patience time.Duration
}

// openMQTT connects. The library neither connects nor publishes a second time: the session is a clean one.
func openMQTT(d *dialer) (session, error) {
	id := "racebench-" + d.role.Name
	options := mqtt.NewClientOptions().AddBroker("tcp://" + d.s.p.address.dial()).SetClientID(id).SetProtocolVersion(4).
		SetCleanSession(true).SetAutoReconnect(false).SetConnectRetry(false).SetConnectTimeout(answerLimit).SetOrderMatters(true).
		SetCustomOpenConnectionFn(func(*url.URL, mqtt.ClientOptions) (net.Conn, error) { return d.s.connect() })
	if user, password, ok := d.s.p.credentials(); ok {
		options.SetUsername(user).SetPassword(password)
	}
	m := &mqttSession{conn: mqtt.NewClient(options), own: mqttOwn + id, echo: make(chan string, 1), kept: map[string]*string{}, patience: mqttPatience}
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

func (m *mqttSession) write(key, value string) error {
	return answered(m.conn.Publish(mqttTopic+key, 1, true, value), "PUBLISH")
}

// expect implements planner.
func (m *mqttSession) expect(keys []string) { m.expected = keys }

func (m *mqttSession) find(key, value string) (string, bool, error) {
	if _, asked := m.kept[key]; !asked {
		keys := []string{key}
		if i := slices.Index(m.expected, key); i >= 0 {
			keys = m.expected[i:min(i+mqttBatch, len(m.expected))]
		}
		if err := m.readBack(keys); err != nil {
			return "", false, err
		}
	}
	switch found := m.kept[key]; {
	case found == nil:
		return "there is no retained message " + mqttTopic + key, false, nil
	case *found != value:
		return fmt.Sprintf("the retained message %s%s is %.60q", mqttTopic, key, *found), true, nil
	}
	return value, true, nil
}

// readBack asks for retained messages, and again for those that did not come.
func (m *mqttSession) readBack(keys []string) error {
	var mu sync.Mutex
	kept := map[string]*string{}
	take := func(_ mqtt.Client, x mqtt.Message) {
		mu.Lock()
		defer mu.Unlock()
		text := string(x.Payload())
		kept[strings.TrimPrefix(x.Topic(), mqttTopic)] = &text
	}
	missing := func() map[string]byte {
		mu.Lock()
		defer mu.Unlock()
		filters := map[string]byte{}
		for _, key := range keys {
			if kept[key] == nil {
				filters[mqttTopic+key] = 1
			}
		}
		return filters
	}
	for range mqttRounds {
		filters := missing()
		if len(filters) == 0 {
			break
		}
		if err := answered(m.conn.SubscribeMultiple(filters, take), "SUBSCRIBE"); err != nil {
			return err
		}
		if err := m.hear(); err != nil {
			return err
		}
	}
	for ; len(missing()) > 0 && m.patience > 0; m.patience -= mqttPause {
		time.Sleep(mqttPause)
	}
	topics := make([]string, len(keys))
	for i, key := range keys {
		topics[i] = mqttTopic + key
	}
	err := answered(m.conn.Unsubscribe(topics...), "UNSUBSCRIBE")
	mu.Lock()
	defer mu.Unlock()
	for _, key := range keys {
		m.kept[key] = kept[key]
	}
	return err
}

// hear waits for a message that the session sends to itself: what was subscribed to before comes first.
func (m *mqttSession) hear() error {
	if m.echoes == 0 {
		err := answered(m.conn.Subscribe(m.own, 1, func(_ mqtt.Client, x mqtt.Message) { m.echo <- string(x.Payload()) }), "SUBSCRIBE")
		if err != nil {
			return err
		}
	}
	m.echoes++
	if err := answered(m.conn.Publish(m.own, 1, false, strconv.Itoa(m.echoes)), "PUBLISH"); err != nil {
		return err
	}
	select {
	case <-m.echo:
		return nil
	case <-time.After(answerLimit):
		return fmt.Errorf("MQTT: a message to ourselves did not come in %s", answerLimit)
	}
}

func (m *mqttSession) close() { m.conn.Disconnect(0) }
