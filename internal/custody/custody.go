// Package custody holds what must not outlive this process: the commands that it runs and the folders that it makes for a
// while. A command has a guardian, which ends it and all it has started when this process is gone. A folder has a lock
// beside it: one that nobody holds belongs to a process that is gone, and the next start takes it away.
package custody

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
)

// prefix begins the names of all folders, lockSuffix ends those of their locks. mark is the first line of a lock: a file of
// somebody else's that is called like one has it not, and what it is called after is left alone.
const (
	prefix     = "racebench-"
	lockSuffix = ".lock"
	mark       = "a temporary folder of racebench\n"
)

// A Folder is a directory for temporary files, this process's own.
type Folder struct {
	path string
	lock *os.File // nil where nobody can hold one
	undo func()   // what else goes with the folder; nil is nothing
}

// folders are those that are there, so that a process that leaves at once can take them along.
var folders struct {
	sync.Mutex
	all []*Folder
}

// NewFolder makes a folder. Its kind is a word of its name, for people.
func NewFolder(kind string) (*Folder, error) {
	for {
		path, err := os.MkdirTemp("", prefix+kind+"-")
		if err != nil {
			return nil, fmt.Errorf("make a temporary folder: %w", err)
		}
		// The folder is empty until its lock is held: who takes it for abandoned before that takes nothing away.
		f := &Folder{path: path}
		if f.lock, err = Hold(path + lockSuffix); err == nil {
			_, err = os.Lstat(path)
		}
		if err == nil {
			err = f.Owes("", nil)
		}
		switch {
		case err == nil:
			folders.Lock()
			folders.all = append(folders.all, f)
			folders.Unlock()
			return f, nil
		case errors.Is(err, os.ErrNotExist): // another racebench swept between the two steps
			f.release()
		default:
			f.release()
			_ = os.Remove(path)
			return nil, fmt.Errorf("make a temporary folder: %w", err)
		}
	}
}

// Path is the folder's.
func (f *Folder) Path() string { return f.path }

// Owes says what else is to be done away with when the folder goes: undo does it, and line tells it to whoever finds the
// folder abandoned.
func (f *Folder) Owes(line string, undo func()) error {
	f.undo = undo
	if f.lock == nil {
		return nil
	}
	if err := f.lock.Truncate(0); err != nil {
		return fmt.Errorf("note whose the folder %s is: %w", f.path, err)
	}
	if _, err := f.lock.WriteAt([]byte(mark+line), 0); err != nil {
		return fmt.Errorf("note whose the folder %s is: %w", f.path, err)
	}
	return nil
}

// Remove takes the folder away, with all that is in it.
func (f *Folder) Remove() error {
	folders.Lock()
	folders.all = slices.DeleteFunc(folders.all, func(other *Folder) bool { return other == f })
	folders.Unlock()
	return f.remove()
}

func (f *Folder) remove() error {
	if f.undo != nil {
		f.undo()
	}
	err := os.RemoveAll(f.path)
	if err == nil {
		f.release() // else the next start tries again
	}
	return err
}

// release lets go of the lock, and takes its file away.
func (f *Folder) release() {
	if f.lock != nil {
		_ = os.Remove(f.path + lockSuffix)
		_ = f.lock.Close()
	}
}

// RemoveAll takes away every folder that is there, for a process that leaves at once.
func RemoveAll() {
	folders.Lock()
	defer folders.Unlock()
	for _, f := range folders.all {
		_ = f.remove()
	}
}

// An Abandoned folder was left by a process that is gone.
type Abandoned struct{ Path, Note string }

// Sweep takes away the folders that processes of this user have left, and returns them. Before a folder goes, undo is
// told of it.
func Sweep(undo func(Abandoned)) []Abandoned {
	files, err := os.ReadDir(os.TempDir())
	if err != nil {
		return nil // who cannot look makes no folders there either
	}
	var swept []Abandoned
	for _, file := range files {
		if !strings.HasPrefix(file.Name(), prefix) || !strings.HasSuffix(file.Name(), lockSuffix) {
			continue
		}
		path := filepath.Join(os.TempDir(), file.Name())
		lock, text, ok := Seize(path)
		if !ok {
			continue
		}
		note, marked := strings.CutPrefix(text, mark)
		if !marked { // it may be of this moment's start, or somebody else's
			_ = lock.Close()
			continue
		}
		f := &Folder{path: strings.TrimSuffix(path, lockSuffix), lock: lock}
		left := Abandoned{f.path, note}
		_, missing := os.Lstat(f.path)
		f.undo = func() { undo(left) }
		if err := f.remove(); err != nil {
			_ = lock.Close()
			continue
		}
		if missing == nil {
			swept = append(swept, left)
		}
	}
	return swept
}
