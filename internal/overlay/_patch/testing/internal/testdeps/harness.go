package testdeps

import (
	"bufio"
	"internal/race"
	isynctest "internal/synctest"
	"math/rand/v2"
	"os"
	ossignal "os/signal"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"
	_ "unsafe"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/internal/overlay/_patch/internal/racebench/decide"
	"github.com/racebench/racebench/internal/overlay/wire"
)

//go:linkname rbhook testing.rbhook
func rbhook(func(t *testing.T, name string, f func(*testing.T)))

//go:linkname rbbody testing.rbbody
func rbbody(t *testing.T, f func(*testing.T)) (failed, skipped bool)

//go:linkname rbwritten testing.rbwritten
func rbwritten(t *testing.T) []byte

func init() {
	if os.Getenv(wire.Variable) == "" {
		return
	}
	os.Unsetenv(wire.Variable) // what the test starts is nobody's
	for _, fd := range []int{wire.CommandsFD, wire.AnswersFD, wire.MemoryFD} {
		syscall.CloseOnExec(fd)
	}
	rbhook(rbControl)
}

// rbHarness plays one test of this process again and again.
type rbHarness struct {
	t       *testing.T
	name    string
	f       func(*testing.T)
	mem     *wire.Memory
	in      *bufio.Reader
	decider *decide.Decider
	usual   map[[2]uint64]int // goroutines that the default schedule leaves, by entry and go statement
	doing   wire.Command
	played  int
}

func rbControl(t *testing.T, name string, f func(*testing.T)) {
	h := &rbHarness{t: t, name: name, f: f, in: bufio.NewReader(os.NewFile(wire.CommandsFD, "commands"))}
	if !h.begin() {
		return
	}
	for {
		line, err := h.in.ReadBytes('\n')
		if err != nil || !h.do(line) {
			break
		}
	}
	h.mem.Phase = wire.Ending
}

// begin sets the process up: one processor, no collector while a schedule is played, and the watcher of signals, which
// must belong to no bubble.
func (h *rbHarness) begin() bool {
	b, err := syscall.Mmap(wire.MemoryFD, 0, wire.Size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	if err == nil {
		h.mem, err = wire.At(b)
	}
	if err == nil {
		err = decide.Check()
	}
	if err != nil {
		h.tell(wire.Answer{Did: wire.DidError, Text: err.Error()})
		return false
	}
	h.mem.Magic, h.mem.Holder, h.mem.Others = wire.Magic, wire.Nobody, rbOthers()
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(1 << 30)
	c := make(chan os.Signal, 1)
	ossignal.Notify(c, syscall.SIGUSR2)
	ossignal.Stop(c)
	h.decider = decide.Start(h.mem, h.giveUp)
	time.Sleep(time.Millisecond) // the decider comes to its wait
	h.mem.Phase = wire.Ready
	h.tell(wire.Answer{Did: wire.DidReady, Test: h.name})
	return true
}

// rbOthers counts the goroutines that the program has started before its tests, as init and TestMain do.
func rbOthers() uint32 {
	all := make([]byte, 1<<20)
	all = all[:runtime.Stack(all, true)]
	n := uint32(0)
	for block := range strings.SplitSeq(string(all), "\n\n") {
		if !strings.Contains(block, "\ntesting.tRunner(") && !strings.Contains(block, "\ntesting.(*M).Run(") && !strings.Contains(block, "\nos/signal.loop(") {
			n++
		}
	}
	return n
}

// rbWay is how one schedule is played.
type rbWay struct {
	plan   decide.Plan
	chance uint64
	index  uint64
}

func (h *rbHarness) play(w rbWay) wire.Verdict {
	m, c := h.mem, h.doing
	ossignal.RbReset(c.Sigterm)
	m.Index, m.Slack, m.MaxSteps, m.Logging = w.index, c.Slack, c.Steps, 0
	if c.Steps == 0 {
		m.MaxSteps = wire.DefaultSteps
	}
	if c.Log {
		m.Logging = 1
	}
	m.Main, m.Left, m.Unused, m.TextLength = 0, 0, 0, 0
	rbwritten(h.t)
	races := race.Errors()
	h.rest()
	m.Phase = wire.Playing
	h.decider.Arm(w.plan, w.chance)
	failed, skipped, stuck := h.bubble()
	m.Phase = wire.Ready
	m.Races += uint32(race.Errors() - races)
	m.TextLength = uint32(copy(m.Text[:], rbwritten(h.t)))
	switch {
	case m.Stop != wire.StopNone:
		return wire.Void
	case race.Errors() > races:
		return wire.Race
	case failed:
		return wire.Failed
	case stuck && m.Main == 0:
		return wire.Deadlock
	case h.leaks():
		return wire.Leak
	case skipped:
		return wire.Skipped
	}
	return wire.Passed
}

// rest collects garbage between two schedules, where there is much of it.
func (h *rbHarness) rest() {
	h.played++
	if h.played%64 != 0 {
		return
	}
	var s runtime.MemStats
	runtime.ReadMemStats(&s)
	if s.HeapAlloc > 64<<20 {
		runtime.GC()
	}
}

// bubble runs the test in a controlled bubble.
func (h *rbHarness) bubble() (failed, skipped, stuck bool) {
	defer func() {
		e := recover()
		if e == nil {
			return
		}
		if err, ok := e.(error); !ok || !strings.HasPrefix(err.Error(), "deadlock:") {
			panic(e)
		}
		stuck = true
		failed = failed && h.mem.Main != 0 // a test that has not returned has not failed
	}()
	isynctest.Run(func() {
		failed = true // where the test ends this goroutine, too
		failed, skipped = rbbody(h.t, h.f)
		h.mem.Main, h.mem.Phase = 1, wire.Resting
		decide.Rest(isynctest.Wait, func(d int64) { time.Sleep(time.Duration(d)) })
	})
	return
}

// leaks says whether goroutines are left that the default schedule does not leave.
func (h *rbHarness) leaks() bool {
	left := map[[2]uint64]int{}
	for i := uint32(1); i < h.mem.Tasks; i++ {
		if t := &h.mem.Task[i]; t.Status != wire.Done {
			h.mem.Left++
			left[[2]uint64{t.Entry, t.GoPC}]++
		}
	}
	if h.usual == nil && h.doing.Do == wire.DoPlay && len(h.doing.Deviations) == 0 {
		h.usual = left
	}
	for k, n := range left {
		if n > h.usual[k] {
			return true
		}
	}
	return false
}

// strategy is that of schedule i of a search.
func (h *rbHarness) strategy(i uint64) decide.Plan {
	hints := explore.Hints{}
	if given := h.doing.Hints; given != nil {
		hints.Steps, hints.Events = given.Steps, given.Events
	}
	return decide.Plan{Strategy: explore.Portfolio(int(i)).New(rand.New(rand.NewPCG(h.doing.Seed, i)), hints)}
}
