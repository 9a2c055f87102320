//go:build soak && linux

package overlay

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/racebench/racebench/internal/overlay/player"
	"github.com/racebench/racebench/internal/overlay/wire"
)

// The standard library's own tests of what is patched pass with the patch in and control off.
func TestTheStandardLibraryPassesItsTestsSoak(t *testing.T) {
	p := prepared(t)
	packages := strings.Fields(os.Getenv("RACEBENCH_OVERLAY_PACKAGES"))
	if len(packages) == 0 {
		packages = []string{
			"sync", "sync/atomic", "internal/sync", "context", "testing/synctest", "internal/synctest", "os/signal", "testing", "time",
			"math/rand/v2", "net", "net/http",
		}
	}
	c := p.command(t.Context(), append([]string{"test", "-overlay", p.File, "-vet=off", "-short"}, packages...)...)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Run(); err != nil {
		t.Errorf("%v:\n%s", err, out.String())
	}
}

// The race detector's reports are verdicts, and what racebench does beside the program is none of them.
func TestRacesAreReportedSoak(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		t.Skip("the race detector needs a C compiler, and there is none")
	}
	p := prepared(t)
	binary := filepath.Join(t.TempDir(), "race.test")
	if err := p.Compile(t.Context(), Compile{Dir: ".", Package: "./testdata/programs", Out: binary, Race: true}); err != nil {
		t.Fatal(err)
	}
	q := begin(t, binary, "TestRaces")
	if a := do(t, q, wire.Command{Do: wire.DoPlay}); a.Verdict != wire.Race.String() || q.Memory.Races == 0 {
		t.Errorf("a race: %+v", a)
	}
	for _, test := range []string{"TestDoesNotRace", "TestHTTP", "TestTLS"} {
		q := begin(t, binary, test)
		do(t, q, wire.Command{Do: wire.DoPlay})
		if a := do(t, q, wire.Command{Do: wire.DoSearch, To: 500, Seed: 1, Slack: selfSlack}); a.Did != wire.DidSearch {
			t.Errorf("%s: %+v %s%s", test, a, q.Memory.Written(), q.Output())
		}
	}
}

// Toolchains of the two newest minors that are on this machine build, and pass the self-test.
func TestToolchainsPassTheSelfTestSoak(t *testing.T) {
	tree := thisTree(t)
	roots, err := filepath.Glob(filepath.Join(tree.modules, "golang.org", "toolchain@*-go1.2[67].*.linux-amd64"))
	if err != nil {
		t.Fatal(err)
	}
	newest := map[string]string{}
	for _, root := range roots {
		_, version, _ := strings.Cut(filepath.Base(root), "-go")
		minor := strings.Join(strings.SplitN(version, ".", 3)[:2], ".")
		if old := newest[minor]; len(root) > len(old) || len(root) == len(old) && root > old {
			newest[minor] = root
		}
	}
	if len(newest) == 0 {
		t.Skip("no toolchain was downloaded to this machine")
	}
	for minor, root := range newest {
		p, err := Prepare(t.Context(), Options{
			Go: filepath.Join(root, "bin", "go"), Env: append(os.Environ(), "GOTOOLCHAIN=local"), CacheDir: t.TempDir(), Sources: sources(),
		})
		if err != nil {
			t.Error(err)
			continue
		}
		if *update {
			keep(t, p)
			continue
		}
		if compared, err := p.SelfTest(t.Context()); err != nil {
			t.Error(err)
		} else {
			t.Logf("%s of %s: traces compared: %v", p.Version, minor, compared)
		}
	}
}

// Package initialization draws chance, too: forty processes of one seed have one trace.
func TestProcessesHaveOneTraceSoak(t *testing.T) {
	for _, test := range []string{"TestHTTP", "TestTLS"} {
		all := map[string]int{}
		for range 40 {
			q := program(t, test)
			do(t, q, wire.Command{Do: wire.DoPlay})
			do(t, q, wire.Command{Do: wire.DoSearch, To: 100, Seed: 1, Slack: selfSlack})
			joint := uint64(0)
			for r, ok := q.Memory.Take(); ok; r, ok = q.Memory.Take() {
				joint = (joint ^ r.Hash) * 1099511628211
			}
			all[fmt.Sprintf("%x", joint)]++
			q.Close()
		}
		if len(all) != 1 {
			t.Errorf("%s: %v", test, all)
		}
	}
}

// Programs that are right pass in every schedule.
func TestTwinsPassSoak(t *testing.T) {
	p := prepared(t)
	binary, err := p.compileSelf(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	const schedules = 100_000
	for _, s := range selfTests {
		if s.shows != wire.Passed {
			continue
		}
		q := begin(t, binary, s.name)
		do(t, q, wire.Command{Do: wire.DoPlay})
		for next := uint64(0); next < schedules; {
			a := do(t, q, wire.Command{Do: wire.DoSearch, From: next, To: schedules, Seed: 2, Slack: selfSlack, Hints: &wire.Hints{Steps: 50}})
			for r, ok := q.Memory.Take(); ok; r, ok = q.Memory.Take() {
				if r.Verdict != wire.Passed {
					t.Errorf("%s: schedule %d: %v: %s", s.name, r.Index, r.Verdict, q.Memory.Written())
				}
			}
			if next = a.Next; a.Did == wire.DidFailed {
				break
			}
		}
	}
}
