package scenario

import (
	"strings"
	"testing"
)

func TestStreams(t *testing.T) {
	first := func(s Seed, name string) uint64 { return s.Stream(name).Uint64() }
	if first(7, "load/3") != first(7, "load/3") { // each call makes the stream anew
		t.Error("one stream drew two numbers")
	}
	seen := map[uint64]bool{}
	for _, s := range []Seed{0, 7, 8} {
		for _, name := range []string{"", "load/1", "load/11", "fault"} {
			seen[first(s, name)] = true
		}
	}
	if len(seen) != 12 {
		t.Errorf("12 streams began with %d different numbers", len(seen))
	}
	// Recorded trials replay only as long as this number stays.
	if got := first(7, "load/3"); got != 7952439983936991764 {
		t.Errorf("stream load/3 of seed 7 begins with %d", got)
	}
}

func TestTrialSeeds(t *testing.T) {
	seen := map[Seed]bool{}
	for _, hash := range []string{"a", "b", "a1"} {
		for index := range 100 {
			seen[Seed(7).Trial(hash, index)] = true
		}
	}
	if len(seen) != 300 {
		t.Errorf("300 trials have %d different seeds", len(seen))
	}
}

func TestParseSeed(t *testing.T) {
	for _, text := range []string{"0", "7", "18446744073709551615"} {
		s, err := ParseSeed(text)
		if err != nil || s.String() != text {
			t.Errorf("ParseSeed(%s) = %s, %v", text, s, err)
		}
	}
	for _, text := range []string{"", "-1", "+1", "007", "0x7", "1.5", "18446744073709551616", strings.Repeat("9", 1<<20)} {
		if s, err := ParseSeed(text); err == nil || len(err.Error()) > 200 {
			t.Errorf("ParseSeed(%.20q) = %s, error %.200v", text, s, err)
		}
	}
	if NewSeed() == NewSeed() { // each call draws
		t.Error("two drawn seeds are equal")
	}
}
