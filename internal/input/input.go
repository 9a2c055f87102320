// Package input opens what somebody else has named: files named on the command line, and files found in a folder. Nothing
// that it opens is read past the limit of its kind, is waited for after the first signal, or lies outside of the folder in
// which it was found. No other package of the command and the engine opens such files.
package input

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// A Kind is what a file is read as, and how large one may be.
type Kind struct {
	name  string // with its article
	limit int64
}

// The kinds, and all limits that there are.
var (
	Scenario = Kind{"scenario", 1 << 20}
	Schedule = Kind{"replay file", 16 << 20}
	Record   = Kind{"record of a trial", 16 << 20}
	Text     = Kind{"file of requests or of a body", 16 << 20}
	Result   = Kind{"stored result", 256 << 20}
	Evidence = Kind{"evidence", 256 << 20}
	Ledger   = Kind{"ledger", 4 << 30}
)

// Limit is how many bytes a file of the kind may have.
func (k Kind) Limit() int64 { return k.limit }

// TooLarge is the error for a file that is over the limit.
func (k Kind) TooLarge() error {
	size, unit := k.limit>>20, "MiB"
	if size >= 1<<10 {
		size, unit = size>>10, "GiB"
	}
	return fmt.Errorf("larger than %d %s, which no %s is", size, unit, k.name)
}

// Errors about what is no file. Errors of this package do not name the path: the caller does.
var (
	errDirectory = errors.New("it is a directory: name a file in it")
	errDevice    = errors.New("it is neither a file nor a pipe, and nothing else is read")
	errNoFile    = errors.New("it is no regular file, and in a folder nothing else is read")
	errLink      = errors.New("it is a link out of its folder, which is not followed: put a copy there, or name the file itself")
)

// Named reads a file that somebody named on the command line. It may be a pipe: then what comes is waited for until ctx
// ends.
func Named(ctx context.Context, path string, k Kind) ([]byte, error) {
	return NamedInto(ctx, path, k, nil)
}

// NamedInto is Named that reads to the room of a slice, as far as it goes. After an error the slice is still being read to.
func NamedInto(ctx context.Context, path string, k Kind, room []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	// Before it is opened: opening is enough to make some devices do something.
	if err := named(os.Stat(path)); err != nil {
		return nil, err
	}
	type reading struct {
		data []byte
		err  error
	}
	done := make(chan reading, 1)
	go func() {
		data, err := readNamed(path, k, room)
		done <- reading{data, err}
	}()
	select {
	case r := <-done:
		return r.data, r.err
	case <-ctx.Done():
		return nil, ctx.Err() // nobody can end the opening of a pipe that has no writer; the process soon does
	}
}

// named says what is wrong with a thing that was named.
func named(info fs.FileInfo, err error) error {
	switch {
	case err != nil:
		return plain(err)
	case info.IsDir():
		return errDirectory
	case info.Mode().IsRegular(), info.Mode()&fs.ModeNamedPipe != 0:
		return nil
	}
	return errDevice
}

func readNamed(path string, k Kind, room []byte) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, plain(err)
	}
	defer f.Close()
	if err := named(f.Stat()); err != nil { // another one has taken its place
		return nil, err
	}
	return readAll(f, k, room)
}

func readAll(f *os.File, k Kind, room []byte) ([]byte, error) {
	b := bytes.NewBuffer(room[:0])
	if info, err := f.Stat(); err == nil {
		b.Grow(int(min(info.Size(), k.limit)) + bytes.MinRead) // so that it grows once
	}
	if _, err := b.ReadFrom(io.LimitReader(f, k.limit+1)); err != nil {
		return nil, plain(err)
	}
	if int64(b.Len()) > k.limit {
		return nil, k.TooLarge()
	}
	return b.Bytes(), nil
}

// Found reads a file that was found in a folder, which is the one that path names it in.
func Found(path string, k Kind) ([]byte, error) {
	return FoundInto(path, k, nil)
}

// FoundInto is Found that reads to the room of a slice, as far as it goes.
func FoundInto(path string, k Kind, room []byte) ([]byte, error) {
	f, err := Open(path, k)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAll(f, k, room)
}

// Head reads the beginning of a file that was found in a folder, up to the limit of its kind.
func Head(path string, k Kind) ([]byte, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, k.limit))
	return data, plain(err)
}

// Open opens a file that was found in a folder, to be read in pieces. One over the limit is refused.
func Open(path string, k Kind) (*os.File, error) {
	f, err := open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.Size() > k.limit {
		err = k.TooLarge()
	}
	if err != nil {
		_ = f.Close()
		return nil, plain(err)
	}
	return f, nil
}

func open(path string) (*os.File, error) {
	dir, name := filepath.Split(filepath.Clean(path))
	if dir == "" {
		dir = "."
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, plain(err)
	}
	defer root.Close()
	if err := found(root, name); err != nil {
		return nil, err
	}
	// What takes its place now is opened without being waited for, and looked at again.
	f, err := root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if err != nil {
		return nil, plain(err)
	}
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		_ = f.Close()
		return nil, errNoFile
	}
	return f, nil
}

// found says what is wrong with a thing in a folder.
func found(root *os.Root, name string) error {
	info, err := root.Stat(name)
	if err != nil {
		if there, linkErr := root.Lstat(name); linkErr == nil && there.Mode()&fs.ModeSymlink != 0 && !errors.Is(err, fs.ErrNotExist) {
			return errLink
		}
		return plain(err)
	}
	if info.IsDir() {
		return errDirectory
	}
	if !info.Mode().IsRegular() {
		return errNoFile
	}
	return nil
}

// plain leaves out the operation and the path of an error of the file system.
func plain(err error) error {
	if inner, ok := errors.AsType[*fs.PathError](err); ok {
		err = inner.Err
	}
	if errors.Is(err, syscall.EISDIR) {
		return errDirectory
	}
	return err
}
