package shell

import (
	"os"
	"testing"
	"time"

	"github.com/racebench/racebench/targets/gateway"
	"github.com/racebench/racebench/targets/targettest"
)

// openFiles counts the descriptors of this process.
func openFiles(tb testing.TB) int {
	tb.Helper()
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		tb.Fatal(err)
	}
	return len(files)
}

// A server that has ended holds no connection any more, and neither does a client whose server has gone.
func TestEverythingIsClosed(t *testing.T) {
	before := openFiles(t)
	for _, variant := range []string{"drain-reference", "untracked"} {
		h := targettest.Start(t, gateway.Target{Net: New}, variant, targettest.Options{})
		for _, op := range []string{"socket", "http", "https", "session", "frame"} {
			for range 10 {
				c := h.Dial(op, op)
				if op != "socket" {
					h.AwaitTask(c.Send(3))
				}
			}
		}
		if n := openFiles(t); n < before+80 {
			t.Errorf("%s: %d files are open with 40 connections, %d without", variant, n, before)
		}
		if !h.Stop() {
			t.Errorf("%s did not stop", variant)
		}
		began := time.Now()
		for openFiles(t) > before+2 && time.Since(began) < 10*time.Second {
			time.Sleep(time.Millisecond)
		}
		if n := openFiles(t); n > before+2 {
			t.Errorf("%s: %d files are open, %d were before", variant, n, before)
		}
	}
}
