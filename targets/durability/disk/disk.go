// Package disk keeps the durability host's log in a real folder: segments that are written and synced, a lock
// that ends with its process, and a note beside each segment of how much of it was synced, from which it
// can tell what a power cut may take away.
package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets/durability"
)

// Disk opens folders of the file system.
type Disk struct{}

var _ durability.Disk = Disk{}

const (
	segmentSuffix = ".log"
	syncedSuffix  = ".synced"
	lockName      = "db.lock"
)

// Open implements durability.Disk. The folder is made where there is none.
func (Disk) Open(w *world.World, dir string) (durability.Files, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("open log folder: %w", err)
	}
	return &folder{dir: dir, object: w.NewObject("the disk")}, nil
}

// A folder is the folder of one log.
type folder struct {
	dir    string
	object *world.Object
}

func (f *folder) path(name string) string { return filepath.Join(f.dir, name) }

// do runs a call of the system on a task.
func (f *folder) do(t *world.Task, call func() error) error {
	var err error
	t.Blocking(f.object, func() { err = call() })
	return err
}

// Lock implements durability.Files.
func (f *folder) Lock(t *world.Task) (durability.Lock, error) {
	l := &lock{folder: f}
	err := f.do(t, func() (err error) {
		l.file, err = lockFile(f.path(lockName))
		return err
	})
	if err != nil {
		return nil, err
	}
	return l, nil
}

type lock struct {
	folder *folder
	file   *os.File
}

// Unlock implements durability.Lock.
func (l *lock) Unlock(t *world.Task) error { return l.folder.do(t, l.file.Close) }

// Names implements durability.Files.
func (f *folder) Names(t *world.Task) ([]string, error) {
	var names []string
	err := f.do(t, func() (err error) {
		names, err = segments(f.dir)
		return err
	})
	return names, err
}

func segments(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), segmentSuffix) {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	return names, nil
}

// Read implements durability.Files.
func (f *folder) Read(t *world.Task, name string) ([]byte, error) {
	var data []byte
	err := f.do(t, func() (err error) {
		data, err = os.ReadFile(f.path(name))
		return err
	})
	return data, err
}

// Create implements durability.Files.
func (f *folder) Create(t *world.Task, name string) (durability.File, error) {
	s := &segment{folder: f}
	err := f.do(t, func() (err error) {
		if s.file, err = os.OpenFile(f.path(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o644); err != nil {
			return err
		}
		if err = syncDir(f.dir); err != nil {
			return err
		}
		return s.openNote(f.path(name), 0)
	})
	return s, err
}

// Open implements durability.Files.
func (f *folder) Open(t *world.Task, name string, size int64) (durability.File, error) {
	s := &segment{folder: f, written: size}
	err := f.do(t, func() (err error) {
		if s.file, err = os.OpenFile(f.path(name), os.O_RDWR, 0o644); err != nil {
			return err
		}
		if err = s.file.Truncate(size); err != nil {
			return err
		}
		if err = s.file.Sync(); err != nil {
			return err
		}
		return s.openNote(f.path(name), size)
	})
	return s, err
}

// Remove implements durability.Files.
func (f *folder) Remove(t *world.Task, name string) error {
	return f.do(t, func() error {
		if err := os.Remove(f.path(name)); err != nil {
			return err
		}
		// A note without a segment says nothing.
		_ = os.Remove(f.path(name) + syncedSuffix)
		return syncDir(f.dir)
	})
}

// A segment is one file that is written to.
type segment struct {
	folder  *folder
	file    *os.File
	note    *os.File // how many of its bytes were synced
	written int64
}

// openNote opens the note beside a segment, whose name is safe by now.
func (s *segment) openNote(path string, size int64) (err error) {
	if s.note, err = os.OpenFile(path+syncedSuffix, os.O_RDWR|os.O_CREATE, 0o644); err != nil {
		return err
	}
	return s.noteSynced(size)
}

// noteSynced writes the note. It is for a power cut that is played and never for a real one, so it is not
// synced itself: it survives a kill as everything written does.
func (s *segment) noteSynced(size int64) error {
	_, err := s.note.WriteAt(binary.LittleEndian.AppendUint64(nil, uint64(size)), 0)
	return err
}

// WriteAt implements durability.File.
func (s *segment) WriteAt(t *world.Task, p []byte, at int64) error {
	s.written = max(s.written, at+int64(len(p)))
	return s.folder.do(t, func() error {
		_, err := s.file.WriteAt(p, at)
		return err
	})
}

// Sync implements durability.File.
func (s *segment) Sync(t *world.Task) error {
	return s.folder.do(t, func() error {
		if err := s.file.Sync(); err != nil {
			return err
		}
		return s.noteSynced(s.written)
	})
}

// Close implements durability.File.
func (s *segment) Close(t *world.Task) error {
	return s.folder.do(t, func() error { return errors.Join(s.file.Close(), s.note.Close()) })
}

// sector is what a disk writes as a whole.
const sector = 512

// CutPower implements durability.Disk. Of the bytes that were not synced some length is left, and in it
// sectors are missing.
func (Disk) CutPower(dir string, chance *rand.Rand) error {
	names, err := segments(dir)
	if err != nil {
		return fmt.Errorf("cut power: %w", err)
	}
	for _, name := range names {
		if err := cutSegment(filepath.Join(dir, name), chance); err != nil {
			return fmt.Errorf("cut power: %w", err)
		}
	}
	return nil
}

func cutSegment(path string, chance *rand.Rand) error {
	note, err := os.ReadFile(path + syncedSuffix)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(note) < 8 {
		note = make([]byte, 8)
		if chance.IntN(2) == 0 {
			return os.Remove(path) // its name was not synced
		}
	} else if err != nil {
		return err
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	synced := min(int64(binary.LittleEndian.Uint64(note)), int64(len(data)))
	data = data[:synced+chance.Int64N(int64(len(data))-synced+1)]
	for at := synced; at < int64(len(data)); at += sector - at%sector {
		if chance.IntN(3) == 0 {
			clear(data[at:min(int64(len(data)), at+sector-at%sector)])
		}
	}
	return os.WriteFile(path, data, 0o644)
}
