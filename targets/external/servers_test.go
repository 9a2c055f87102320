//go:build servers

package external_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/engine/result"
)

// The servers of this test are other people's: it runs where they are installed (make test-servers) and
// holds their verdicts to what is known of them.

// TestServers runs real servers, each in the ways that are known to lose work and those that are not. With
// RACEBENCH_SERVERS_PAGE it writes what it saw into that page.
func TestServers(t *testing.T) {
	s := newServers(t)
	page := os.Getenv("RACEBENCH_SERVERS_PAGE")
	lines := make([]string, len(serverRows))
	t.Run("rows", func(t *testing.T) {
		for i, row := range serverRows {
			t.Run(row.name+" "+row.version+" "+row.signal+" "+row.load, func(t *testing.T) {
				t.Parallel()
				version := row.needs(t)
				if row.version == oldGo {
					s.build(t, "GO124", oldGo)
				}
				c := s.runTested(t, row)
				t.Logf("%s: %v, at risk %v, notes %v", c.Verdict, classes(c), c.AtRisk, c.Notes)
				row.judge(t, c)
				s.preopened(t, row, c)
				lines[i] = row.line(version, c)
			})
		}
	})
	if page != "" {
		writeTable(t, page, "servers", serversHead, lines)
	}
}

// needs skips the test where the server is not installed, and returns its version.
func (r serverRow) needs(t *testing.T) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	words := serverVersions[r.version]
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
	tolerated := func(class string) bool { return r.tolerated != "" && strings.HasPrefix(class, r.tolerated) }
	if c.Verdict != r.verdict && !slices.ContainsFunc(classes(c), tolerated) {
		t.Errorf("%s, not %s; %v", c.Verdict, r.verdict, classes(c))
		for _, trial := range c.Trials {
			t.Log(trial.Verdict, trial.Void)
		}
	}
	for _, class := range classes(c) {
		if !tolerated(class) && !slices.ContainsFunc(r.classes, func(begin string) bool { return strings.HasPrefix(class, begin) }) {
			t.Errorf("accused of %s", class)
		}
	}
}

// preopened holds a row to what becomes of connections that were open before. A server that comes to its signal
// late answers them, too: it gets more trials until one is dropped.
func (s *servers) preopened(t *testing.T, row serverRow, c *result.Campaign) {
	t.Helper()
	for tries := 0; ; tries++ {
		of, dropped := risks(c, "preopened")
		switch {
		case row.preopened == "":
			return
		case row.preopened == "answered" && (dropped > 0 || of == 0):
			t.Errorf("%d of %d connections that were open before were dropped", dropped, of)
			return
		case row.preopened == "answered" || dropped > 0:
			return
		case tries == 10:
			t.Error("no connection that was open before was ever dropped")
			return
		}
		c = s.runTested(t, row)
	}
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
	backend string // its port
}

func newServers(t *testing.T) *servers {
	t.Helper()
	s := &servers{dir: t.TempDir()}
	s.backend = startBackend(t)
	for name, text := range serverFiles {
		s.file(t, name, text)
	}
	s.file(t, "main.go", goServer)
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

// build builds goServer by a release of Go.
func (s *servers) build(t *testing.T, name, release string) {
	t.Helper()
	cmd := exec.Command("go", "build", "-o", name, ".")
	cmd.Dir, cmd.Env = s.dir, append(os.Environ(), "GOTOOLCHAIN="+release, "GOPROXY=off", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", release, err, out)
	}
}

// runTested runs a row, again if on a busy machine no client got an answer before the signal.
func (s *servers) runTested(t *testing.T, row serverRow) *result.Campaign {
	t.Helper()
	for tries := 1; ; tries++ {
		c := s.run(t, row, row.command, "300ms..560ms", max(3, row.trials))
		if c.Verdict != result.Untested || tries == 10 || !slices.ContainsFunc(c.Trials, func(trial result.Trial) bool { return trial.HasStruck }) {
			return c
		}
	}
}

// run runs a row's command, or what stands in for it, and signals it at a moment of the load.
func (s *servers) run(t *testing.T, row serverRow, command []string, at string, trials int) *result.Campaign {
	t.Helper()
	var words []string
	for _, word := range command {
		switch {
		case word == "CONF":
			word = "{data}/conf"
		case serverFiles[word] != "":
			word = filepath.Join(s.dir, word)
		case word == "GO" || word == "GO124" || strings.HasPrefix(word, "GO;"):
			word = filepath.Join(s.dir, word)
		}
		words = append(words, strconv.Quote(word))
	}
	more := row.more
	if row.conf != "" { // it holds the port and the data folder
		conf := s.file(t, strings.ReplaceAll(t.Name(), "/", "-"), row.conf)
		more = fmt.Sprintf("  before_each: [sh, -c, \"sed 's/.PORT./{port}/g; s|.DATA.|{data}|g' '%s' > {data}/conf\"]\n", conf) + more
	}
	c, _ := runProgram(t, compile(t, fmt.Sprintf(`name: x
target: external
trials: %d
duration: 600ms
external:
  command: [%s]
  url: http://127.0.0.1:{port}/
%s
inject: [{signal: %s, at: %s}]
load:%s`, trials, strings.Join(words, ", "), more, row.signal, at, serverLoads[row.load])), engine.KeepNone)
	return c
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
