package loadgen

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
)

// A Request is one request as it is sent: its bytes are made once.
type Request struct {
	bytes  []byte        // of HTTP/2 the body alone
	stream *http.Request // of HTTP/2
	bodied bool          // its answer may have a body
}

// NewRequest renders a request of HTTP/1.1. Of its headers the first Host and User-Agent replace our own.
func NewRequest(method, target, host string, headers [][2]string, body []byte) (Request, error) {
	if method == "" || strings.ContainsFunc(method, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return Request{}, fmt.Errorf("method %q: write one such as GET or POST", method)
	}
	if target == "" || strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return Request{}, fmt.Errorf("path %q has blanks or control characters", target)
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\n", method, target)
	agent, length := "racebench", len(body) > 0 || method == "POST" || method == "PUT" || method == "PATCH"
	for _, h := range headers {
		name, value := h[0], h[1]
		if name == "" || strings.ContainsAny(name, " :\r\n") || strings.ContainsAny(value, "\r\n") {
			return Request{}, fmt.Errorf("header %q is not one name with one line of text", name)
		}
		switch strings.ToLower(name) {
		case "host":
			host = value
		case "user-agent":
			agent = value
		case "content-length", "transfer-encoding":
			return Request{}, fmt.Errorf("header %s: the length of a request is that of its body", name)
		default:
			fmt.Fprintf(&b, "%s: %s\r\n", name, value)
		}
	}
	fmt.Fprintf(&b, "Host: %s\r\nUser-Agent: %s\r\n", host, agent)
	if length {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n")
	b.Write(body)
	return Request{bytes: b.Bytes(), bodied: method != "HEAD"}, nil
}
