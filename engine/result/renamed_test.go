package result

import (
	"strings"
	"testing"
)

// A class that named a signal by its number is read as the class that names it. SIG60 stands for any signal that
// reports had no name for.
func TestStoredClassesOfEarlierVersions(t *testing.T) {
	const former, current = "clean-exit/program/signal-60", "clean-exit/program/SIG60"
	r := Report{Schema: SchemaName, Results: []Row{{
		Breaches: []RowBreach{{Class: former}, {Class: "drain-ends/late/over-limit"}},
		Warnings: []RowWarning{{Class: former}},
		Together: []together{{Classes: []string{former, "drain-ends/late/over-limit"}}},
	}}}
	raw, err := r.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), former) {
		t.Fatalf("the stored report does not hold %s, which is to be read:\n%s", former, raw)
	}
	back, err := Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	row := back.Results[0]
	for place, got := range map[string]string{
		"breach": row.Breaches[0].Class, "warning": row.Warnings[0].Class, "breaches that showed together": row.Together[0].Classes[0],
	} {
		if got != current {
			t.Errorf("the class of a stored %s is read as %s, want %s", place, got, current)
		}
	}
	if got := row.Breaches[1].Class; got != "drain-ends/late/over-limit" {
		t.Errorf("a class that names no signal is read as %s", got)
	}
	trial := Trial{Breaches: []Breach{{Class: former}}, Warnings: []Breach{{Class: former}}}
	trial.RenameClasses()
	if trial.Breaches[0].Class != current || trial.Warnings[0].Class != current {
		t.Errorf("the classes of a stored trial are %s and %s, want %s twice", trial.Breaches[0].Class, trial.Warnings[0].Class, current)
	}
}

func TestAKnownClassOfAnEarlierVersionStillHolds(t *testing.T) {
	for _, row := range []struct {
		class string
		not   []string // what it is not about
	}{
		{"clean-exit/program/signal-60", []string{"clean-exit/program/SIGTERM", "clean-exit/program/SIG50", "process-survives/program/SIG60"}},
		{"clean-exit/program/signal-6*", []string{"clean-exit/program/SIGTERM", "clean-exit/program/SIG50", "process-survives/program/SIG60"}},
		{"clean-exit/program/signal-*", []string{"clean-exit/program/SIGTERM", "clean-exit/program/status-1", "process-survives/program/SIG60"}},
		{"clean-exit/program/SIG60", []string{"clean-exit/program/SIGTERM", "clean-exit/program/SIG50"}},
	} {
		rules := Rules{Known: []KnownBreach{{Class: row.class}}}
		if !rules.Tolerates("clean-exit/program/SIG60") {
			t.Errorf("known: %s does not tolerate clean-exit/program/SIG60", row.class)
		}
		for _, other := range row.not {
			if rules.Tolerates(other) {
				t.Errorf("known: %s tolerates %s, which is another breach", row.class, other)
			}
		}
	}
}
