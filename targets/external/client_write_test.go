package external

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"
)

// TestOnlyItsAbsenceIsMissed reads a write back from servers that have it, that do not, and that do not say.
func TestOnlyItsAbsenceIsMissed(t *testing.T) {
	for answer, want := range map[string]struct {
		ok  bool
		err error
	}{
		"200 OK\r\nContent-Length: 1\r\n\r\nv":                       {true, nil},
		"404 Not Found\r\nContent-Length: 0\r\n\r\n":                 {false, nil},
		"410 Gone\r\nContent-Length: 0\r\n\r\n":                      {false, nil},
		"503 Service Unavailable\r\nContent-Length: 0\r\n\r\n":       {false, errLoading},
		"429 Too Many Requests\r\nContent-Length: 0\r\n\r\n":         {false, errLoading},
		"500 Internal Server Error\r\nContent-Length: 0\r\n\r\n":     {false, errUntold},
		"403 Forbidden\r\nContent-Length: 0\r\n\r\n":                 {false, errUntold},
		"302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n": {false, errUntold},
	} {
		here, there := net.Pipe()
		go func() {
			_, _ = readLine(bufio.NewReader(there))
			go func() { _, _ = io.Copy(io.Discard, there) }()
			fmt.Fprint(there, "HTTP/1.1 "+answer)
		}()
		store := httpStore{&dialer{s: &instance{p: &program{}}, g: group{path: "/kv/{id}"}}}
		_, ok, err := store.find(&httpConn{rw: here, r: bufio.NewReader(here)}, "k", "v")
		if ok != want.ok || !errors.Is(err, want.err) || want.err == nil && err != nil {
			t.Errorf("%q: %v, %v", answer, ok, err)
		}
		_, _ = here.Close(), there.Close()
	}
}
