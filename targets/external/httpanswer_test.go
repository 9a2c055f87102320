package external

import (
	"bufio"
	"errors"
	"strings"
	"testing"
)

// TestAServerOfHTTP2IsTold tells a server that begins with HTTP/2 from one that sends rubbish, and from one that answers.
func TestAServerOfHTTP2IsTold(t *testing.T) {
	for answer, want := range map[string]string{
		"\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x05\x00\x00@\x00": "client: http2",
		"\x00\x00\x00\x04\x00\x00\x00\x00\x00":                      "client: http2",
		"\x00\x00\x06\x06\x00\x00\x00\x00\x00\n":                    "it begins with",
		"SSH-2.0-OpenSSH_9.2\r\n":                                   "it begins with",
		"HTTP/1.1 200 OK\r\n\r\n":                                   "",
	} {
		_, err := readHead(bufio.NewReader(strings.NewReader(answer)))
		if want == "" && err != nil || want != "" && (!errors.Is(err, errGarbage) || !strings.Contains(err.Error(), want)) {
			t.Errorf("%q: %v, want %q", answer, err, want)
		}
	}
}
