package external

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/world"
)

// awaitReady waits until the program is ready and finds out where it listens.
// It gives up as soon as overdue says so.
func (p *program) awaitReady(t *world.Task, overdue func(now time.Duration) bool) error {
	deadline := t.Now() + startLimit
	for pause := time.Millisecond; ; pause = min(2*pause, 20*time.Millisecond) {
		ready, err := p.isReady()
		switch {
		case err != nil:
			return err
		case p.hasEnded():
			return p.endedEarly()
		case ready:
			return nil
		}
		if t.Now() > deadline || overdue(t.Now()) {
			return fmt.Errorf("the program was not ready after %s: %s; %s", startLimit, p.awaited(), p.out.last())
		}
		t.Sleep(pause)
	}
}

// lastWordsLimit is how long the last words of a program are waited for of which nothing is left.
const lastWordsLimit = 5 * time.Second

// endedEarly says why a program that ended before it was ready cannot be tested.
func (p *program) endedEarly() error {
	how := fmt.Sprintf("with status %d", p.status)
	if p.signal != 0 {
		how = "of " + p.signal.String()
	}
	if left := p.alive(); len(left) > 0 {
		return fmt.Errorf("the program went to the background (pid %d ended %s, %s is still there): start it in the foreground, such as nginx -g 'daemon off;'",
			p.pid, how, nameOf(left[0]))
	}
	p.out.awaitEnd(lastWordsLimit)
	words := p.out.last()
	switch lower := strings.ToLower(words); {
	case strings.Contains(lower, "address already in use"), strings.Contains(lower, "eaddrinuse"):
		words += "; somebody has the port that it wants: stop that one, or let the program listen on {port}"
	case p.status == 0 && p.signal == 0:
		words += "; does it run in the foreground, and go on when its standard input is empty (</dev/null)?"
	}
	return fmt.Errorf("the program ended %s before it was ready; %s", how, words)
}

// awaited says what the program has not done yet.
func (p *program) awaited() string {
	switch {
	case p.c.ready.log != "":
		return fmt.Sprintf("it has not printed %q", p.c.ready.log)
	case p.address.port == 0:
		return p.unheard()
	}
	if p.c.ready.grpc != "" {
		return fmt.Sprintf("it listens on port %d, and says that it is not serving (grpc.health.v1, %s)", p.address.port, p.c.ready.grpc)
	}
	return fmt.Sprintf("it listens on port %d, and GET %s is not answered with 2xx", p.address.port, strings.Join(p.c.asksFor(), " or "))
}

// unheard says where the program listens instead of where it is looked for.
func (p *program) unheard() string {
	held := p.heldSockets()
	if path := unixListener(held); path != "" {
		return fmt.Sprintf("it listens on the unix socket %s, and is asked by TCP: let it listen on {port}", path)
	}
	want := p.expects()
	if want == 0 {
		return "it listens on nothing; a worker that need not is tested with --worker"
	}
	all, _ := listeners()
	for _, l := range all {
		if held[l.inode] {
			return fmt.Sprintf("it listens on port %d and not on %d, which it was given as {port} and in PORT", l.port, want)
		}
	}
	return fmt.Sprintf("nothing of it listens on port %d", want)
}

// heldSockets are the inodes of the sockets that the program's processes hold.
func (p *program) heldSockets() map[uint32]bool {
	held := map[uint32]bool{}
	for _, pid := range p.alive() {
		for inode := range socketsOf(pid) {
			held[inode] = true
		}
	}
	return held
}

// expects is the port that the program must listen on; 0 is any.
func (p *program) expects() int {
	if p.fixed {
		return p.port
	}
	if p.c.ready.port == portWord || p.c.url != "" {
		return p.port
	}
	for _, word := range append(slices.Clone(p.c.command), p.c.env...) {
		if p.fill(word) != word && word != dataWord {
			return p.port
		}
	}
	return 0
}

func (p *program) isReady() (bool, error) {
	if p.c.ready.log != "" && !p.out.says(p.fill(p.c.ready.log)) {
		return false, nil
	}
	if p.c.worker {
		return true, nil
	}
	if p.address.port == 0 {
		found, err := p.findListener()
		if err != nil || !found {
			return false, err
		}
	}
	for _, path := range p.c.asksFor() {
		if status, err := getStatus(p.address, path, readyLimit, nil); err != nil || status/100 != 2 {
			return false, nil
		}
	}
	if p.c.ready.grpc != "" && p.refusesCalls() {
		return false, nil
	}
	return true, nil
}

// readyLimit is how long the answer that a program is ready may take.
const readyLimit = 2 * time.Second

// asksFor are the paths that must be answered with 2xx before a program is ready.
func (c config) asksFor() []string {
	return slices.DeleteFunc([]string{c.ready.http, c.readyPath}, func(path string) bool { return path == "" })
}

// findListener looks for the address that the program's processes listen at. One that somebody else listens
// at is not the program's.
func (p *program) findListener() (bool, error) {
	all, err := listeners()
	if err != nil {
		return false, err
	}
	if len(all) == 0 {
		return false, nil
	}
	held := p.heldSockets()
	want := p.expects()
	best := listener{}
	for _, l := range all {
		if !held[l.inode] {
			if l.port == want {
				return false, fmt.Errorf("port %d is taken by another program: stop that one", want)
			}
			continue
		}
		switch {
		case want != 0 && l.port != want:
		case best.port == 0, l.port == p.port, l.port < best.port && best.port != p.port:
			best = l
		}
	}
	if best.port == 0 {
		return false, nil
	}
	return true, p.settle(best)
}

// settle makes the address from the scenario's url and what was found.
func (p *program) settle(l listener) error {
	p.address = address{host: l.host, port: l.port, scheme: "http"}
	if p.c.url == "" {
		return nil
	}
	u, err := url.Parse(p.fill(p.c.url))
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	p.address.scheme, p.address.path = u.Scheme, u.Path
	p.address.tls = slices.Contains(secureSchemes, u.Scheme)
	p.address.host, p.address.way = u.Hostname(), p.reach.To(u.Hostname())
	asked, there := net.ParseIP(u.Hostname()), net.ParseIP(l.host)
	if asked.To4() != nil && there.To4() == nil {
		return fmt.Errorf("it listens at %s, where %s does not reach it: write that address into the url", net.JoinHostPort(l.host, strconv.Itoa(l.port)), u.Hostname())
	}
	if n, err := strconv.Atoi(u.Port()); err == nil {
		p.address.port = n
	}
	return nil
}
