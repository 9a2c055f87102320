package external

import (
	"net"
	"os"
	"os/exec"
	"testing"
)

// TestListeningIsTheProgramsOwn tells a program that holds the socket at its port from one whose port another has.
func TestListeningIsTheProgramsOwn(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	for name, files := range map[string][]*os.File{"another's": nil, "its own": {file}} {
		t.Run(name, func(t *testing.T) {
			cmd := exec.Command("/bin/sh", "-c", "read -r _")
			cmd.ExtraFiles = files
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				_ = in.Close()
				_ = cmd.Wait()
			}()
			s := &instance{p: &program{pid: cmd.Process.Pid, exited: make(chan struct{}), address: address{host: "127.0.0.1", port: l.Addr().(*net.TCPAddr).Port}}}
			if _, _, ok := s.listening(); ok != (files != nil) {
				t.Errorf("listening is %v", ok)
			}
		})
	}
}
