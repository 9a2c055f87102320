// Package corpus carries kept schedules between a folder and another place: a second folder, a branch of a git repository, or
// an object store of a NATS server.
// An entry is a file's name and content. Nothing that is there already is changed or lost: what comes is added, and an entry
// of a name that another one has is kept beside it.
package corpus

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/queue"
)

// What one corpus may hold. What is larger is none, or wants pruning.
const (
	maxEntries = 10_000
	maxTotal   = 256 << 20 // bytes
	maxName    = 240       // bytes
)

const extension = ".replay"

// An Entry is one kept schedule.
type Entry struct {
	Name    string // of its file
	Content []byte
}

// A Place holds entries.
type Place struct {
	dir    string // a folder, or
	branch string // a branch of
	repo   string // the repository there, or of the working directory if it is empty; or
	bucket string // an object store on
	server queue.Server

	// Tests have something happen after what is there was read, and file systems without hard links.
	afterRead func()
	link      func(from, to string) error
}

// A Refusal is an error about what a user has named, which the user can mend.
type Refusal struct{ text string }

// Error says what is wrong, where, and mostly what mends it.
func (r Refusal) Error() string { return r.text }

func refuse(format string, args ...any) error { return Refusal{fmt.Sprintf(format, args...)} }

// gitPrefix begins the name of a branch; ./git:x is a folder.
const gitPrefix = "git:"

// At is the place of a name: git:BRANCH in the repository of a path, which is that of the working directory if it is empty; an
// object store, nats://HOST:PORT/BUCKET, to whose server as says who we are; or a folder.
func At(name, repo string, as queue.Server) (Place, error) {
	p := Place{afterRead: func() {}, link: os.Link}
	branch, git := strings.CutPrefix(name, gitPrefix)
	switch {
	case IsStore(name) && repo != "":
		return p, refuse("--repo says where the branch of git:BRANCH is, and an object store is none: leave one of them out")
	case IsStore(name):
		p.server = as
		return p, p.atStore(name)
	case git && branch == "":
		return p, refuse("%s names no branch: write git:BRANCH, as in git:racebench-corpus", name)
	case git:
		p.branch, p.repo = branch, repo
	case name == "":
		return p, refuse("an empty name is neither a folder nor git:BRANCH")
	case repo != "":
		return p, refuse("--repo says where the branch of git:BRANCH is, and %s is none: leave one of them out", name)
	default:
		p.dir = name
	}
	return p, nil
}

// String is the name that the place was made of.
func (p Place) String() string {
	switch {
	case p.branch != "":
		return gitPrefix + p.branch
	case p.bucket != "":
		return p.server.Plain() + "/" + p.bucket
	}
	return p.dir
}

// Read returns the entries of a place in the order of their names. A place that is not there, or that holds anything that this
// build cannot read as a kept schedule, is refused whole.
func (p Place) Read(ctx context.Context) ([]Entry, error) {
	entries, err := p.entries(ctx)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if _, err := explore.ParseFile(e.Content); err != nil {
			return nil, p.refuse(e.Name, "%v; take it out there, or use a racebench that reads it", err)
		}
	}
	return entries, nil
}

func (p Place) entries(ctx context.Context) ([]Entry, error) {
	if p.bucket != "" {
		return p.readStore(ctx)
	}
	if p.branch != "" {
		there, err := p.readBranch(ctx)
		if err == nil && there.commit == "" {
			err = refuse("%s: there is no branch %s here; fetch it first: git fetch REMOTE %s:%s", p, p.branch, p.branch, p.branch)
		}
		return there.entries, err
	}
	entries, err := p.readFolder()
	if errors.Is(err, fs.ErrNotExist) {
		err = refuse("%s: there is no such folder", p)
	}
	return entries, err
}

// Add puts entries into a place, which is made where it is not there, and returns those that were not there yet, by the
// names that they have there. What others add meanwhile stays.
func (p Place) Add(ctx context.Context, entries []Entry) (added []Entry, err error) {
	switch {
	case p.branch != "":
		return p.addToBranch(ctx, entries)
	case p.bucket != "":
		return p.addToStore(ctx, entries)
	}
	return p.addToFolder(ctx, entries)
}

// refuse refuses what has a name in a place.
func (p Place) refuse(name, format string, args ...any) error {
	return refuse("%s: %s: %s", p, name, fmt.Sprintf(format, args...))
}

// checkName refuses a name that leads out of its folder, or that not every file system has.
func (p Place) checkName(name string) error {
	switch {
	case name == "", strings.ContainsAny(name, `/\:`), !filepath.IsLocal(name), strings.Contains(name, ".."):
		return p.refuse(fmt.Sprintf("%q", name), "this is no plain file name, and may lead out of a folder")
	case len(name) > maxName:
		return p.refuse(fmt.Sprintf("%.40q...", name), "the name has more than %d bytes", maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return p.refuse(fmt.Sprintf("%q", name), "the name has characters that do not print")
	}
	return nil
}

// A sizes adds up what is about to be read.
type sizes struct {
	count int
	total int64
}

// add refuses an entry that is too large, or one too many.
func (s *sizes) add(p Place, name string, size int64) error {
	s.count++
	s.total += size
	switch {
	case size > input.Schedule.Limit():
		return p.refuse(name, "%v", input.Schedule.TooLarge())
	case s.count > maxEntries:
		return refuse("%s: more than %d entries: drop some with racebench corpus prune", p, maxEntries)
	case s.total > maxTotal:
		return refuse("%s: more than %d MiB of entries: drop some with racebench corpus prune", p, maxTotal>>20)
	}
	return nil
}

// besideName is the name of an entry that is kept beside another one of its name.
var besideName = regexp.MustCompile(`^(.+)\.[0-9a-f]{12,64}\.replay$`)

// Family is the name that an entry would have if no other one had it.
func Family(name string) string {
	if m := besideName.FindStringSubmatch(name); m != nil {
		return m[1] + extension
	}
	return name
}

// missing are the entries that a place does not hold, with the names that they get there: their own, or that of an entry beside
// another one. The same content in the same family is the same entry.
func missing(there, entries []Entry) []Entry {
	taken, held := map[string]bool{}, map[string]bool{}
	note := func(e Entry, sum string) {
		taken[strings.ToLower(e.Name)] = true // some file systems know no difference
		held[Family(e.Name)+"\x00"+sum] = true
	}
	for _, e := range there {
		note(e, sumOf(e.Content))
	}
	var fresh []Entry
	for _, e := range entries {
		sum := sumOf(e.Content)
		if held[Family(e.Name)+"\x00"+sum] {
			continue
		}
		stem := strings.TrimSuffix(Family(e.Name), extension)
		for n := 12; taken[strings.ToLower(e.Name)] && n <= len(sum); n += 4 {
			e.Name = cmp.Or(stem, "schedule") + "." + sum[:n] + extension
		}
		note(e, sum)
		fresh = append(fresh, e)
	}
	return fresh
}

func sumOf(content []byte) string {
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])
}
