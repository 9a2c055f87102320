package corpus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/racebench/racebench/internal/input"
)

// readFolder returns the entries of a folder. Other files may lie beside them.
func (p Place) readFolder() ([]Entry, error) {
	files, err := os.ReadDir(p.dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, err
	case err != nil:
		return nil, refuse("%s cannot be read as a folder: %v", p, err)
	}
	var entries []Entry
	var read sizes
	for _, f := range files {
		if filepath.Ext(f.Name()) != extension {
			continue
		}
		if err := p.checkName(f.Name()); err != nil {
			return nil, err
		}
		if !f.Type().IsRegular() {
			return nil, p.refuse(f.Name(), "it is a link or no regular file, and nothing else is carried: put a copy there")
		}
		content, err := input.Found(filepath.Join(p.dir, f.Name()), input.Schedule)
		if errors.Is(err, fs.ErrNotExist) {
			continue // somebody has dropped it meanwhile
		}
		if err != nil {
			return nil, p.refuse(f.Name(), "%v", err)
		}
		if err := read.add(p, f.Name(), int64(len(content))); err != nil {
			return nil, err
		}
		entries = append(entries, Entry{f.Name(), content})
	}
	return entries, nil
}

func (p Place) addToFolder(ctx context.Context, entries []Entry) (added []Entry, err error) {
	for {
		there, err := p.readFolder()
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return added, err
		}
		p.afterRead()
		fresh := missing(there, entries)
		if len(fresh) == 0 {
			return added, nil
		}
		if err := os.MkdirAll(p.dir, 0o755); err != nil {
			return added, fmt.Errorf("make %s: %w", p, err)
		}
		for _, e := range fresh {
			if ctx.Err() != nil {
				return added, ctx.Err()
			}
			err = p.writeNew(e)
			if err != nil {
				break
			}
			added = append(added, e)
		}
		if !errors.Is(err, fs.ErrExist) {
			return added, err
		}
		// Somebody has taken a name meanwhile: what is there now is read again.
	}
}

// writeNew writes an entry, whole or not at all, under a name that nobody has taken: else the error is fs.ErrExist.
func (p Place) writeNew(e Entry) error {
	f, err := os.CreateTemp(p.dir, ".incoming-*")
	if err != nil {
		return fmt.Errorf("add to %s: %w", p, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(e.Content)
	if err == nil {
		err = f.Chmod(0o644)
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("add %s to %s: %w", e.Name, p, err)
	}
	path := filepath.Join(p.dir, e.Name)
	err = p.link(f.Name(), path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		err = takeAndRename(f.Name(), path) // here are no hard links
	}
	if err != nil {
		return fmt.Errorf("add %s to %s: %w", e.Name, p, err)
	}
	return nil
}

// takeAndRename takes a name with an empty file, and puts another file there.
func takeAndRename(from, to string) error {
	f, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Rename(from, to))
}
