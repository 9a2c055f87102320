//go:build unix

package input

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// things makes one of everything that a folder may hold, and returns the folder.
func things(t *testing.T) string {
	t.Helper()
	outside := filepath.Join(t.TempDir(), "secret")
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	large, err := os.Create(at("large"))
	if err != nil {
		t.Fatal(err)
	}
	defer large.Close()
	if err := errors.Join(
		os.WriteFile(outside, []byte("out"), 0o600), os.WriteFile(at("file"), []byte("in"), 0o600),
		large.Truncate(Scenario.limit+1), os.Mkdir(at("folder"), 0o700), syscall.Mkfifo(at("pipe"), 0o600),
		os.Symlink("file", at("link-in")), os.Symlink(outside, at("link-out")), os.Symlink("/dev/zero", at("link-to-device")),
		os.Symlink("pipe", at("link-to-pipe")), os.Symlink("none", at("link-to-nothing")), os.Symlink("loop", at("loop")),
	); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestWhatIsFoundIsAFileOfItsFolder(t *testing.T) {
	dir := things(t)
	for name, want := range map[string]string{
		"file": "in", "link-in": "in", "large": "larger than 1 MiB, which no scenario is",
		"folder": errDirectory.Error(), "pipe": errNoFile.Error(), "link-to-pipe": errNoFile.Error(),
		"link-out": errLink.Error(), "link-to-device": errLink.Error(),
		"link-to-nothing": "no such file or directory", "none": "no such file or directory", "loop": "too many levels of symbolic links",
	} {
		raw, err := Found(filepath.Join(dir, name), Scenario)
		got := string(raw)
		if err != nil {
			got = err.Error()
		}
		if got != want && !(name == "loop" && err != nil) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	// A link to the folder is followed: it was named.
	link := filepath.Join(t.TempDir(), "latest")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	if raw, err := Found(filepath.Join(link, "file"), Scenario); err != nil || string(raw) != "in" {
		t.Errorf("through a link to the folder: %q, %v", raw, err)
	}
	if raw, err := Head(filepath.Join(dir, "large"), Scenario); err != nil || int64(len(raw)) != Scenario.limit {
		t.Errorf("the head of a large file has %d bytes, %v", len(raw), err)
	}
	if _, err := Open(filepath.Join(dir, "large"), Scenario); err == nil || !strings.Contains(err.Error(), "larger than 1 MiB") {
		t.Errorf("a large file opened: %v", err)
	}
}

func TestWhatIsNamedMayBeAPipe(t *testing.T) {
	dir := things(t)
	pipe := filepath.Join(dir, "pipe")
	sent := make(chan error, 1)
	go func() { sent <- os.WriteFile(pipe, []byte("through the pipe"), 0) }()
	if raw, err := Named(t.Context(), pipe, Scenario); err != nil || string(raw) != "through the pipe" {
		t.Errorf("%q, %v", raw, err)
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	// One that never ends is read up to the limit.
	go func() {
		w, err := os.OpenFile(pipe, os.O_WRONLY, 0)
		for piece := make([]byte, 1<<16); err == nil; {
			_, err = w.Write(piece)
		}
	}()
	if _, err := Named(t.Context(), pipe, Scenario); err == nil || err.Error() != "larger than 1 MiB, which no scenario is" {
		t.Errorf("a pipe without an end: %v", err)
	}
	for name, want := range map[string]string{
		"/dev/zero": errDevice.Error(), "/dev/null": errDevice.Error(), filepath.Join(dir, "link-to-device"): errDevice.Error(),
		dir: errDirectory.Error(), filepath.Join(dir, "none"): "no such file or directory",
	} {
		if _, err := Named(t.Context(), name, Scenario); err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", name, err, want)
		}
	}
	if raw, err := Named(t.Context(), filepath.Join(dir, "link-out"), Scenario); err != nil || string(raw) != "out" {
		t.Errorf("a link that was named: %q, %v", raw, err)
	}
}

// A pipe that nobody opens for writing, and one whose writer says nothing, are given up when the context ends.
func TestAPipeIsGivenUpWithTheContext(t *testing.T) {
	for _, writer := range []bool{false, true} {
		t.Run(fmt.Sprint("writer ", writer), func(t *testing.T) {
			pipe := filepath.Join(things(t), "pipe")
			ctx, cancel := context.WithCancel(t.Context())
			ended := make(chan error, 1)
			go func() {
				_, err := Named(ctx, pipe, Scenario)
				ended <- err
			}()
			if writer {
				w, err := os.OpenFile(pipe, os.O_WRONLY, 0) // waits for the reader
				if err != nil {
					t.Fatal(err)
				}
				defer w.Close()
			}
			cancel()
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("ended with %v", err)
			}
			if !writer { // the reader that was left opening it ends with its writer
				go func() { _ = os.WriteFile(pipe, nil, 0) }()
			}
		})
	}
}

func TestLimitsAreInTheMessage(t *testing.T) {
	for k, want := range map[Kind]string{
		Schedule: "larger than 16 MiB, which no replay file is", Result: "larger than 256 MiB, which no stored result is",
		Ledger: "larger than 4 GiB, which no ledger is",
	} {
		if got := k.TooLarge().Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
