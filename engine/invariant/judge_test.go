package invariant

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/ledger"
)

// A ledgerCase is a file of testdata: what it shows in "# " lines, "terms: …", the ledger, and one line a
// breach, "=> class count verdict", or "=> nothing". Lines of the story may be held too: "   | line".
type ledgerCase struct {
	evidence *ledger.Evidence
	terms    breach.Terms
	want     []string
	story    []string
}

func readCase(t *testing.T, path string) ledgerCase {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	c := ledgerCase{terms: breach.Terms{DrainLimit: 2 * time.Second, Duration: 2 * time.Second}}
	var text []string
	for line := range strings.Lines(string(raw)) {
		line = strings.TrimRight(line, "\n")
		if words, ok := strings.CutPrefix(line, "terms:"); ok {
			c.terms.Killed = strings.Contains(words, "killed")
			c.terms.Virtual = strings.Contains(words, "virtual")
			c.terms.Widened = strings.Contains(words, "widened")
			c.terms.AtStartup = strings.Contains(words, "startup")
			c.terms.Named = strings.Contains(words, "named")
			c.terms.IdleDeadline = strings.Contains(words, "idle-deadline")
			c.terms.GivesBackAtDeadline = strings.Contains(words, "gives-back-at-deadline")
			for word := range strings.FieldsSeq(words) {
				switch key, value, _ := strings.Cut(word, "="); key {
				case "done":
					c.terms.Done = append(c.terms.Done, value)
				case "early":
					c.terms.GivesBackEarly = append(c.terms.GivesBackEarly, value)
				case "in-doubt":
					c.terms.InDoubt = append(c.terms.InDoubt, value)
				case "serves-for":
					if c.terms.ServesFor, err = time.ParseDuration(value); err != nil {
						t.Fatal(err)
					}
				}
			}
		} else if words, ok := strings.CutPrefix(line, "asks: "); ok { // GROUP KIND, and a * where it lists statuses, ends=TEXT where it says that
			group, kind, _ := strings.Cut(words, " ")
			kind, ends, _ := strings.Cut(kind, " ends=")
			kind, lists := strings.CutSuffix(kind, " *")
			c.terms.Asking = append(c.terms.Asking, breach.Asking{Group: group, Kind: kind, Lists: lists, Ends: ends})
		} else if words, ok := strings.CutPrefix(line, "whole: "); ok { // GROUP PIECES a=LAST CHAIN…, or GROUP body=TEXT
			group, answer, _ := strings.Cut(words, " ")
			c.addWhole(t, group, answer)
		} else if want, ok := strings.CutPrefix(line, "=> "); ok {
			c.want = append(c.want, want)
		} else if story, ok := strings.CutPrefix(line, "   | "); ok {
			c.story = append(c.story, story)
		} else {
			text = append(text, line)
		}
	}
	if len(c.want) == 0 {
		t.Fatalf("%s says nothing of what is to be found", path)
	}
	if c.evidence, err = ledger.ParseText("the ledger", strings.Join(text, "\n")); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	for _, s := range c.evidence.Signals {
		if !s.Taken {
			c.terms.Signals = append(c.terms.Signals, s.Number)
		}
	}
	return c
}

// addWhole adds an answer of the control run.
func (c *ledgerCase) addWhole(t *testing.T, group, answer string) {
	var w breach.Whole
	if body, ok := strings.CutPrefix(answer, "body="); ok {
		w.Body, w.Sized = body, true
	} else {
		words := strings.Fields(answer)
		if _, err := fmt.Sscanf(words[0]+" "+words[1], "%d a=%x", &w.Pieces, &w.Last); err != nil {
			t.Fatal(err)
		}
		w.Trail = strings.Join(words[2:], "")
		if _, err := fmt.Sscanf(words[len(words)-1], "%x", &w.Chain); err != nil {
			t.Fatal(err)
		}
	}
	if i := slices.IndexFunc(c.terms.Control, func(s breach.Sample) bool { return s.Group == group }); i >= 0 {
		c.terms.Control[i].Whole = append(c.terms.Control[i].Whole, w)
		return
	}
	c.terms.Control = append(c.terms.Control, breach.Sample{Group: group, Of: 9, Whole: []breach.Whole{w}})
}

func (c ledgerCase) judged(t *testing.T, name string, x *Index) (got, story []string) {
	switch name {
	case "at-risk":
		for _, r := range AtRisk(x, c.terms) {
			got = append(got, fmt.Sprintf("%s %d %d", r.Kind, r.Count, r.Lost))
		}
	case "crossed":
		for _, r := range external.Crossed(x.e) {
			got = append(got, fmt.Sprintf("%s %d %d", r.Kind, r.Count, r.Of))
		}
	case "suspects":
		for _, b := range external.Suspects(x.e, c.terms) {
			got = append(got, fmt.Sprintf("%s %d %s %s", b.Class, b.Count, b.If, b.Kind))
			story = append(append(story, b.Summary), b.Evidence...)
		}
	default:
		for _, b := range mustFind(t, name).Check(x, c.terms) {
			got = append(got, fmt.Sprintf("%s %d %s", b.Class, b.Count, b.Verdict))
			story = append(append(story, b.Summary), b.Evidence...)
		}
	}
	if got == nil {
		got = []string{"nothing"}
	}
	return got, story
}

func TestLedgers(t *testing.T) {
	for _, name := range append(names(), "at-risk", "crossed", "suspects") {
		t.Run(name, func(t *testing.T) { testLedgers(t, name) })
	}
}

func testLedgers(t *testing.T, name string) {
	files, err := filepath.Glob(filepath.Join("testdata", name, "*.txt"))
	if err != nil {
		t.Fatal(err)
	}
	reported, cleared := 0, 0
	for _, file := range files {
		c := readCase(t, file)
		if c.want[0] == "nothing" {
			cleared++
		} else {
			reported++
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			got, story := c.judged(t, name, NewIndex(c.evidence))
			if !slices.Equal(got, c.want) {
				t.Errorf("%s expects %q, and is judged %q\n%s", file, c.want, got, strings.Join(story, "\n"))
			}
			if c.story != nil && !slices.Equal(story, c.story) {
				t.Errorf("%s expects the story\n%s\nand its story is\n%s", file, strings.Join(c.story, "\n"), strings.Join(story, "\n"))
			}
		})
	}
	if reported == 0 || cleared == 0 {
		t.Errorf("%s: testdata has %d ledgers that break it and %d that keep it; at least one of each is needed", name, reported, cleared)
	}
}

// TestJudgingTwiceIsTheSame judges every ledger twice by one index: an invariant is a pure function.
func TestJudgingTwiceIsTheSame(t *testing.T) {
	files, err := filepath.Glob("testdata/*/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no ledgers: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(filepath.Dir(file))
		c := readCase(t, file)
		x := NewIndex(c.evidence)
		one, oneStory := c.judged(t, name, x)
		two, twoStory := c.judged(t, name, x)
		if !slices.Equal(one, two) || !slices.Equal(oneStory, twoStory) {
			t.Errorf("%s is judged %q the first time and %q the second; an invariant keeps no state", file, one, two)
		}
	}
}

func names() []string {
	var all []string
	for _, v := range All() {
		all = append(all, v.Name)
	}
	return all
}

func TestTable(t *testing.T) {
	for _, v := range All() {
		if found, ok := Find(v.Name); !ok || found.Name != v.Name || v.Summary == "" || v.check == nil {
			t.Errorf("%q: the table needs a name that is there once, a summary and a check", v.Name)
		}
	}
	if _, ok := Find("no-such-invariant"); ok {
		t.Error("an invariant is found that is none")
	}
	all := All()
	all[0].Name = "changed"
	if All()[0].Name == "changed" {
		t.Error("the table can be changed from outside")
	}
}

// TestEveryInvariantHasAFileOfItsName lets a reader guess the file from the name.
func TestEveryInvariantHasAFileOfItsName(t *testing.T) {
	for _, v := range All() {
		file := strings.ReplaceAll(v.Name, "-", "") + ".go"
		_, here := os.Stat(file)
		_, external := os.Stat(filepath.Join("external", file))
		if here != nil && external != nil {
			t.Errorf("%s is to stand in %s, here or in external", v.Name, file)
		}
	}
}

func mustFind(t *testing.T, name string) Invariant {
	t.Helper()
	v, ok := Find(name)
	if !ok {
		t.Fatalf("there is no invariant %s", name)
	}
	return v
}
