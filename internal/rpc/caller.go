package rpc

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"

	"golang.org/x/net/http2"
)

// Codes of gRPC that mean something here.
const (
	codeNotFound = 5
	// Unimplemented is that of a method which a server does not have.
	Unimplemented = 12
)

// longestAnswer is how large the answer to a question may be.
const longestAnswer = 32 << 20

// A Caller asks a server what is not part of a load, on a connection of its own.
type Caller struct {
	conn    *http2.ClientConn
	base    string
	headers [][2]string
}

// NewCaller begins HTTP/2 on a connection to an address, which over TLS has agreed to it. Its headers go with every call.
// Who made the connection closes it.
func NewCaller(conn net.Conn, address string, headers [][2]string) (*Caller, error) {
	c := &Caller{base: "http://" + address, headers: headers}
	if _, secure := conn.(*tls.Conn); secure {
		c.base = "https://" + address
	}
	t := &http2.Transport{DisableCompression: true, AllowHTTP: true}
	var err error
	if c.conn, err = t.NewClientConn(conn); err != nil {
		return nil, fmt.Errorf("begin HTTP/2: %w", err)
	}
	return c, nil
}

// A Failure is a call that was answered, and not with OK.
type Failure struct {
	Code    int
	Message string
}

// Error implements error.
func (f *Failure) Error() string {
	if f.Message == "" {
		return fmt.Sprintf("gRPC status %d", f.Code)
	}
	return fmt.Sprintf("gRPC status %d (%s)", f.Code, f.Message)
}

// call sends one message and returns those of the answer.
func (c *Caller) call(ctx context.Context, method string, message []byte) ([][]byte, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+"/"+method, bytes.NewReader(Frame(message)))
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", method, err)
	}
	for _, h := range c.headers {
		r.Header.Set(h[0], h[1])
	}
	r.Header.Set("Content-Type", "application/grpc")
	r.Header.Set("Te", "trailers")
	answer, err := c.conn.RoundTrip(r)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", method, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(answer.Body, longestAnswer+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("call %s: %w", method, err)
	case len(body) > longestAnswer:
		return nil, fmt.Errorf("call %s: the answer is larger than %d MiB", method, longestAnswer>>20)
	}
	if err := failureOf(answer); err != nil {
		return nil, fmt.Errorf("call %s: %w", method, err)
	}
	all, err := messages(body)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", method, err)
	}
	return all, nil
}

// A Foreigner is an answer of HTTP/2 that is not gRPC's.
type Foreigner struct {
	Status int
	Type   string
}

// Error implements error.
func (f *Foreigner) Error() string {
	return fmt.Sprintf("it is answered with HTTP status %d and %q, not by gRPC", f.Status, f.Type)
}

// Get asks for a path, by HTTP/2 without gRPC.
func (c *Caller) Get(ctx context.Context, path string) (status int, err error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return 0, fmt.Errorf("get %s: %w", path, err)
	}
	answer, err := c.conn.RoundTrip(r)
	if err != nil {
		return 0, fmt.Errorf("get %s: %w", path, err)
	}
	return answer.StatusCode, answer.Body.Close()
}

// failureOf is what an answer says that is not OK.
func failureOf(answer *http.Response) error {
	if answer.StatusCode != http.StatusOK || !strings.HasPrefix(answer.Header.Get("Content-Type"), "application/grpc") {
		return &Foreigner{answer.StatusCode, answer.Header.Get("Content-Type")}
	}
	status, message := answer.Trailer.Get("Grpc-Status"), answer.Trailer.Get("Grpc-Message")
	if status == "" { // an answer of trailers alone
		status, message = answer.Header.Get("Grpc-Status"), answer.Header.Get("Grpc-Message")
	}
	code, err := strconv.Atoi(status)
	switch {
	case err != nil:
		return fmt.Errorf("its answer has no grpc-status")
	case code != 0:
		return &Failure{code, message}
	}
	return nil
}
