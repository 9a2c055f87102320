package external

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/ledger/extern"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

const (
	// serviceLimit is how long a service may take until it is ready.
	serviceLimit = 20 * time.Second
	// serviceStopLimit is how long one may take to stop before it is killed.
	serviceStopLimit = 5 * time.Second
)

// servicesFolder is where the folders of services are, in the program's own.
const servicesFolder = ".services"

// A service is what stands beside the program. Its processes are bystanders: they are none of the program's.
type service struct {
	c     serviceConfig
	of    *program
	port  int
	dir   string    // {data}
	claim io.Closer // as program.claim

	cmd    *exec.Cmd
	out    *transcript
	exited chan struct{}
	end    func()
	ending bool // it was asked to end
}

// startServices starts what stands beside the program, one after the other, and returns when all are ready.
func (p *program) startServices(t *world.Task) error {
	for _, c := range p.c.services {
		x := &service{c: c, of: p, dir: filepath.Join(p.dir, servicesFolder, c.name)}
		p.services = append(p.services, x)
		var err error
		if x.port, x.claim, err = freePort(t.World().Rand("external/service/" + c.name)); err != nil {
			return fmt.Errorf("service %s: %w", c.name, err)
		}
	}
	for _, x := range p.services {
		if err := x.start(t); err != nil {
			return err
		}
	}
	return nil
}

// fillPorts puts the ports of services where a text wants them.
func (p *program) fillPorts(s string) string {
	for _, x := range p.services {
		s = strings.ReplaceAll(s, x.c.word(), strconv.Itoa(x.port))
	}
	return s
}

// servicePorts are the variables that tell a process of the services.
func (p *program) servicePorts() []string {
	var env []string
	for _, x := range p.services {
		env = append(env, x.c.variable()+"="+strconv.Itoa(x.port))
	}
	return env
}

// fill is as program.fill, with the service's own folder.
func (x *service) fill(s string) string {
	return x.of.fill(strings.ReplaceAll(s, dataWord, x.dir))
}

// start starts the service and returns when it is ready.
func (x *service) start(t *world.Task) error {
	if err := os.MkdirAll(x.dir, 0o755); err != nil {
		return fmt.Errorf("service %s: make its folder: %w", x.c.name, err)
	}
	if err := x.launch(t.World()); err != nil {
		return fmt.Errorf("service %s: %w", x.c.name, err)
	}
	deadline := t.Now() + serviceLimit
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		if !x.runs() {
			return x.notReady("it ended before it was ready" + x.status())
		}
		if x.isReady() {
			return nil
		}
		if t.Now() > deadline {
			return x.notReady(fmt.Sprintf("it was not ready after %s: %s", serviceLimit, x.awaited()))
		}
		t.Sleep(pause)
	}
}

// notReady is the error of a service that cannot be used.
func (x *service) notReady(why string) error {
	if !x.runs() {
		x.out.awaitEnd(lastWordsLimit)
	}
	return fmt.Errorf("service %s (%s): %s; %s", x.c.name, x.c.command[0], why, x.out.last())
}

// awaited says what a service has not done yet.
func (x *service) awaited() string {
	if x.c.ready.log != "" {
		return fmt.Sprintf("it has not printed %q", x.c.ready.log)
	}
	return "nothing accepts at port " + x.fill(x.c.ready.port)
}

func (x *service) isReady() bool {
	if x.c.ready.log != "" {
		return x.out.says(x.fill(x.c.ready.log))
	}
	conn, err := x.of.reach.To("127.0.0.1").DialWithin(time.Second, net.JoinHostPort("127.0.0.1", x.fill(x.c.ready.port)))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// launch starts the process, in a group of its own that ends with this process.
func (x *service) launch(w *world.World) error {
	words := make([]string, len(x.c.command))
	for i, word := range x.c.command {
		words[i] = x.fill(word)
	}
	cwd := x.c.cwd
	if cwd == "" {
		cwd = x.dir
		fromHere(words)
	}
	x.cmd = exec.Command(words[0], words[1:]...)
	x.cmd.Dir = cwd
	x.cmd.Env = append(withoutOurs(os.Environ()), x.of.servicePorts()...)
	for _, e := range x.c.env {
		e, err := valued(e)
		if err != nil {
			return fmt.Errorf("%w: %w", targets.ErrCannotRun, err)
		}
		x.cmd.Env = append(x.cmd.Env, x.fill(e))
	}
	x.cmd.SysProcAttr = attributes(false)
	r, w2, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("start it: %w", err)
	}
	x.out = newTranscript(r, w.Now)
	x.cmd.Stdout, x.cmd.Stderr = w2, w2
	end, err := bystanders.start(x.cmd)
	_ = w2.Close()
	if err != nil {
		_ = r.Close()
		return fmt.Errorf("%w: %w", targets.ErrCannotRun, plainly(err, "services."+x.c.name+".command", x.c.cwd))
	}
	x.end, x.ending, x.exited = end, false, make(chan struct{})
	go x.out.read()
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait()
		close(exited)
	}(x.cmd, x.exited)
	return nil
}

// fromHere makes words absolute that name a file where racebench was started: a service runs in a folder of its own.
func fromHere(words []string) {
	for i, word := range words {
		if strings.HasPrefix(word, "-") || filepath.IsAbs(word) || i == 0 && !strings.ContainsRune(word, filepath.Separator) {
			continue
		}
		info, err := os.Stat(word)
		if err != nil || info.IsDir() && !strings.HasPrefix(word, ".") {
			continue
		}
		if path, err := filepath.Abs(word); err == nil {
			words[i] = path
		}
	}
}

// runs says whether the process is there.
func (x *service) runs() bool {
	select {
	case <-x.exited:
		return false
	default:
		return true
	}
}

// status says how the process ended.
func (x *service) status() string {
	state := x.cmd.ProcessState
	if state == nil {
		return ""
	}
	if status, signal := endOf(state); signal == 0 {
		return fmt.Sprintf(" with status %d", status)
	}
	return " of " + state.String()
}

// stop asks a service to end and waits for that; kill ends it at once.
func (x *service) stop() {
	if x.end == nil || x.ending || !x.runs() {
		return
	}
	x.ending = true
	_ = sendSignal(x.cmd.Process.Pid, syscall.SIGTERM)
	select {
	case <-x.exited:
	case <-time.After(serviceStopLimit):
	}
	x.kill()
}

func (x *service) kill() {
	x.ending = true
	if x.end != nil {
		_ = killGroup(x.cmd.Process.Pid)
		<-x.exited
		x.end()
		x.out.close()
		x.end = nil
	}
}

// stopServices stops those whose moment has come.
func (p *program) stopServices(moment string) {
	for _, x := range p.services {
		if x.c.stop == moment {
			x.stop()
		}
	}
}

// resumeServices starts those again that were stopped.
func (p *program) resumeServices(t *world.Task) error {
	for _, x := range p.services {
		if x.ending && x.end == nil {
			if err := x.start(t); err != nil {
				return err
			}
		}
	}
	return nil
}

// endServices ends all services, the latest first.
func (p *program) endServices() {
	for i := len(p.services) - 1; i >= 0; i-- {
		x := p.services[i]
		x.kill()
		if x.claim != nil {
			_ = x.claim.Close()
		}
	}
	p.services = nil
}

// tellServices records the services that ended although nobody had asked them to: what comes of the program then is not
// its own doing.
func (s *instance) tellServices(t *world.Task) {
	for _, x := range s.p.services {
		if x.exited == nil || x.ending || x.runs() {
			continue
		}
		x.out.awaitEnd(lastWordsLimit)
		s.out.Process(ledger.Process{Event: extern.ProcessDeserted, PID: x.cmd.Process.Pid, At: t.Now()},
			fmt.Sprintf("%s (%s) ended by itself%s; %s", x.c.name, x.c.command[0], x.status(), x.out.last()))
	}
}
