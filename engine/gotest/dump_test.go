package gotest

import "testing"

func TestWhereOutsideInADump(t *testing.T) {
	const reader = `goroutine 21 gp=0xc0 m=nil [IO wait, synctest bubble 1]:
internal/poll.runtime_pollWait(0x7f, 0x72)
	/go/src/runtime/netpoll.go:351 +0x85
example.org/p.(*Server).read(0xc0)
	/home/me/p/server.go:40 +0x1f
created by example.org/p.Serve in goroutine 9
	/home/me/p/server.go:12 +0x7
`
	p := &Package{std: "/go/src/"}
	for name, c := range map[string]struct{ dump, want string }{
		"real input":             {"SIGQUIT: quit\n\n" + reader, "(*Server)/read, at server.go:40 (IO wait)"},
		"one outside of bubbles": {"goroutine 3 [IO wait]:\nexample.org/p.x()\n\t/home/me/p/x.go:1 +0x1\n", ""},
		"all wait for others":    {"goroutine 4 [chan receive (durable), synctest bubble 1]:\nexample.org/p.x()\n\t/home/me/p/x.go:1 +0x1\n", ""},
		"standard library alone": {"goroutine 4 [running, synctest bubble 1]:\ntime.Sleep()\n\t/go/src/time/sleep.go:1 +0x1\n", ""},
		"who computes":           {"goroutine 4 [runnable, synctest bubble 1]:\nexample.org/p.busy(...)\n\t/home/me/p/x.go:7\n", "busy, at x.go:7 (runnable)"},
		"nothing":                {"", ""},
	} {
		if got := p.whereOutside(c.dump); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
