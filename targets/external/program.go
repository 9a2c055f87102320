package external

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/reach"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// A program is one run of the command: a process, what it prints and where it listens.
type program struct {
	c     config
	port  int    // that was given to it; what it listens at is in address
	dir   string // {data}
	reach reach.Rule
	fixed bool // the port is the scenario's, not ours to choose

	cmd     *exec.Cmd
	pid     int
	out     *transcript
	guard   *exec.Cmd
	guarded func()
	exited  chan struct{}
	endedAt time.Duration
	status  int
	signal  syscall.Signal

	address address
	left    func()    // ends what before_each left; nil: nothing
	claim   io.Closer // keeps other racebench processes from port; nil: nothing does

	services []*service // what stands beside it

	mu    sync.Mutex
	known []int // processes of a program that was attached to
}

// An address is where the program is reached.
type address struct {
	host   string
	port   int
	tls    bool
	path   string // of the url, before a client's own
	scheme string
	way    reach.Way
}

func (a address) dial() string { return net.JoinHostPort(a.host, strconv.Itoa(a.port)) }

// connect opens a connection within a time.
func (a address) connect(limit time.Duration) (net.Conn, error) {
	return a.way.DialWithin(limit, a.dial())
}

// fill puts the port and the data folder where the scenario wants them.
func (p *program) fill(s string) string {
	s = strings.ReplaceAll(s, portWord, strconv.Itoa(p.port))
	return p.fillPorts(strings.ReplaceAll(s, dataWord, p.dir))
}

// choosePort settles the port: the scenario's own, or one that nobody uses and no client will be given.
func (p *program) choosePort(w *world.World) error {
	if p.c.attach != "" {
		p.port = fixedPort(p.c)
		p.fixed = p.port > 0
		return nil
	}
	if n := fixedPort(p.c); n > 0 {
		p.port, p.fixed = n, true
		a := address{host: cmp.Or(p.c.host(), "127.0.0.1"), port: n, way: p.reach.To(p.c.host())}
		at := a.dial()
		if conn, err := a.connect(time.Second); err == nil {
			_ = conn.Close()
			return fmt.Errorf("%s answers before the program was started: another one has that port; stop it, or write {port} in command and url", at)
		}
		return nil
	}
	var err error
	p.port, p.claim, err = freePort(w.Rand("external/port"))
	return err
}

// freePort is a port that nobody uses and no client will be given, with what keeps other racebench processes from it.
func freePort(rnd *rand.Rand) (port int, kept io.Closer, err error) {
	from, to := ephemeral()
	for range 200 {
		n := 10000 + rnd.IntN(22000)
		if n >= from && n <= to {
			continue
		}
		claim, ours := claim(n)
		if !ours {
			continue
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(n)))
		if err == nil {
			_ = l.Close()
			return n, claim, nil
		}
		if claim != nil {
			_ = claim.Close()
		}
	}
	return 0, nil, errors.New("no free port was found between 10000 and 32000")
}

// fixedPort is the port that the scenario names, or 0.
func fixedPort(c config) int {
	if n, err := strconv.Atoi(c.ready.port); err == nil {
		return n
	}
	u, err := url.Parse(strings.ReplaceAll(c.url, portWord, "0"))
	if err != nil {
		return 0
	}
	n, _ := strconv.Atoi(u.Port())
	return n
}

// launch starts the process. It lives in a group of its own and ends with this process.
func (p *program) launch(w *world.World) error {
	if p.c.attach != "" {
		return p.attach(w)
	}
	words := make([]string, len(p.c.command))
	for i, word := range p.c.command {
		words[i] = p.fill(word)
	}
	p.cmd = exec.Command(words[0], words[1:]...)
	p.cmd.Dir = p.c.cwd
	var err error
	if p.cmd.Env, err = p.environment(); err != nil {
		return fmt.Errorf("%w: %w", targets.ErrCannotRun, err)
	}
	p.cmd.SysProcAttr = attributes(p.c.pid1)
	r, w2, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start the program: %w", err)
	}
	p.out = newTranscript(r, w.Now)
	p.cmd.Stdout, p.cmd.Stderr = w2, w2
	err = startOnOneThread(p.cmd)
	_ = w2.Close()
	if err != nil {
		_ = r.Close()
		if p.c.pid1 {
			return fmt.Errorf("%w as PID 1 here: %w", targets.ErrCannotRun, plainly(err, "external.command", p.c.cwd))
		}
		return fmt.Errorf("%w: %w", targets.ErrCannotRun, plainly(err, "external.command", p.c.cwd))
	}
	p.pid = p.cmd.Process.Pid
	p.exited = make(chan struct{})
	go p.out.read()
	go func() {
		_ = p.cmd.Wait()
		p.endedAt = w.Now()
		p.status, p.signal = endOf(p.cmd.ProcessState)
		close(p.exited)
	}()
	p.guard, p.guarded = guardian(p.pid)
	return nil
}

// environment is the program's: racebench's own, the port, and what the scenario adds.
func (p *program) environment() ([]string, error) {
	env := append(os.Environ(), "PORT="+strconv.Itoa(p.port))
	env = append(env, p.servicePorts()...)
	for _, e := range p.c.env {
		e, err := valued(e)
		if err != nil {
			return nil, err
		}
		env = append(env, p.fill(e))
	}
	return withoutOurs(env), nil
}

// valued gives a variable that has none its value.
func valued(e string) (string, error) {
	if strings.Contains(e, "=") {
		return e, nil
	}
	for _, name := range []string{targets.SecretPrefix + e, e} {
		if value, ok := os.LookupEnv(name); ok {
			return e + "=" + value, nil
		}
	}
	return "", fmt.Errorf("env %s has no value, and kept trials leave values out: set %s in racebench's own environment", e, e)
}

// withoutOurs leaves out what would make the program think that it is a part of racebench.
func withoutOurs(env []string) []string {
	var kept []string
	for _, e := range env {
		if !strings.HasPrefix(e, "RACEBENCH_") {
			kept = append(kept, e)
		}
	}
	return kept
}

// plainly takes the words of Go's library out of an error of the command in a field, and names the folder
// that a relative path was looked for in: cwd, or racebench's own.
func plainly(err error, field, cwd string) error {
	var e *exec.Error
	var path *os.PathError
	if _, noDir := os.Stat(cwd); cwd != "" && noDir != nil && errors.As(noDir, &path) {
		return fmt.Errorf("external.cwd: %s: %w", cwd, path.Err)
	}
	errors.As(err, &path)
	switch {
	case errors.Is(err, syscall.ENOEXEC) && path != nil:
		return fmt.Errorf("%s: %s is no program that this machine can run: a script needs a first line such as #!/bin/sh", field, path.Path)
	case errors.Is(err, fs.ErrPermission) && path != nil:
		return fmt.Errorf("%s: %s: %w: chmod +x makes a file a program", field, path.Path, path.Err)
	case errors.Is(err, fs.ErrNotExist) && path != nil && isThere(cwd, path.Path):
		return fmt.Errorf("%s: %s is there, and what runs it is not: look at its first line (#!), or at the loader that it was linked for", field, path.Path)
	case errors.As(err, &e) && errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%s: there is no %q in PATH: write the path to it, such as ./%s", field, e.Name, e.Name)
	case path != nil && filepath.IsAbs(path.Path):
		return fmt.Errorf("%s: %s: %w", field, path.Path, path.Err)
	case path != nil:
		in, absErr := filepath.Abs(cwd)
		if absErr != nil {
			in = cwd
		}
		return fmt.Errorf("%s: %s: %w in %s: a relative path begins at external.cwd, or where racebench was started", field, path.Path, path.Err, in)
	}
	return err
}

func isThere(cwd, path string) bool {
	if !filepath.IsAbs(path) {
		path = filepath.Join(cwd, path)
	}
	_, err := os.Stat(path)
	return err == nil
}

// The kernel ends a program with the thread that started it, so one thread starts them all and stays.
var starter = sync.OnceValue(func() chan<- func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for f := range work {
			f()
		}
	}()
	return work
})

func startOnOneThread(cmd *exec.Cmd) error {
	done := make(chan error)
	starter() <- func() { done <- cmd.Start() }
	return <-done
}

// guardian starts a shell that waits for this process's end and then ends the program's whole group:
// SIGKILL of racebench must leave nothing behind. It returns what to call when the group is gone.
func guardian(group int) (*exec.Cmd, func()) {
	cmd := exec.Command("/bin/sh", "-c", `trap "" TERM INT HUP QUIT; read -r _; kill -s KILL -- "-$1"`, "racebench-guardian", strconv.Itoa(group))
	cmd.SysProcAttr = ownGroup()
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, func() {}
	}
	if err := cmd.Start(); err != nil {
		return nil, func() {} // no shell: then only the process itself ends with us
	}
	return cmd, func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		_ = in.Close()
	}
}

// hasEnded says whether the process that was started has.
func (p *program) hasEnded() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// clean says whether it ended as a clean stop does.
func (p *program) clean() bool {
	if p.c.attach != "" {
		return true // nobody but its parent learns its status
	}
	if p.signal != 0 {
		for _, s := range p.c.exitsOf {
			if s == p.signal {
				return true
			}
		}
		return false
	}
	for _, n := range p.c.exits {
		if n == p.status {
			return true
		}
	}
	return false
}

// spared are the processes below this one that are not the program's.
func (p *program) spared() map[int]bool {
	if p.guard == nil || p.guard.Process == nil {
		return nil
	}
	return map[int]bool{p.guard.Process.Pid: true}
}

// alive lists the program's processes.
func (p *program) alive() []int {
	if p.c.attach != "" {
		return p.attached()
	}
	return bystanders.others(p.spared())
}

// kill ends all processes of the program, whatever group they are in. One that racebench did not start is left
// alone.
func (p *program) kill() {
	if p.c.attach != "" {
		p.out.close()
		return
	}
	_ = killGroup(p.pid)
	for range 50 {
		left := p.alive()
		if len(left) == 0 {
			break
		}
		for _, pid := range left {
			killOne(pid)
		}
		reapAll(p.pid)
		time.Sleep(2 * time.Millisecond)
	}
	select {
	case <-p.exited:
	case <-time.After(5 * time.Second): // a process that even SIGKILL does not end is stuck in the kernel
	}
	reapAll(0)
	p.guarded()
	p.out.close()
}
