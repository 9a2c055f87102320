package racetest_test

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/racetest"
)

// fileEnv has the tests below run another file: a test that must fail fails in a process of its own.
const fileEnv = "RACETEST_FILE"

func TestSim(t *testing.T)  { play(t, "sim") }
func TestReal(t *testing.T) { t.Run("in a subtest", func(t *testing.T) { play(t, "real") }) }

func play(t *testing.T, engine string) {
	file := os.Getenv(fileEnv)
	if file == "" {
		file = "drains-" + engine
	}
	racetest.Run(t, "testdata/"+file+".yaml", Mailbox())
}

// again runs a test of this file in a process of its own.
func again(t *testing.T, name, file string) (output string, failed bool) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+name+"$")
	cmd.Env = append(os.Environ(), fileEnv+"="+file, "RACEBENCH_SEED=7")
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out), err != nil
}

// TestFailsAsRunWould runs what must fail: a design that forgets its queue, in both engines, a load that tests
// nothing, and a file with an error.
func TestFailsAsRunWould(t *testing.T) {
	for _, tc := range []struct{ test, file, want string }{
		{"TestSim", "forgets-sim", "BREACHED  mailbox/forgets"},
		{"TestReal", "forgets-real", "BREACHED  mailbox/forgets"},
		{"TestSim", "silent", "UNTESTED  mailbox/drains"},
		{"TestSim", "wrong", "wrong.yaml:2:9"},
	} {
		t.Run(tc.file, func(t *testing.T) {
			out, failed := again(t, tc.test, tc.file)
			if !failed || !strings.Contains(out, tc.want) {
				t.Errorf("it does not fail with %q:\n%s", tc.want, out)
			}
			if strings.Contains(out, "racebench replay") {
				t.Errorf("it tells of a command that cannot know its target:\n%s", out)
			}
			if strings.HasPrefix(tc.file, "forgets") && !strings.Contains(out, "RACEBENCH_SEED=7 go test -run '^"+tc.test) {
				t.Errorf("it does not say how to have it again:\n%s", out)
			}
		})
	}
}
