package signals

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestEveryNameIsRead holds that what is printed can be written, whatever the number.
func TestEveryNameIsRead(t *testing.T) {
	seen := map[string]int{}
	for number := 1; number <= highest; number++ {
		name := Name(number)
		if other, ok := seen[name]; ok {
			t.Errorf("signals %d and %d are both called %s", other, number, name)
		}
		seen[name] = number
		if strings.ContainsAny(name, " -") || !strings.HasPrefix(name, "SIG") {
			t.Errorf("signal %d is called %q, which is not one word that begins with SIG", number, name)
		}
		for _, written := range []string{name, strings.ToLower(name)} {
			if got, ok := Number(written); !ok || got != number {
				t.Errorf("signal %d is called %s, which is read as %d, %v", number, written, got, ok)
			}
		}
	}
}

func TestNames(t *testing.T) {
	for _, name := range []string{"SIGHUP", "SIGINT", "SIGQUIT", "SIGABRT", "SIGKILL", "SIGSEGV", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGWINCH"} {
		number, ok := Number(name)
		if got := Name(number); !ok || got != name {
			t.Errorf("%s is read as %d (%v), whose name is %s", name, number, ok, got)
		}
	}
}

func TestWhatIsNoSignal(t *testing.T) {
	// A signal that has a name is not read by its number, so that each has one spelling.
	for _, word := range []string{"", "SIG", "TERM", "15", "SIG15", "SIG0", "SIG-1", "SIG65", "SIG040", "signal-10", "SIGNONE"} {
		if number, ok := Number(word); ok {
			t.Errorf("%q is read as signal %d (%s), but it is none", word, number, Name(number))
		}
	}
}

func TestClassesOfEarlierVersions(t *testing.T) {
	for number := 1; number <= highest; number++ {
		class := "clean-exit/program/" + Name(number)
		former := Former(class)
		if slices.Contains(alwaysNamed, Name(number)) {
			if former != class {
				t.Errorf("%s was always called so, not %s", class, former)
			}
			continue
		}
		if want := fmt.Sprintf("clean-exit/program/signal-%d", number); former != want {
			t.Errorf("%s was called %s, want %s", class, former, want)
		}
		if got := Current(former); got != class {
			t.Errorf("%s is called %s today, want %s", former, got, class)
		}
		if !IsFormer(former) || IsFormer(class) {
			t.Errorf("of %s and %s the first is the former one, not the second", former, class)
		}
	}
	for _, class := range []string{"drain-ends/late/over-limit", "no-leak/signal-task/recv", "clean-exit/program/status-1", "signal", "signal-", "signal-0", "signal-65", ""} {
		if got := Current(class); got != class {
			t.Errorf("%q names no signal by its number, and is called %q", class, got)
		}
		if got := Former(class); got != class {
			t.Errorf("%q names no signal, and was called %q", class, got)
		}
	}
	for pattern, want := range map[string]bool{"clean-exit/program/signal-": true, "clean-exit/program/signal-1": true, "no-leak/signal-task": false, "clean-exit/": false} {
		if got := IsFormer(pattern); got != want {
			t.Errorf("%s*: names a signal by its number %v, want %v", pattern, got, want)
		}
	}
}
