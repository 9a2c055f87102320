package search_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/internal/corpus"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
)

// corpusOf is a folder with files of the given names, or an empty one.
func corpusOf(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// bySize are two schedules that show one class, the smaller one first; and one that no longer shows it.
func bySize(t *testing.T) (small, large, stale string) {
	t.Helper()
	files := failures(t, trialtest.NewSimulator(t), "gate-only", pastGate, 2)
	one, other := files[0], files[1]
	if corpus.Smaller(other, one) {
		one, other = other, one
	}
	if !corpus.Smaller(one, other) {
		t.Fatal("both schedules are as large")
	}
	return string(one.Marshal()), string(other.Marshal()), strings.Replace(string(one.Marshal()), `variant "gate-only"`, `variant "timeout-drain"`, 1)
}

const gateName = "broker-gate-only-no-lost-message-stage1-sent-past-gate.replay"

// What still fails stays, once and as small as it is there; what does not is dropped and told. What cannot be read is told and
// left, and a dry run changes nothing.
func TestPruningKeepsWhatFails(t *testing.T) {
	small, large, stale := bySize(t)
	secret := filepath.Join(corpusOf(t, map[string]string{"secret": small}), "secret")
	files := map[string]string{"a.replay": large, "b.replay": small, "c.replay": large, "d.replay": stale, "e.replay": "hello\n", "readme.txt": "mine"}
	for _, dry := range []bool{true, false} {
		dir := corpusOf(t, files)
		want := []string{"b.replay", "e.replay", "readme.txt"}
		if os.Symlink(secret, filepath.Join(dir, "f.replay")) == nil {
			want = slices.Insert(want, 2, "f.replay")
		}
		before, links := names(t, dir), len(want)-2 // those that cannot be read
		var told []string
		k := search.CorpusKeeper{Catalog: catalog, Dry: dry, Tell: func(text string) { told = append(told, text) }}
		unread, err := k.Prune(t.Context(), dir)
		if err != nil || len(unread) != links {
			t.Fatalf("%v, unread: %q", err, unread)
		}
		if dry {
			want = before
		}
		if got := names(t, dir); !slices.Equal(got, want) {
			t.Errorf("dry %v: %q stay, not %q", dry, got, want)
		}
		for i, says := range []string{"d.replay: stale: ", "a.replay: " + filepath.Join(dir, "b.replay") + " shows " + pastGate + ", and is no larger", "c.replay: ", "1 of 4 schedules stay"} {
			if len(told) != 4 || !strings.Contains(told[i], says) {
				t.Fatalf("dry %v: told is %q, without %s", dry, told, says)
			}
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := k.Prune(ended, corpusOf(t, files)); !errors.Is(err, context.Canceled) {
			t.Errorf("after the end: %v", err)
		}
	}
}

// Of several folders one entry of a class comes together, the smallest that still fails, under the name that a search gives it.
func TestMergingKeepsTheSmallest(t *testing.T) {
	small, large, stale := bySize(t)
	for _, c := range []struct {
		name             string
		there, a, b      string // what the folders hold; empty is nothing
		want, told, also string
	}{
		{"into nothing", "", large, small, small, "added ", "replaced "},
		{"the other order", "", small, large, small, "added ", ""},
		{"a smaller one is there", small, large, "", small, "", ""},
		{"a stale one is there", diverged(t, small), large, "", large, "replaced ", ""},
		{"a stale one comes", small, stale, "", small, "left out ", ""},
		{"what cannot be read stays", "hello\n", small, "", "hello\n", "", ""},
		{"so does what is not what it is called", stale, small, "", stale, "", ""},
	} {
		folder := func(name, text string) string {
			if text == "" {
				return corpusOf(t, nil)
			}
			return corpusOf(t, map[string]string{name: text})
		}
		into := folder(gateName, c.there)
		var told []string
		k := search.CorpusKeeper{Catalog: catalog, Tell: func(text string) { told = append(told, text) }}
		if unread, err := k.Merge(t.Context(), into, []string{folder("x.replay", c.a), folder("y.replay", c.b)}); err != nil || (len(unread) > 0) != (c.told+c.also == "" && c.want == c.there && c.want != small) {
			t.Fatalf("%s: %v, %q", c.name, err, unread)
		}
		raw, err := os.ReadFile(filepath.Join(into, gateName))
		if err != nil || string(raw) != c.want || len(names(t, into)) != 1 {
			t.Errorf("%s: %v, it holds %q and\n%s", c.name, err, names(t, into), raw)
		}
		if all := strings.Join(told, "\n"); !strings.HasPrefix(all, c.told) || !strings.Contains(all, c.also) || (c.told == "") != (all == "") {
			t.Errorf("%s: told is %s", c.name, all)
		}
	}
	into := filepath.Join(t.TempDir(), "new")
	k := search.CorpusKeeper{Catalog: catalog, Dry: true, Tell: func(string) {}}
	if _, err := k.Merge(t.Context(), into, []string{corpusOf(t, map[string]string{"x.replay": small})}); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(into); err == nil {
		t.Error("a dry run made the folder")
	}
}

// A schedule that is kept beside another one is kept for the class that both are named after.
func TestWhatIsKeptBesideHasTheClassOfItsName(t *testing.T) {
	f := *failures(t, trialtest.NewSimulator(t), "gate-only", pastGate, 1)[0]
	f.Classes = []string{"no-lost-message/stage1/another", pastGate}
	dir := corpusOf(t, map[string]string{strings.Replace(gateName, ".replay", ".0123456789ab.replay", 1): string(f.Marshal())})
	entries, unread, err := search.CorpusKeeper{Catalog: catalog}.List(dir)
	if err != nil || len(unread) > 0 || len(entries) != 1 || entries[0].Class != pastGate {
		t.Errorf("%+v, %q, %v", entries, unread, err)
	}
}

// diverged is a schedule that was recorded of other code, and still shows its class.
func diverged(t *testing.T, file string) string {
	t.Helper()
	f, err := explore.ParseFile([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	f.Trace++
	return string(f.Marshal())
}

// moody is a server that loses messages each second time that it is started, and one schedule that shows it.
func moody(t *testing.T) (targets.Target, string) {
	t.Helper()
	target, starts := trialtest.Toy, 0
	target.Start = func(task *world.Task, h targets.Host, variant string) (targets.Instance, error) {
		if starts++; starts%2 == 0 {
			variant = "good"
		}
		return trialtest.Toy.Start(task, h, variant)
	}
	p := trialtest.CompileWith(t, `name: toy
target: toy
variants: [loses]
engine: sim
duration: 100ms
drain_limit: 200ms
load:
  - {op: publish, clients: 2, shape: saturate}
  - {op: subscribe, clients: 2}
`, trial.Catalog{target})
	small, bounds := p.Small()
	for i := range 200 {
		plan := trial.NewSmallPlan(small, bounds, p.Variants[0], scenario.Seed(1), i, "test")
		strategy := explore.Portfolio(i)
		starts = 0
		f, r, err := search.RecordFailure(trialtest.NewSimulator(t), plan, strategy.New(plan.Seed.Stream("schedule"), explore.Hints{}), strategy.Name)
		if err != nil {
			t.Fatal(err)
		}
		if len(r.Breaches) > 0 {
			starts = 1
			return target, string(f.Marshal())
		}
	}
	t.Fatal("nothing was lost")
	return target, ""
}

// What this build cannot judge may fail elsewhere: it is told and left alone.
func TestPruningLeavesWhatItCannotJudge(t *testing.T) {
	small, _, _ := bySize(t)
	target, now := moody(t)
	for name, c := range map[string]struct {
		file, says string
		catalog    trial.Catalog
	}{
		"chance":   {now, "two runs of it differ here", trial.Catalog{target}},
		"target":   {small, `this build has no target "broker"`, trial.Catalog{trialtest.Toy}},
		"variant":  {strings.Replace(small, `variant "gate-only"`, `variant "gate-lonely"`, 1), "no variant gate-lonely", catalog},
		"settings": {strings.Replace(small, "mailbox: 2", "mailbox: 3", 1), "its scenario has been changed", catalog},
	} {
		dir := corpusOf(t, map[string]string{gateName: c.file})
		k := search.CorpusKeeper{Catalog: c.catalog, Tell: func(string) {}}
		unread, err := k.Prune(t.Context(), dir)
		if err != nil || len(unread) != 1 || !strings.Contains(unread[0], c.says) || len(names(t, dir)) != 1 {
			t.Errorf("%s: %v, unread %q, %q stay", name, err, unread, names(t, dir))
		}
		into := t.TempDir()
		if unread, err := k.Merge(t.Context(), into, []string{dir}); err != nil || len(unread) != 1 || len(names(t, into)) != 0 {
			t.Errorf("%s: merged: %v, unread %q, %q", name, err, unread, names(t, into))
		}
	}
}

// A schedule that fails on other steps than those recorded still fails. It goes where another shows its class as recorded.
func TestPruningKeepsWhatFailsOtherwise(t *testing.T) {
	small, large, _ := bySize(t)
	for _, c := range []struct{ other, want, says string }{
		{"", "a.replay", "a.replay stays, for it still shows " + pastGate},
		{large, "b.replay", "dropped "},
	} {
		files := map[string]string{"a.replay": diverged(t, small)}
		if c.other != "" {
			files["b.replay"] = c.other
		}
		dir := corpusOf(t, files)
		var told []string
		k := search.CorpusKeeper{Catalog: catalog, Tell: func(text string) { told = append(told, text) }}
		unread, err := k.Prune(t.Context(), dir)
		if got := names(t, dir); err != nil || len(unread) > 0 || !slices.Equal(got, []string{c.want}) || !strings.Contains(strings.Join(told, "\n"), c.says) {
			t.Errorf("%v, unread %q, %q stay, told %q", err, unread, got, told)
		}
	}
}

// A schedule under a name of its own is kept for each class that it shows.
func TestOneScheduleOfTwoClasses(t *testing.T) {
	m := trialtest.NewSimulator(t)
	var two *explore.File
	for _, f := range failures(t, m, "gate-only", pastGate, 40) {
		if len(f.Classes) > 1 {
			two = f
		}
	}
	if two == nil {
		t.Fatal("no schedule shows two classes")
	}
	small, large, _ := bySize(t)
	for _, one := range []string{small, large} {
		dir := corpusOf(t, map[string]string{"a.replay": one, "b.replay": string(two.Marshal())})
		k := search.CorpusKeeper{Catalog: catalog, Tell: func(string) {}}
		if _, err := k.Prune(t.Context(), dir); err != nil || !slices.Contains(names(t, dir), "b.replay") {
			t.Errorf("%v, %q stay", err, names(t, dir))
		}
		into := t.TempDir()
		if _, err := k.Merge(t.Context(), into, []string{dir}); err != nil || len(names(t, into)) < len(two.Classes) {
			t.Errorf("%v, merged %q of %q", err, names(t, into), two.Classes)
		}
	}
}
