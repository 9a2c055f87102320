package shell

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/targets/gateway"
	"github.com/racebench/racebench/targets/targettest"
)

// sockets counts the sockets of this process. Other descriptors are the runtime's own.
func sockets(tb testing.TB) int {
	tb.Helper()
	const dir = "/proc/self/fd/"
	files, err := os.ReadDir(dir)
	if err != nil {
		tb.Fatal(err)
	}
	n := 0
	for _, f := range files {
		what, err := os.Readlink(dir + f.Name())
		if err == nil && strings.HasPrefix(what, "socket:") { // the descriptor that read the folder is gone
			n++
		}
	}
	return n
}

// A server that has ended holds no connection any more, and neither does a client whose server has gone.
func TestEverythingIsClosed(t *testing.T) {
	before := sockets(t)
	for _, variant := range []string{"drain-reference", "untracked"} {
		h := targettest.Start(t, gateway.Target(New), variant, targettest.Options{})
		for _, op := range []string{"socket", "http", "https", "session", "frame"} {
			for range 10 {
				c := h.Dial(op, op)
				if op != "socket" {
					h.AwaitTask(c.Send(3))
				}
			}
		}
		if n := sockets(t); n < before+80 {
			t.Errorf("%s: %d sockets are open with 40 connections, %d without", variant, n, before)
		}
		if !h.Stop() {
			t.Errorf("%s did not stop", variant)
		}
		began := time.Now()
		for sockets(t) > before && time.Since(began) < 10*time.Second {
			time.Sleep(time.Millisecond)
		}
		if n := sockets(t); n > before {
			t.Errorf("%s: %d sockets are open, %d were before", variant, n, before)
		}
	}
}
