package overlay

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/schedule"
)

func TestTheSelfTestPassesHere(t *testing.T) {
	p := prepared(t)
	if *update {
		keep(t, p)
		return
	}
	compared, err := p.SelfTest(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, there := knownTraces()[p.minor()]; compared != there {
		t.Errorf("%s: traces compared: %v", p.Version, compared)
	}
	remembered := p
	remembered.Go = filepath.Join(t.TempDir(), "no-such-go")
	if _, err := remembered.SelfTest(t.Context()); err != nil {
		t.Errorf("a tree that passed is tested again: %v", err)
	}
}

// keep writes the traces under a tree into the table.
func keep(t *testing.T, p Prepared) {
	t.Helper()
	const file = "_selftest/known.json"
	known := map[string]map[string]string{}
	raw, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(raw, &known)
	}
	if err != nil {
		t.Fatal(err)
	}
	known[p.minor()] = traces(t, p)
	if raw, err = json.MarshalIndent(known, "", "\t"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, append(raw, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

func traces(t *testing.T, p Prepared) map[string]string {
	t.Helper()
	binary, err := p.compileSelf(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, s := range selfTests {
		joint, problem, err := p.playSelf(t.Context(), binary, s)
		if err != nil || problem != "" {
			t.Fatalf("%s: %s %v", s.name, problem, err)
		}
		all[s.name] = joint
	}
	return all
}

// A tree whose programs do something else must not be trusted: here a program is told to show what another does.
func TestTheSelfTestFindsAWrongTree(t *testing.T) {
	p := prepared(t)
	binary, err := p.compileSelf(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ program, as, problem string }{
		{"TestWakeupIsKept", "TestLostWakeup", "none of 50 schedules shows deadlock"},
		{"TestLostWakeup", "TestWakeupIsKept", "schedules: deadlock"},
		{"TestSendAfterClose", "TestChance", "panic: send on closed channel"},
	} {
		for _, s := range selfTests {
			if s.name != c.as {
				continue
			}
			s.name = c.program
			if _, problem, err := p.playSelf(t.Context(), binary, s); err != nil || !strings.Contains(problem, c.problem) {
				t.Errorf("%s for %s: %q %v, want %q", c.program, c.as, problem, err, c.problem)
			}
		}
	}
	e := &SelfTestError{"Go 9.9", "TestX", "the trace is 1, want 2"}
	if text := e.Error(); text != "the self-test under Go 9.9: TestX: the trace is 1, want 2" || !errors.As(error(e), &e) {
		t.Error(text)
	}
}

// The kinds that the patch announces are those of package schedule, which the runtime cannot import.
func TestThePatchAnnouncesTheKindsOfSchedules(t *testing.T) {
	kinds := map[string]schedule.Kind{
		"rbStart": schedule.KindStart, "rbSend": schedule.KindSend, "rbRecv": schedule.KindRecv, "rbClose": schedule.KindClose,
		"rbLock": schedule.KindLock, "rbUnlock": schedule.KindUnlock, "rbNotify": schedule.KindNotify, "rbWait": schedule.KindWait,
		"rbLoad": schedule.KindLoad, "rbStore": schedule.KindStore, "rbSelect": schedule.KindSelect, "rbTry": schedule.KindTry,
		"rbYield": schedule.KindYield, "rbTimer": schedule.KindTimer, "rbIO": schedule.KindIO,
	}
	found := constants(t)
	for name, k := range kinds {
		if len(found[name]) == 0 {
			t.Errorf("no file of the patch says what %s is", name)
		}
		for file, value := range found[name] {
			if value != int(k) {
				t.Errorf("%s: %s is %d, and %v is %d", file, name, value, k, k)
			}
		}
	}
}
