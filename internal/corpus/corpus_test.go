package corpus

import (
	"encoding/hex"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/queue"
)

// schedule is the content of a replay file; another index makes another one.
func schedule(index int) []byte {
	f := &explore.File{Build: "v1", Go: "go1.26", Target: "broker", Variant: "gate-only", Hash: "abc", Seed: "7", Index: index,
		Ops: 4, Clients: 1, MaxSteps: 5000, Strategy: "pos", Classes: []string{"a/b/c"}, Steps: 70, Events: 65, Scenario: "name: x\n"}
	return f.Marshal()
}

func named(name string, index int) Entry { return Entry{name, schedule(index)} }

// folder is a place with entries.
func folder(t *testing.T, entries ...Entry) Place {
	t.Helper()
	dir := t.TempDir()
	for _, e := range entries {
		if err := os.WriteFile(filepath.Join(dir, e.Name), e.Content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return at(t, dir, "")
}

// branch is the place of a branch in a new, empty repository.
func branch(t *testing.T) Place {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	for _, who := range []string{"AUTHOR", "COMMITTER"} {
		t.Setenv("GIT_"+who+"_NAME", "a")
		t.Setenv("GIT_"+who+"_EMAIL", "a@example.com")
	}
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	p := at(t, "git:kept", t.TempDir())
	git(t, p, "", "init", "-q")
	return p
}

func at(t *testing.T, name, repo string) Place {
	t.Helper()
	p, err := At(name, repo, queue.Server{})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func git(t *testing.T, p Place, stdin string, args ...string) string {
	t.Helper()
	out, err := p.git(t.Context(), stdin, args...)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(out)
}

func add(t *testing.T, p Place, entries ...Entry) []Entry {
	t.Helper()
	added, err := p.Add(t.Context(), entries)
	if err != nil {
		t.Fatal(err)
	}
	return added
}

// holds says that a place holds these entries, and no others.
func holds(t *testing.T, p Place, want ...Entry) {
	t.Helper()
	got, err := p.Read(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(want, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	if !slices.EqualFunc(got, want, func(a, b Entry) bool { return a.Name == b.Name && string(a.Content) == string(b.Content) }) {
		t.Errorf("%s holds %q, want %q", p, names(got), names(want))
	}
}

func names(entries []Entry) []string {
	var all []string
	for _, e := range entries {
		all = append(all, e.Name)
	}
	return all
}

// beside is an entry as it is kept beside another one.
func beside(e Entry) Entry {
	e.Name = strings.TrimSuffix(e.Name, extension) + "." + sumOf(e.Content)[:12] + extension
	return e
}

// kinds are an empty place of each kind.
var kinds = map[string]func(*testing.T) Place{
	"folder": func(t *testing.T) Place { return at(t, filepath.Join(t.TempDir(), "not", "there"), "") },
	"folder without hard links": func(t *testing.T) Place {
		p := folder(t)
		p.link = func(string, string) error { return errors.ErrUnsupported }
		return p
	},
	"branch": branch,
}

func TestOnlyWhatIsNotThereIsAdded(t *testing.T) {
	for kind, empty := range kinds {
		t.Run(kind, func(t *testing.T) {
			p := empty(t)
			one, two, other, upper := named("one.replay", 1), named("two.replay", 2), named("one.replay", 3), named("One.replay", 4)
			if got := add(t, p, one, two); len(got) != 2 {
				t.Errorf("added %q of two", names(got))
			}
			if got := add(t, p, one, two); len(got) != 0 {
				t.Errorf("added again: %q", names(got))
			}
			// Another one of the name is kept beside the first, once, and is the same under either name.
			for range 2 {
				add(t, p, other, beside(other), two, beside(one))
				holds(t, p, one, beside(other), two)
			}
			add(t, p, upper)
			holds(t, p, one, beside(other), beside(upper), two)
		})
	}
}

// Another one adds an entry of the same name, and one of another, after this one has read what is there.
func TestWhatOthersAddMeanwhileStays(t *testing.T) {
	for kind, empty := range kinds {
		for _, before := range []bool{false, true} { // whether the place is there
			t.Run(kind+", there: "+strconv.FormatBool(before), func(t *testing.T) {
				p := empty(t)
				mine, theirs, too, old := named("x.replay", 1), named("x.replay", 2), named("y.replay", 3), named("old.replay", 4)
				want := []Entry{theirs, beside(mine), too}
				if before {
					add(t, p, old)
					want = append(want, old)
				}
				rival, reads := p, 0
				p.afterRead = func() {
					if reads++; reads == 1 {
						add(t, rival, theirs, too)
					}
				}
				if got := add(t, p, mine); len(got) != 1 || got[0].Name != beside(mine).Name {
					t.Errorf("added %q", names(got))
				}
				if reads != 2 {
					t.Errorf("what is there was read %d times, not twice", reads)
				}
				holds(t, p, want...)
			})
		}
	}
}

// The work tree, the index and other branches stay, also where both are not as committed; other files of the branch do, too.
func TestAPushTouchesOneBranch(t *testing.T) {
	p := branch(t)
	if err := os.WriteFile(filepath.Join(p.repo, "mine"), []byte("staged"), 0o644); err != nil {
		t.Fatal(err)
	}
	git(t, p, "", "add", "mine")
	git(t, p, "", "commit", "-q", "-m", "one")
	if err := errors.Join(os.WriteFile(filepath.Join(p.repo, "new"), []byte("staged"), 0o644),
		os.WriteFile(filepath.Join(p.repo, "mine"), []byte("changed"), 0o644)); err != nil {
		t.Fatal(err)
	}
	git(t, p, "", "add", "new")
	blob := git(t, p, "about", "hash-object", "-w", "--stdin")
	tree := git(t, p, "100644 blob "+blob+"\tREADME\n", "mktree")
	git(t, p, "", "branch", p.branch, git(t, p, "about", "commit-tree", tree))
	index, err := os.ReadFile(filepath.Join(p.repo, ".git", "index"))
	if err != nil {
		t.Fatal(err)
	}
	head := git(t, p, "", "rev-parse", "HEAD")
	t.Setenv("GIT_INDEX_FILE", filepath.Join(t.TempDir(), "another")) // of the repository that a hook runs for
	add(t, p, named("a.replay", 1))
	holds(t, p, named("a.replay", 1))
	if got := git(t, p, "", "ls-tree", "--name-only", p.branch); got != "README\na.replay" {
		t.Errorf("the branch holds %q", got)
	}
	if got := git(t, p, "", "rev-list", "--count", p.branch); got != "2" {
		t.Errorf("the branch has %s commits, not 2", got)
	}
	after, err := os.ReadFile(filepath.Join(p.repo, ".git", "index"))
	if err != nil || string(after) != string(index) || git(t, p, "", "rev-parse", "HEAD") != head {
		t.Errorf("the index or the head changed (%v)", err)
	}
	if got := git(t, p, "", "fsck", "--strict"); got != "" {
		t.Errorf("git fsck: %s", got)
	}
	on := at(t, "git:"+git(t, p, "", "symbolic-ref", "--short", "HEAD"), p.repo)
	if _, err := on.Add(t.Context(), []Entry{named("a.replay", 1)}); err == nil || !strings.Contains(err.Error(), "is checked out") {
		t.Errorf("to the branch that is checked out: %v", err)
	}
}

// A hostile tree is refused whole: for reading, and for adding to it.
func TestAHostileTreeIsRefused(t *testing.T) {
	p := branch(t)
	good := git(t, p, string(schedule(1)), "hash-object", "-w", "--stdin")
	large := git(t, p, strings.Repeat("\x00", int(input.Schedule.Limit())+1), "hash-object", "-w", "--stdin")
	empty := git(t, p, "", "mktree")
	for name, tc := range map[string]struct{ mode, object, file, want string }{
		"link":      {"120000", good, "a.replay", "a.replay: it is a link"},
		"any link":  {"120000", good, "README", "README: it is a link"},
		"submodule": {"160000", good, "a.replay", "a.replay: it is a submodule"},
		"folder":    {"40000", empty, "a.replay", "a.replay: it is a folder"},
		"slash":     {"100644", good, "../a.replay", `"../a.replay": this is no plain file name`},
		"rooted":    {"100644", good, "/a.replay", "this is no plain file name"},
		"backslash": {"100644", good, `..\a.replay`, "this is no plain file name"},
		"dots":      {"100644", good, "..", "this is no plain file name"},
		"newline":   {"100644", good, "a\nb.replay", "characters that do not print"},
		"long":      {"100644", good, strings.Repeat("a", 300) + ".replay", "more than 240 bytes"},
		"large":     {"100644", large, "a.replay", "a.replay: " + input.Schedule.TooLarge().Error()},
	} {
		t.Run(name, func(t *testing.T) {
			raw, err := hex.DecodeString(tc.object)
			if err != nil {
				t.Fatal(err)
			}
			rawGood, _ := hex.DecodeString(good)
			text := "100644 Good.replay\x00" + string(rawGood) + tc.mode + " " + tc.file + "\x00" + string(raw)
			tree := git(t, p, text, "hash-object", "-w", "--literally", "-t", "tree", "--stdin")
			commit := git(t, p, "hostile", "commit-tree", tree)
			git(t, p, "", "update-ref", p.ref(), commit)
			_, err = p.Read(t.Context())
			refusal(t, err, tc.want)
			_, err = p.Add(t.Context(), []Entry{named("b.replay", 2)})
			refusal(t, err, tc.want)
			if now := git(t, p, "", "rev-parse", p.ref()); now != commit {
				t.Errorf("the branch has moved to %s", now)
			}
		})
	}
}

func refusal(t *testing.T, err error, want string) {
	t.Helper()
	if _, ok := errors.AsType[Refusal](err); !ok || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestTooMuchIsRefused(t *testing.T) {
	p := folder(t)
	var many, heavy sizes
	for range maxEntries {
		if err := many.add(p, "a.replay", 1); err != nil {
			t.Fatal(err)
		}
	}
	refusal(t, many.add(p, "a.replay", 1), "more than 10000 entries")
	for range maxTotal / input.Schedule.Limit() {
		if err := heavy.add(p, "a.replay", input.Schedule.Limit()); err != nil {
			t.Fatal(err)
		}
	}
	refusal(t, heavy.add(p, "a.replay", 1), "more than 256 MiB of entries")
}

func TestAHostileFolderIsRefused(t *testing.T) {
	good := named("good.replay", 1)
	_, err := folder(t, good, Entry{"foreign.replay", []byte("hello\n")}).Read(t.Context())
	refusal(t, err, "foreign.replay: read replay file: line 1: this is not a replay file")
	_, err = at(t, filepath.Join(t.TempDir(), "none"), "").Read(t.Context())
	refusal(t, err, "there is no such folder")
	p := folder(t, good, Entry{"README", []byte("mine")})
	holds(t, p, good)
	if runtime.GOOS == "windows" {
		return // links want rights there
	}
	if err := os.Symlink("good.replay", filepath.Join(p.dir, "link.replay")); err != nil {
		t.Fatal(err)
	}
	_, err = p.Read(t.Context())
	refusal(t, err, "link.replay: it is a link")
	_, err = p.Add(t.Context(), []Entry{named("new.replay", 2)})
	refusal(t, err, "link.replay: it is a link")
}

func TestWhatIsNoPlaceIsRefused(t *testing.T) {
	for _, tc := range [][3]string{
		{"git:", "", "names no branch"}, {"", "", "an empty name"}, {"folder", "repo", "--repo says where the branch"},
	} {
		_, err := At(tc[0], tc[1], queue.Server{})
		refusal(t, err, tc[2])
	}
	p := branch(t)
	for name, want := range map[string]string{"git:none": "git fetch REMOTE none:none", "git:a..b": "no branch can have the name", "git:--all": "there is no branch"} {
		_, err := at(t, name, p.repo).Read(t.Context())
		refusal(t, err, want)
	}
	_, err := at(t, "git:none", t.TempDir()).Read(t.Context())
	refusal(t, err, "--repo PATH names the repository")
	// What was fetched can be read without a branch of its own.
	add(t, p, named("a.replay", 1))
	git(t, p, "", "update-ref", "refs/remotes/origin/kept", p.ref())
	holds(t, at(t, "git:origin/kept", p.repo), named("a.replay", 1))
}

func TestFamily(t *testing.T) {
	for name, want := range map[string]string{
		"a.replay": "a.replay", "a.0123456789ab.replay": "a.replay", "a.b.replay": "a.b.replay", "a.0123456789a.replay": "a.0123456789a.replay",
	} {
		if got := Family(name); got != want {
			t.Errorf("%s is of %s, not %s", name, got, want)
		}
	}
}
