package corpus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"

	"github.com/racebench/racebench/internal/input"
)

// A state is what a branch holds at one moment.
type state struct {
	commit  string // none, if there is no such branch
	entries []Entry
	lines   []string // of all its files, as git mktree takes them
}

// elsewhere are variables that would lead git to another repository than the one that was named.
var elsewhere = []string{"GIT_DIR", "GIT_WORK_TREE", "GIT_COMMON_DIR", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY",
	"GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_PREFIX", "GIT_NAMESPACE"}

// git runs a command of git's plumbing. None of them looks at the work tree or at an index, or reaches for a remote.
func (p Place) git(ctx context.Context, stdin string, args ...string) (string, error) {
	// Another push has the branch locked for a moment: that is waited for.
	cmd := exec.CommandContext(ctx, "git", append([]string{"-c", "core.filesRefLockTimeout=10000"}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_NO_LAZY_FETCH=1")
	if p.repo != "" {
		cmd.Dir = p.repo
		cmd.Env = slices.DeleteFunc(cmd.Env, func(v string) bool {
			name, _, _ := strings.Cut(v, "=")
			return slices.Contains(elsewhere, name)
		})
	}
	out, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return "", refuse("%s needs git: %v", p, err)
	case err != nil:
		why := err.Error()
		if exit, ok := errors.AsType[*exec.ExitError](err); ok {
			if said := strings.Join(strings.Fields(string(exit.Stderr)), " "); said != "" {
				why = said
			}
		}
		return "", refuse("%s: git %s: %s", p, args[0], why)
	}
	return string(out), nil
}

// ref is the branch's whole name.
func (p Place) ref() string { return "refs/heads/" + p.branch }

// commitOf is the commit of a reference, or empty if there is none.
func (p Place) commitOf(ctx context.Context, ref string) (string, error) {
	out, err := p.git(ctx, "", "for-each-ref", "--format=%(objectname) %(objecttype) %(refname)", ref)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(out) {
		// A pattern also fits what lies below it.
		if f := strings.Fields(line); len(f) == 3 && f[2] == ref {
			if f[1] != "commit" {
				return "", refuse("%s: %s is a %s and no commit", p, ref, f[1])
			}
			return f[0], nil
		}
	}
	return "", nil
}

// here refuses a name that is no branch's, and a place without a repository.
func (p Place) here(ctx context.Context) error {
	if _, err := p.git(ctx, "", "check-ref-format", p.ref()); err != nil {
		if ctx.Err() == nil && !strings.Contains(err.Error(), "needs git") {
			err = refuse("%s: no branch can have the name %q", p, p.branch)
		}
		return err
	}
	if _, err := p.git(ctx, "", "rev-parse", "--git-dir"); err != nil {
		return fmt.Errorf("%w; --repo PATH names the repository", err)
	}
	return nil
}

// readBranch reads what the branch holds, or else what the branch of a remote with this name does, as in git:origin/BRANCH.
func (p Place) readBranch(ctx context.Context) (state, error) {
	if err := p.here(ctx); err != nil {
		return state{}, err
	}
	commit, err := p.commitOf(ctx, p.ref())
	if err == nil && commit == "" {
		commit, err = p.commitOf(ctx, "refs/remotes/"+p.branch)
	}
	if err != nil || commit == "" {
		return state{}, err
	}
	return p.readCommit(ctx, commit)
}

func (p Place) readCommit(ctx context.Context, commit string) (state, error) {
	there := state{commit: commit}
	size, err := p.git(ctx, "", "cat-file", "-s", commit+"^{tree}")
	if err != nil {
		return there, err
	}
	if n, err := strconv.ParseInt(strings.TrimSpace(size), 10, 64); err != nil || n > input.Schedule.Limit() {
		return there, refuse("%s: more than %d entries: drop some with racebench corpus prune", p, maxEntries)
	}
	list, err := p.git(ctx, "", "ls-tree", "-z", "-l", "--full-tree", commit)
	if err != nil {
		return there, err
	}
	var blobs strings.Builder
	var read sizes
	for line := range strings.SplitSeq(strings.TrimSuffix(list, "\x00"), "\x00") {
		if line == "" {
			continue
		}
		about, name, _ := strings.Cut(line, "\t")
		f := strings.Fields(about) // mode, type, object, size
		if len(f) != 4 {
			return there, refuse("%s: git ls-tree: %q is no line of a tree", p, about)
		}
		if err := p.checkFile(f[0], name); err != nil {
			return there, err
		}
		there.lines = append(there.lines, fmt.Sprintf("%s %s %s\t%s\x00", f[0], f[1], f[2], name))
		if !strings.HasSuffix(name, extension) {
			continue
		}
		n, err := strconv.ParseInt(f[3], 10, 64)
		if err != nil {
			return there, p.refuse(name, "its size is %q: git has not got it here", f[3])
		}
		if err := read.add(p, name, n); err != nil {
			return there, err
		}
		there.entries = append(there.entries, Entry{name, make([]byte, n)})
		blobs.WriteString(f[2] + "\n")
	}
	return there, p.readBlobs(ctx, blobs.String(), there.entries)
}

// checkFile refuses what a corpus does not hold: its branch holds files, and nothing else.
func (p Place) checkFile(mode, name string) error {
	if err := p.checkName(name); err != nil {
		return err
	}
	what := ""
	switch mode {
	case "100644", "100755", "100664":
		return nil
	case "120000":
		what = "a link"
	case "160000":
		what = "a submodule"
	case "040000":
		what = "a folder"
	default:
		what = "of mode " + mode
	}
	return p.refuse(name, "it is %s, and the branch of a corpus holds plain files: name a branch of its own for the corpus", what)
}

// readBlobs fills in the contents of entries, whose objects are named a line each.
func (p Place) readBlobs(ctx context.Context, objects string, entries []Entry) error {
	if len(entries) == 0 {
		return nil
	}
	out, err := p.git(ctx, objects, "cat-file", "--batch")
	if err != nil {
		return err
	}
	for i, e := range entries {
		head, rest, _ := strings.Cut(out, "\n")
		n := len(e.Content)
		if !strings.HasSuffix(head, " blob "+strconv.Itoa(n)) || len(rest) < n+1 {
			return p.refuse(e.Name, "git cat-file says %q of its %d bytes", head, n)
		}
		copy(entries[i].Content, rest)
		out = rest[n+1:]
	}
	return nil
}

// addToBranch adds a commit to the branch. Git sets the branch to it only where it still is what was read: else somebody
// has pushed meanwhile, and what is there now is read again.
func (p Place) addToBranch(ctx context.Context, entries []Entry) ([]Entry, error) {
	if err := p.here(ctx); err != nil {
		return nil, err
	}
	if err := p.notCheckedOut(ctx); err != nil {
		return nil, err
	}
	for {
		old, err := p.commitOf(ctx, p.ref())
		if err != nil {
			return nil, err
		}
		var there state
		if old != "" {
			if there, err = p.readCommit(ctx, old); err != nil {
				return nil, err
			}
		}
		p.afterRead()
		fresh := missing(there.entries, entries)
		if len(fresh) == 0 {
			return nil, nil
		}
		commit, err := p.commit(ctx, there, fresh)
		if err != nil {
			return nil, err
		}
		expected := old
		if expected == "" {
			expected = strings.Repeat("0", len(commit)) // it must not be there
		}
		_, moved := p.git(ctx, "", "update-ref", "-m", "racebench corpus push", p.ref(), commit, expected)
		if moved == nil {
			return fresh, nil
		}
		if now, err := p.commitOf(ctx, p.ref()); err != nil || now == old {
			return nil, errors.Join(moved, err)
		}
	}
}

// commit makes a commit of what is there and of fresh entries, and moves no branch.
func (p Place) commit(ctx context.Context, there state, fresh []Entry) (string, error) {
	lines := slices.Clone(there.lines)
	var message bytes.Buffer
	message.WriteString("Keep " + strconv.Itoa(len(fresh)) + " schedules of racebench\n\n")
	for _, e := range fresh {
		blob, err := p.git(ctx, string(e.Content), "hash-object", "-w", "--stdin")
		if err != nil {
			return "", err
		}
		lines = append(lines, fmt.Sprintf("100644 blob %s\t%s\x00", strings.TrimSpace(blob), e.Name))
		message.WriteString(e.Name + "\n")
	}
	tree, err := p.git(ctx, strings.Join(lines, ""), "mktree", "-z")
	if err != nil {
		return "", err
	}
	args := []string{"commit-tree", strings.TrimSpace(tree)}
	if there.commit != "" {
		args = append(args, "-p", there.commit)
	}
	commit, err := p.git(ctx, message.String(), args...)
	return strings.TrimSpace(commit), err
}

// notCheckedOut refuses a branch that a work tree is on: its files would no longer be those of its branch.
func (p Place) notCheckedOut(ctx context.Context) error {
	list, err := p.git(ctx, "", "worktree", "list", "--porcelain")
	if err != nil {
		return err
	}
	for line := range strings.Lines(list) {
		if strings.TrimSpace(line) == "branch "+p.ref() {
			return refuse("%s is checked out, and a push touches no work tree: name a branch of its own for the corpus", p)
		}
	}
	return nil
}
