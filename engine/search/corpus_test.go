package search_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/search"
	"github.com/racebench/racebench/engine/trialtest"
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

// bySize are two schedules that show one class, the smaller one first; and one that no longer plays as it was recorded.
func bySize(t *testing.T) (small, large, stale string) {
	t.Helper()
	files := failures(t, trialtest.NewSimulator(t), "gate-only", pastGate, 2)
	one, other := files[0], files[1]
	if search.Smaller(other, one) {
		one, other = other, one
	}
	if !search.Smaller(one, other) {
		t.Fatal("both schedules are as large")
	}
	return string(one.Marshal()), string(other.Marshal()), strings.Replace(string(one.Marshal()), "mailbox: 2", "mailbox: 3", 1)
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
		for i, says := range []string{"a.replay: " + filepath.Join(dir, "b.replay") + " is smaller", "c.replay: ", "d.replay: stale: ", "1 of 4 schedules stay"} {
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
		{"a stale one is there", stale, large, "", large, "replaced ", ""},
		{"a stale one comes", small, stale, "", small, "left out ", ""},
		{"what cannot be read stays", "hello\n", small, "", "hello\n", "left ", ""},
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
		if unread, err := k.Merge(t.Context(), into, []string{folder("x.replay", c.a), folder("y.replay", c.b)}); err != nil || len(unread) > 0 {
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
