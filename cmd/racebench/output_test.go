package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/racebench/racebench/internal/console"
	"github.com/racebench/racebench/scenario/secret"
)

// TestWhatIsWrittenThroughIsWithoutSecrets writes to what is no plain file, such as a pipe of the shell's.
func TestWhatIsWrittenThroughIsWithoutSecrets(t *testing.T) {
	secret.Note("Written-Through-1", "THROUGH")
	path := filepath.Join(t.TempDir(), "x")
	if err := writeThrough(path, []byte("it said Written-Through-1 twice\n")); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(path); err != nil || string(got) != "it said {secret:THROUGH} twice\n" {
		t.Errorf("%q, %v", got, err)
	}
}

// TestWhatAProgramPrintsIsWithoutSecrets hears one that prints a byte at a time, and whose secret has several lines.
func TestWhatAProgramPrintsIsWithoutSecrets(t *testing.T) {
	const value = "Heard-Line-1\nHeard-Line-2"
	secret.Note(value, "HEARD")
	var out bytes.Buffer
	h := hear(console.New(&out))
	for _, b := range []byte("the key is " + value + ".\nHeard") {
		if _, err := h.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	h.Close()
	if want := "the key is {secret:HEARD}.\nHeard"; out.String() != want && out.String() != want+"\n" {
		t.Errorf("%q, want %q", out.String(), want)
	}
}
