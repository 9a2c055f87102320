package external

import (
	"os"
	"testing"
	"time"
)

// TestTheLastLineIsReadWithoutItsEnd finds a crash in what a program printed when it had no time for a line's end.
func TestTheLastLineIsReadWithoutItsEnd(t *testing.T) {
	for said, want := range map[string]string{
		"listening\npanic: boom": "panic: boom", "panic: boom\n": "panic: boom", "no panic: boom": "", "": "",
	} {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		o := newTranscript(r, func() time.Duration { return 0 })
		go o.read()
		if _, err := w.WriteString(said); err != nil {
			t.Fatal(err)
		}
		_ = w.Close()
		<-o.done
		if got := o.crash(); got != want {
			t.Errorf("%q: %q, want %q", said, got, want)
		}
		_ = r.Close()
	}
}
