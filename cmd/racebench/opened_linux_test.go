//go:build linux

package main

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// TestAPipeThatSaysNothingIsGivenUpAtTheFirstSignal names a pipe in every place where a file may be named.
func TestAPipeThatSaysNothingIsGivenUpAtTheFirstSignal(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe.json")
	replay := filepath.Join(t.TempDir(), "pipe.replay")
	if err := errors.Join(syscall.Mkfifo(pipe, 0o600), syscall.Mkfifo(replay, 0o600)); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{
		{"run", pipe + ".yaml"}, {"validate", pipe + ".yaml"}, {"report", pipe}, {"compare", pipe, pipe}, {"gate", "--baseline", pipe}, {"replay", replay},
		{"load", "--requests", pipe, "--for", "1s", "http://127.0.0.1:1/"}, {"load", "-d", "@" + pipe, "--for", "1s", "http://127.0.0.1:1/"},
		{"probe", "--requests", pipe, "--", "true"},
	} {
		t.Run(strings.Join(args[:min(2, len(args))], " "), func(t *testing.T) {
			if filepath.Ext(args[1]) == ".yaml" {
				if err := os.Symlink(pipe, args[1]); err != nil && !errors.Is(err, os.ErrExist) {
					t.Fatal(err)
				}
			}
			p := &process{t: t, ended: make(chan error, 1)}
			p.cmd = exec.Command("racebench", args...)
			p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = t.TempDir(), &p.stdout, &p.stderr
			p.launch()
			at := pipe
			if args[0] == "replay" {
				at = replay
			}
			var w *os.File
			until(t, "the pipe opened", func() (opened bool) {
				var err error
				w, err = os.OpenFile(at, os.O_WRONLY|syscall.O_NONBLOCK, 0)
				return err == nil
			})
			defer w.Close()
			p.signal(syscall.SIGTERM)
			if got := p.status(); got != 143 || p.stdout.Len() > 0 {
				t.Errorf("exit status %d, want 143; stdout: %s\nstderr:\n%s", got, &p.stdout, &p.stderr)
			}
		})
	}
}

// TestOnlyFilesAreReadFromFolders puts what is no file where racebench looks by itself.
func TestOnlyFilesAreReadFromFolders(t *testing.T) {
	dir := t.TempDir()
	in := func(name string) string { return filepath.Join(dir, name) }
	outside := filepath.Join(t.TempDir(), "outside.yaml")
	if err := errors.Join(
		os.MkdirAll(in(".racebench"), 0o700), os.MkdirAll(in("more"), 0o700), os.MkdirAll(in("corpus"), 0o700), os.MkdirAll(in("run"), 0o700),
		os.WriteFile(outside, []byte("name: x\ntarget: broker\n"), 0o600),
		syscall.Mkfifo(in(".racebench/pipe.yaml"), 0o600), os.Symlink(outside, in("more/out.yaml")),
		syscall.Mkfifo(in("corpus/broker-a.replay"), 0o600), os.Symlink("/dev/zero", in("corpus/broker-b.replay")),
		syscall.Mkfifo(in("run/result.json"), 0o600),
	); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		args   []string
		status int
		says   []string
	}{
		{[]string{"validate"}, 2, []string{".racebench/pipe.yaml: it is no regular file, and in a folder nothing else is read"}},
		{[]string{"run", "more"}, 2, []string{"more/out.yaml: it is a link out of its folder, which is not followed"}},
		{[]string{"report", "run"}, 2, []string{"run/result.json: it is no regular file"}},
		{[]string{"report", "/dev/zero"}, 2, []string{"/dev/zero: it is neither a file nor a pipe"}},
		{[]string{"fuzz", "broker/reference", "--trials", "5", "--seed", "1", "--corpus", "corpus"}, 0, []string{
			"broker-a.replay: it is no regular file", "broker-b.replay: it is a link out of its folder",
		}},
	} {
		cmd := exec.Command("racebench", tc.args...)
		cmd.Dir = dir
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		err := cmd.Run()
		if got := cmd.ProcessState.ExitCode(); got != tc.status {
			t.Errorf("%v: exit status %d, want %d: %v", tc.args, got, tc.status, err)
		}
		for _, says := range tc.says {
			if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), says) {
				t.Errorf("%v does not say %q:\n%s", tc.args, says, &out)
			}
		}
	}
}
