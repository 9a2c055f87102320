package loadgen

import (
	"bufio"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
)

// acceptSuffix is what a server appends to a key to show that it speaks the protocol, RFC 6455.
const acceptSuffix = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

// socketKey is the key of every upgrade: it proves that the other side speaks the protocol, and is no secret.
const socketKey = "cmFjZWJlbmNoIGxvYWQhIQ=="

// NewUpgrade renders the request that makes a connection a WebSocket.
func NewUpgrade(target, host string, headers [][2]string) (Request, error) {
	all := append([][2]string{
		{"Upgrade", "websocket"}, {"Connection", "Upgrade"}, {"Sec-WebSocket-Version", "13"}, {"Sec-WebSocket-Key", socketKey},
	}, headers...)
	return NewRequest("GET", target, host, all, nil)
}

// upgradeReason is how long a text may be that says why an upgrade went wrong.
const upgradeReason = 120

// upgrade makes a connection a WebSocket. It returns what the server has sent after its answer.
func upgrade(conn net.Conn, r *Request) ([]byte, error) {
	if _, err := conn.Write(r.bytes); err != nil {
		return nil, fmt.Errorf("upgrade: %w", err)
	}
	limited := &io.LimitedReader{R: conn, N: maxHead}
	b := bufio.NewReader(limited)
	res, err := http.ReadResponse(b, nil)
	switch {
	case err == nil:
	case limited.N <= 0:
		return nil, errors.New("upgrade: the server answered with a head of more than 64 KiB")
	case errors.Is(err, io.ErrUnexpectedEOF):
		return nil, errors.New("upgrade: the connection ended before the answer was whole")
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, errors.New("upgrade: the answer was not whole within the limit")
	default: // it may quote what the server sent
		return nil, fmt.Errorf("upgrade: %s", beginning([]byte(err.Error()), upgradeReason))
	}
	sum := sha1.Sum([]byte(socketKey + acceptSuffix))
	switch {
	case res.StatusCode != http.StatusSwitchingProtocols:
		return nil, fmt.Errorf("upgrade: the server answered with status %d", res.StatusCode)
	case !strings.EqualFold(res.Header.Get("Upgrade"), "websocket"), res.Header.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]):
		return nil, errors.New("upgrade: the server's answer is not that of a WebSocket")
	}
	early := make([]byte, b.Buffered())
	_, err = io.ReadFull(b, early)
	return early, err
}

// talk sends a message and reads the next one. An error comes with its class.
func (c *client) talk(r *Request, q *sent) (class, error) {
	f := c.frames
	f.reset()
	n, err := c.conn.Write(r.bytes)
	q.out += int64(n)
	if err != nil && n == 0 {
		return resetBeforeSend, err
	}
	for {
		done, k, err := c.hear(f, q)
		if done || err != nil {
			return k, err
		}
		n, err := c.conn.Read(c.buf)
		q.in += int64(n)
		c.early = c.buf[:n]
		if err != nil && n == 0 {
			if f.any {
				return partial, err
			}
			return sentNoByte, err
		}
	}
}

// hear takes what has been read. What comes after a message is kept for the next one.
func (c *client) hear(f *frames, q *sent) (done bool, k class, err error) {
	took, done, err := f.feed(c.early)
	c.early = c.early[took:]
	if len(f.pongs) > 0 {
		n, _ := c.conn.Write(f.pongs) // where that fails the next read does, too
		q.out += int64(n)
		f.pongs = f.pongs[:0]
	}
	switch {
	case err == nil:
		return done, 0, nil
	case errors.Is(err, errToldAway):
		return false, toldAway, err
	case errors.Is(err, errClosed):
		return false, sentNoByte, err
	}
	return false, garbage, err
}
