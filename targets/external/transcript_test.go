package external

import (
	"bufio"
	"bytes"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/scenario/secret"
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

// TestNoSecretIsKeptInHalves has a secret cut by what is read at once, by the end of what is kept of a program's beginning
// and by the front of what is kept of its end, at each of its bytes.
func TestNoSecretIsKeptInHalves(t *testing.T) {
	const value = "Halved-Secret-27"
	secret.Note(value, "TOKEN")
	const begun = "the token is "
	for i := 1; i < len(value); i++ {
		for name, pieces := range map[string][]string{
			"of what is read":      {begun + value[:i], value[i:] + " indeed\n"},
			"of the beginning":     {strings.Repeat("x", keptOutput-i), value, "\n"},
			"of the end":           {strings.Repeat("x", keptOutput), value, strings.Repeat("y", lastWords-i)},
			"of a line that tells": {"panic: " + strings.Repeat("z", 400-len("panic: ")-i), value, "\n"},
			"of all of it":         {begun, value},
		} {
			var file bytes.Buffer
			r, w, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			o := newTranscript(r, func() time.Duration { return 0 })
			o.file = &file
			o.heed()
			for _, piece := range pieces {
				o.take([]byte(piece))
			}
			_ = w.Close()
			o.read()
			kept := file.String() + string(o.tail) + o.crash() + o.last()
			for _, line := range o.told() {
				kept += line.text
			}
			o.close()
			kept += file.String()
			for n := 4; n <= len(value); n++ {
				for _, half := range []string{value[:n], value[len(value)-n:]} {
					if strings.Contains(kept, half) {
						t.Fatalf("%s, cut at %d: %q was kept", name, i, half)
					}
				}
			}
			if name == "of what is read" && !strings.HasPrefix(file.String(), begun+secret.Placeholder("TOKEN")+" indeed\n") {
				t.Fatalf("cut at %d, %q was kept", i, file.String())
			}
		}
	}
}

// TestNoSecretIsQuotedInHalves has a secret cut by how much of an answer is quoted.
func TestNoSecretIsQuotedInHalves(t *testing.T) {
	const value = "Quoted-Secret-28"
	secret.Note(value, "TOKEN")
	for i := 4; i < len(value); i++ {
		var b body
		_, _ = b.Write([]byte(strings.Repeat("x", bodyKept-i) + value + "y"))
		_, err := readHead(bufio.NewReader(strings.NewReader(strings.Repeat("x", 40-i) + value + "\r\n")))
		if err == nil {
			t.Fatal("what is no answer was taken for one")
		}
		if got := b.begins() + err.Error(); strings.Contains(got, value[:i]) {
			t.Errorf("%d of it are in %q", i, got)
		}
	}
}
