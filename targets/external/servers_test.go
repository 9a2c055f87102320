//go:build servers

package external_test

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
)

// The servers of this test are other people's: it runs where they are installed (make test-servers) and
// holds their verdicts to what is known of them.

// TestServers runs real servers, each in the ways that are known to lose work and those that are not. With
// RACEBENCH_SERVERS_PAGE it writes what it saw into that page; RACEBENCH_SERVERS=all is needed for those that take
// minutes to build.
func TestServers(t *testing.T) {
	s := newServers(t)
	page := os.Getenv("RACEBENCH_SERVERS_PAGE")
	lines := make([]string, len(serverRows))
	t.Run("rows", func(t *testing.T) {
		for i, row := range serverRows {
			t.Run(row.name+" "+row.version+" "+row.ends()+" "+row.under(), func(t *testing.T) {
				t.Parallel()
				version := row.needs(t)
				if row.version == oldGo {
					s.build(t, "GO124", oldGo)
				}
				c := s.runTested(t, row)
				row.judge(t, c)
				c = s.warned(t, row, c)
				lines[i] = row.line(t, version, c)
			})
		}
	})
	if page != "" {
		writeTable(t, page, "servers", serversHead, lines)
	}
}

// ends is the signal that the row's server gets.
func (r serverRow) ends() string { return cmp.Or(r.signal, "SIGTERM") }

// under is the load that the row's server is under.
func (r serverRow) under() string { return cmp.Or(r.load, http1) }

// needs skips the test where the server is not installed, and returns its version.
func (r serverRow) needs(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	words := serverVersions[r.version]
	if name, built := strings.CutPrefix(r.command[0], builtWord); built {
		if os.Getenv("RACEBENCH_SERVERS") != "all" {
			t.Skip("it is run with SERVERS=all: its verdict was not checked")
		}
		words = builtVersion(name)
	}
	out, err := exec.CommandContext(ctx, words[0], words[1:]...).CombinedOutput()
	found := versionNumber.FindString(string(out))
	if err != nil || found == "" {
		t.Skipf("%s is not installed: its verdict was not checked (%v)", r.version, err)
	}
	return found
}

// judge holds a result to the row's verdict.
func (r serverRow) judge(t *testing.T, c *result.Campaign) {
	t.Helper()
	t.Logf("%s: %v, at risk %v, warned of %v, notes %v", c.Verdict, classes(c), c.AtRisk, r.warnedOf(t, c), c.Notes)
	tolerated := func(class string) bool { return r.tolerated != "" && strings.HasPrefix(class, r.tolerated) }
	if c.Verdict != r.verdict && !slices.ContainsFunc(classes(c), tolerated) {
		t.Errorf("%s, not %s; %v", c.Verdict, r.verdict, classes(c))
		for _, trial := range c.Judged {
			t.Log(trial.Verdict, trial.Void)
		}
	}
	for _, b := range c.Breaches {
		if !tolerated(b.Class) && !slices.ContainsFunc(r.classes, func(begin string) bool { return strings.HasPrefix(b.Class, begin) }) {
			t.Errorf("reported %s, want nothing: %s\n%s", b.Class, b.Summary, strings.Join(b.First.Evidence, "\n"))
		}
	}
	if of, _ := risks(c, "websocket-open"); of == 0 && strings.Contains(serverLoads[r.under()], "client: websocket") {
		t.Error("no WebSocket was open when the signal struck")
	}
}

// warnedOf are the classes of the warnings, but for preopened-answered, which has a column of its own.
func (r serverRow) warnedOf(t *testing.T, c *result.Campaign) []string {
	t.Helper()
	all := slices.DeleteFunc(warnings(t, c), func(class string) bool { return strings.HasPrefix(class, "preopened-answered/") })
	slices.Sort(all)
	return all
}

// warned holds a row to its warnings and to what becomes of connections that were open before. Where that takes a
// machine that is on time the server gets more runs, until one shows it: one that comes to its signal late answers
// what it would have dropped, one whose clients come late drops what it would have answered. It returns the last run.
func (s *servers) warned(t *testing.T, row serverRow, c *result.Campaign) *result.Campaign {
	t.Helper()
	for tries := 0; ; tries++ {
		wrong := row.otherWarnings(t, c)
		switch {
		case wrong == "":
			return c
		case !row.intime || tries == 10:
			t.Error(wrong)
			return c
		}
		t.Log("once more: ", wrong)
		c = s.runTested(t, row)
		row.judge(t, c)
	}
}

// otherWarnings says in what a run's warnings are not the row's; "" where they are.
func (r serverRow) otherWarnings(t *testing.T, c *result.Campaign) string {
	t.Helper()
	if seen := r.warnedOf(t, c); !slices.Equal(seen, r.warns) {
		return fmt.Sprintf("warned of %v, not of %v", seen, r.warns)
	}
	of, dropped := risks(c, "preopened")
	switch {
	case r.preopened == "answered" && (dropped > 0 || of == 0):
		return fmt.Sprintf("%d of %d connections that were open before were dropped", dropped, of)
	case r.preopened == "dropped" && dropped == 0:
		return "no connection that was open before was dropped"
	}
	return ""
}

// risks sums up what was at risk of some kinds, and what of it was lost.
func risks(c *result.Campaign, kinds ...string) (of, lost int64) {
	for _, r := range c.AtRisk {
		if slices.Contains(kinds, r.Kind) {
			of, lost = of+r.Count, lost+r.Lost
		}
	}
	return of, lost
}

// servers is what the rows' commands need: files, built programs, and a server behind the proxies.
type servers struct {
	dir     string
	sources string // the folder of the small servers
	backend string // its port
}

func newServers(t *testing.T) *servers {
	t.Helper()
	sources, err := filepath.Abs("../../internal/servers")
	if err != nil {
		t.Fatal(err)
	}
	s := &servers{dir: t.TempDir(), sources: sources, backend: startBackend(t)}
	source, err := os.ReadFile(filepath.Join(sources, "testdata", "server", "main.go"))
	if err != nil {
		t.Fatal(err)
	}
	s.file(t, "main.go", string(source))
	s.file(t, "go.mod", "module server\n\ngo 1.24\n")
	s.build(t, "GO", "local")
	return s
}

func (s *servers) file(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "{BACKEND}", s.backend)), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

// build builds the server in Go by a release of Go.
func (s *servers) build(t *testing.T, name, release string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-o", name, ".")
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), "GOTOOLCHAIN="+release, "GOPROXY=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", release, err, out)
	}
}

// word is a word of a row's command as it is run: GO and GO124 are the server in Go by two releases, CONF is the
// configuration, a file of Python or JavaScript is one of the small servers.
func (s *servers) word(word string) string {
	name, built := strings.CutPrefix(word, builtWord)
	switch {
	case built:
		return filepath.Join(builtDir(), name)
	case word == "CONF":
		return "{data}/conf"
	case word == "GO", word == "GO124", strings.HasPrefix(word, "GO;"):
		return filepath.Join(s.dir, word)
	case filepath.Ext(word) == ".py", filepath.Ext(word) == ".js":
		return filepath.Join(s.sources, word)
	}
	return word
}

// A moment is when the signal strikes, in a load that goes on for a while.
type moment struct{ at, duration string }

// runTested runs a row, again if on a busy machine no client got an answer before the signal.
func (s *servers) runTested(t *testing.T, row serverRow) *result.Campaign {
	t.Helper()
	for tries := 1; ; tries++ {
		c := s.run(t, row, row.command, moment{"300ms..560ms", "600ms"}, max(3, row.trials))
		if c.Verdict != result.Untested || tries == 10 || !slices.ContainsFunc(c.Judged, func(trial result.Trial) bool { return trial.HasStruck }) {
			return c
		}
	}
}

// run runs a row's command, or what stands in for it, and signals it at a moment of the load.
func (s *servers) run(t *testing.T, row serverRow, command []string, when moment, trials int) *result.Campaign {
	t.Helper()
	words := make([]string, len(command))
	for i, word := range command {
		words[i] = strconv.Quote(s.word(word))
	}
	more := row.more
	if row.conf != "" { // it holds the port and the data folder
		conf := s.file(t, strings.ReplaceAll(t.Name(), "/", "-"), row.conf)
		more = fmt.Sprintf("  before_each: [sh, -c, \"sed 's/.PORT./{port}/g; s|.DATA.|{data}|g' '%s' > {data}/conf\"]\n", conf) + more
	}
	load := strings.NewReplacer(append(row.paths, "{SERVERS}", s.sources)...).Replace(serverLoads[row.under()])
	c, _ := runProgram(t, compile(t, fmt.Sprintf(`name: x
target: external
trials: %d
duration: %s
external:
  command: [%s]
  url: http://127.0.0.1:%d/
%s
inject: [{signal: %s, at: %s}]
load:%s`, trials, when.duration, strings.Join(words, ", "), freePort(t), more, row.ends(), when.at, load)), trial.KeepNone)
	return c
}

// lastPort is the port that was given out last. Where no other run of this test begins is a matter of the process's id.
var lastPort atomic.Int64

func init() { lastPort.Store(int64(10_000 + os.Getpid()%50*400)) }

// freePort is a port that no other row of this test gets: a server that hangs may have closed its listener while its
// clients keep coming, and whoever has that port next would have them, too.
func freePort(t *testing.T) int64 {
	t.Helper()
	for range 200 {
		port := lastPort.Add(1)
		l, err := net.Listen("tcp", fmt.Sprint("127.0.0.1:", port))
		if err == nil {
			_ = l.Close()
			return port
		}
	}
	t.Fatal("no free port was found")
	return 0
}

// startBackend runs the test server behind the proxies, for as long as the test.
func startBackend(t *testing.T) (port string) {
	t.Helper()
	path, err := server()
	if err != nil {
		t.Fatal(err)
	}
	port = fmt.Sprint(9000 + os.Getpid()%999)
	cmd := exec.Command(path, "shutdown")
	cmd.Env = append(os.Environ(), "PORT="+port)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return port
}
