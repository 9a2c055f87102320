package gotest

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/rundir"
)

// examples are the servers of examples/gotest, each with a bug and a twin without it.
func examples(t *testing.T, name string) *Package {
	t.Helper()
	return built(t, "../../examples/gotest/"+name)
}

func built(t *testing.T, dir string) *Package {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("Go tests are searched on linux/amd64")
	}
	if testing.Short() {
		t.Skip("it builds the standard library over the patch")
	}
	p, err := Build(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p
}

func searchFor(t *testing.T, p *Package, test string, trials int) (*result.Campaign, *rundir.Run) {
	t.Helper()
	run, err := rundir.Create(t.TempDir(), time.Now())
	if err != nil {
		t.Fatal(err)
	}
	folds, err := p.Search(t.Context(), []string{test}, Campaign{Budget: Budget{Trials: trials, Parallel: 1}, Seed: 1, Run: run, Keep: true})
	if err != nil {
		t.Fatal(err)
	}
	return folds[0], run
}

// replayed plays the replay file of a trial again.
func replayed(t *testing.T, dir string) Replayed {
	t.Helper()
	raw, err := os.ReadFile(rundir.TrialDir(dir).Schedule())
	if err != nil {
		t.Fatal(err)
	}
	file, err := explore.ParseFile(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Replay(context.WithoutCancel(t.Context()), file, Options{})
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// inModule is the folder of a module that holds tests alone. The module is of an old version of Go, whose timers bubbles
// refuse unless they are told otherwise.
func inModule(t *testing.T, tests string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"go.mod": "module example.org/p\n\ngo 1.22\n", "p_test.go": tests} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// The bug of each example is found, shown again from its file, step by step, and its twin is left alone.
func TestExamplesAreFoundAndTheirTwinsAreNot(t *testing.T) {
	for _, c := range []struct {
		name   string
		trials int
		class  string
		twin   string
	}{
		{"worker", 200, "drain-ends/deadlock/", "TestStopFixed"},
		{"cache", 200, "test-passes/failed/cache_test.go", "TestCloseFixed"},
		{"httpserver", 100, "test-passes/failed/server_test.go", "TestStopFixed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := examples(t, c.name)
			found, _ := searchFor(t, p, strings.TrimSuffix(c.twin, "Fixed"), c.trials)
			if len(found.Breaches) != 1 || !strings.HasPrefix(found.Breaches[0].Class, c.class) {
				t.Fatalf("%d schedules: %s, breaches %+v, void %v, want one of class %s",
					found.Trials.Run, found.Verdict, found.Breaches, found.Void, c.class)
			}
			b := found.Breaches[0]
			for _, line := range b.First.Evidence {
				if strings.Contains(line, "type.go:") || strings.Contains(line, "testing.go:") {
					t.Errorf("the story tells of what package testing does: %q", line)
				}
			}
			if again := replayed(t, b.First.Dir); !again.Exact() || len(again.Shown) != 1 {
				t.Errorf("its replay file: %s", again)
			}
			twin, _ := searchFor(t, p, c.twin, c.trials)
			if twin.Verdict != result.Passed || twin.Trials.Passed != c.trials {
				t.Errorf("%s: %s, %+v, %v, want every schedule passed", c.twin, twin.Verdict, twin.Trials, twin.Void)
			}
		})
	}
}

// A test that fails without any search is told so, after one schedule.
func TestDefaultScheduleThatFails(t *testing.T) {
	p := built(t, inModule(t, "package p\n\nimport \"testing\"\n\nfunc TestFails(t *testing.T) { t.Fatal(\"on purpose\") }\n"))
	found, _ := searchFor(t, p, "TestFails", 50)
	if found.Verdict != result.Breached || found.Trials.Run != 1 || len(found.Breaches) != 1 || found.Breaches[0].First.Dir == "" {
		t.Errorf("%s, %+v, %+v, want one breach of one schedule, and its replay file", found.Verdict, found.Trials, found.Breaches)
	}
}

func TestWhatIsNoPackageOfTests(t *testing.T) {
	if _, err := Build(t.Context(), t.TempDir(), Options{}); err == nil {
		t.Error("an empty folder was built")
	}
	p := examples(t, "cache")
	for run, want := range map[string]string{"(": "--run", "Nothing": "it has TestClose, TestCloseFixed"} {
		if _, err := p.Tests(t.Context(), run); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("--run %s: %v, want %q in it", run, err, want)
		}
	}
}

// What needs somebody to be late is a warning that says how late; with a slack of the user's it is a breach; and a test
// that waits for nobody by the clock has neither. A goroutine that every schedule leaves is a warning, too.
func TestWhatShowsOnlyWithSlackIsAWarning(t *testing.T) {
	p := built(t, inModule(t, `package p

import (
	"testing"
	"time"
)

func TestSleeps(t *testing.T) {
	done := false
	go func() { done = true }()
	time.Sleep(5 * time.Millisecond)
	if !done {
		t.Error("not done")
	}
}

func TestLeaves(t *testing.T) {
	go func() { <-make(chan bool) }()
}

func TestWaits(t *testing.T) {
	done := make(chan bool)
	go func() { time.Sleep(5 * time.Millisecond); close(done) }()
	<-done
}
`))
	found, _ := searchFor(t, p, "TestSleeps", 200)
	if found.Verdict != result.Passed || len(found.Warnings) != 1 {
		t.Fatalf("%s, %+v, warnings %+v, want passed with one warning", found.Verdict, found.Trials, found.Warnings)
	}
	w := found.Warnings[0]
	if !strings.HasSuffix(w.Summary, "not done; needs somebody to be 5ms late") || w.First.Dir == "" {
		t.Errorf("the warning %+v, want 5ms and a replay file", w)
	}
	if again := replayed(t, w.First.Dir); !again.Exact() || len(again.Shown) != 1 {
		t.Errorf("its replay file: %s", again)
	}
	if left, _ := searchFor(t, p, "TestLeaves", 20); left.Verdict != result.Passed || len(left.Warnings) != 1 || left.Warnings[0].Class != "no-leak/always/TestLeaves-func1" {
		t.Errorf("a goroutine that is always left: %s, %+v, want a warning", left.Verdict, left.Warnings)
	}
	asked, err := p.Search(t.Context(), []string{"TestSleeps"}, Campaign{Budget: Budget{Trials: 200}, Seed: 1, Slack: 10 * time.Millisecond})
	if err != nil || asked[0].Verdict != result.Breached {
		t.Errorf("with a slack of its own: %v, %v, want breached", asked, err)
	}
	if twin, _ := searchFor(t, p, "TestWaits", 200); twin.Verdict != result.Passed || len(twin.Warnings) > 0 {
		t.Errorf("the twin: %s, %+v", twin.Verdict, twin.Warnings)
	}
}

// A test of many operations gets the budget that it needs, and its failures are found and played again.
func TestLongTests(t *testing.T) {
	p := built(t, inModule(t, `package p

import (
	"sync"
	"testing"
)

func TestLong(t *testing.T) {
	c, done := make(chan int), make(chan bool)
	go func() {
		for range c {
		}
		close(done)
	}()
	for i := range 12_000 {
		c <- i
	}
	close(c)
	<-done
	n := 0
	var mu sync.Mutex
	var both sync.WaitGroup
	for range 2 {
		both.Add(1)
		go func() {
			defer both.Done()
			mu.Lock()
			read := n
			mu.Unlock()
			mu.Lock()
			n = read + 1
			mu.Unlock()
		}()
	}
	both.Wait()
	if n != 2 {
		t.Error("an update is lost")
	}
}
`))
	found, _ := searchFor(t, p, "TestLong", 12)
	if found.Verdict != result.Breached || found.Trials.Void > 0 || len(found.Breaches) != 1 {
		t.Fatalf("%s, %+v, %+v, want one breach and no void schedule", found.Verdict, found.Trials, found.Void)
	}
	if again := replayed(t, found.Breaches[0].First.Dir); len(again.Shown) != 1 || !again.Exact() {
		t.Errorf("its replay file: %s", again)
	}
}

// Who waits for the world outside is named, with the line of the test; it is no breach.
func TestRealInputIsNamed(t *testing.T) {
	p := built(t, inModule(t, `package p

import (
	"net"
	"testing"
)

func listen(t *testing.T) {
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.ReadFrom(make([]byte, 9))
}

func TestUDP(t *testing.T) { listen(t) }
`))
	found, _ := searchFor(t, p, "TestUDP", 5)
	if found.Verdict != result.Untested || len(found.Notes) != 1 || !strings.HasSuffix(found.Notes[0], ": listen, at p_test.go:13 (IO wait)") {
		t.Errorf("%s, %v, want untested, and the line of the read", found.Verdict, found.Notes)
	}
}

// A loop that gives its turn away comes to an end in every schedule: where it waits for what others do, where nobody can end
// it, and where it counts by itself, which no rule may take for running in vain.
func TestLoopsThatYield(t *testing.T) {
	p := built(t, inModule(t, `package p

import (
	"runtime"
	"sync/atomic"
	"testing"
)

func TestWaits(t *testing.T) {
	var flag int32
	go func() { atomic.StoreInt32(&flag, 1) }()
	for atomic.LoadInt32(&flag) == 0 {
		runtime.Gosched()
	}
}

func TestForEver(t *testing.T) {
	var flag atomic.Bool
	go func() { <-make(chan bool) }()
	for !flag.Load() {
		runtime.Gosched()
	}
}

func TestCounts(t *testing.T) {
	go func() { <-make(chan bool) }()
	for range 50_000 {
		runtime.Gosched()
	}
}
`))
	if waits, _ := searchFor(t, p, "TestWaits", 100); waits.Verdict != result.Passed || waits.Trials.Passed != 100 {
		t.Errorf("a loop that waits: %s, %+v, %v, want passed", waits.Verdict, waits.Trials, waits.Void)
	}
	if spins, _ := searchFor(t, p, "TestForEver", 4); spins.Verdict != result.Hung || !strings.HasPrefix(spins.Breaches[0].Class, "drain-ends/livelock/") {
		t.Errorf("a loop that nobody ends: %s, %+v, want a livelock", spins.Verdict, spins.Breaches)
	}
	if counts, _ := searchFor(t, p, "TestCounts", 4); counts.Verdict != result.Passed || len(counts.Breaches) > 0 {
		t.Errorf("a loop that counts: %s, %+v, %v, want passed", counts.Verdict, counts.Breaches, counts.Notes)
	}
}

// What was started or made before a test has no part in its schedule. A test that depends on it is named, and not accused;
// one that waits for ever on such a channel hangs all the same where nobody else is there.
func TestWhatIsFromBeforeTheTest(t *testing.T) {
	p := built(t, inModule(t, `package p

import (
	"net"
	"testing"
	"time"
)

var (
	work, answers = make(chan func()), make(chan int)
	timer         = time.NewTimer(time.Hour)
)

func TestMain(m *testing.M) {
	go func() {
		for f := range work {
			f()
		}
	}()
	m.Run()
}

func TestWorker(t *testing.T) {
	done := make(chan bool)
	work <- func() { close(done) }
	<-done
}

func TestAnswer(t *testing.T) {
	work <- func() { answers <- 1 }
	<-answers
}

func TestTimer(t *testing.T) {
	timer.Reset(time.Millisecond)
	<-timer.C
}

func TestType(t *testing.T) {
	l, err := net.Listen("tcp", "localhost:0")
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.TCPListener).SetDeadline(time.Now())
}

func TestFinds(t *testing.T) {
	done := make(chan bool)
	go func() { work <- func() {}; done <- true }()
	<-done
}
`))
	for test, says := range map[string]string{
		"TestWorker": "a goroutine that was started before the test",
		"TestAnswer": "waits on a channel that was made before the test, and so were goroutines (1)",
		"TestTimer":  "waits for a timer that was made before the test",
		"TestType":   "it asks for a *net.TCPConn or *net.TCPListener",
	} {
		if found, _ := searchFor(t, p, test, 20); found.Verdict != result.Untested || len(found.Breaches) > 0 || !strings.Contains(strings.Join(found.Notes, "\n"), says) {
			t.Errorf("%s: %s, %+v, %q, want untested and %q", test, found.Verdict, found.Breaches, found.Notes, says)
		}
	}
	if found, _ := searchFor(t, p, "TestFinds", 20); found.Verdict != result.Passed {
		t.Errorf("a worker that is there is used: %s, %+v, %q, want passed", found.Verdict, found.Breaches, found.Notes)
	}
	alone := built(t, inModule(t, `package p

import "testing"

var stopped = make(chan bool)

func TestHangs(t *testing.T) { <-stopped }
`))
	if found, _ := searchFor(t, alone, "TestHangs", 20); found.Verdict != result.Hung {
		t.Errorf("a wait that nobody can end: %s, %q, want hung", found.Verdict, found.Notes)
	}
}

// A test that looks for leaks in runtime.Stack, as goleak does, finds its own goroutines there and none of those that control
// it.
func TestWhatATestSeesInAStackDump(t *testing.T) {
	p := built(t, inModule(t, `package p

import (
	"runtime"
	"strings"
	"testing"
)

func others() int {
	dump := make([]byte, 1<<20)
	dump = dump[:runtime.Stack(dump, true)]
	return strings.Count(string(dump), "\n\ngoroutine ")
}

func TestNone(t *testing.T) {
	done := make(chan bool)
	go func() { close(done) }()
	<-done
	for range 20 {
		runtime.Gosched()
	}
	if n := others(); n > 0 {
		t.Errorf("%d are left", n)
	}
}

func TestOne(t *testing.T) {
	stop := make(chan bool)
	defer close(stop)
	go func() { <-stop }()
	if n := others(); n != 1 {
		t.Errorf("%d are left", n)
	}
}
`))
	for _, test := range []string{"TestNone", "TestOne"} {
		if found, _ := searchFor(t, p, test, 40); found.Verdict != result.Passed {
			t.Errorf("%s: %s, %+v, want passed", test, found.Verdict, found.Breaches)
		}
	}
}
