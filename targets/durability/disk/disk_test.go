package disk_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets/durability"
	"github.com/racebench/racebench/targets/durability/disk"
)

// on runs body on a task of a real world with a fresh folder.
func on(t *testing.T, body func(t *world.Task, dir string, files durability.Files)) {
	t.Helper()
	w := world.NewReal(world.Options{})
	defer w.Close()
	dir := filepath.Join(t.TempDir(), "data")
	files, err := disk.Disk{}.Open(w, dir)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	w.Go(world.Harness, "test", func(task *world.Task) {
		defer close(done)
		body(task, dir, files)
	})
	<-done
}

func TestTheLockHasOneOwner(t *testing.T) {
	on(t, func(task *world.Task, _ string, files durability.Files) {
		for range 3 {
			lock, err := files.Lock(task)
			if err != nil {
				t.Error(err)
				return
			}
			if _, err := files.Lock(task); !errors.Is(err, durability.ErrOwned) {
				t.Errorf("a second owner: %v", err)
			}
			if err := lock.Unlock(task); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestSegmentsAreKeptInOrder(t *testing.T) {
	on(t, func(task *world.Task, dir string, files durability.Files) {
		for _, name := range []string{"2.log", "1.log", "3.log"} {
			f, err := files.Create(task, name)
			if err == nil {
				err = errors.Join(f.WriteAt(task, []byte(name), 2), f.Sync(task), f.Close(task))
			}
			if err != nil {
				t.Error(err)
				return
			}
		}
		if err := files.Remove(task, "1.log"); err != nil {
			t.Error(err)
		}
		if left, err := filepath.Glob(filepath.Join(dir, "1.log*")); err != nil || len(left) > 0 {
			t.Errorf("of a removed segment %q are left, error %v", left, err)
		}
		names, err := files.Names(task)
		if err != nil || len(names) != 2 || names[0] != "2.log" || names[1] != "3.log" {
			t.Errorf("the folder holds %v, error %v", names, err)
		}
		f, err := files.Open(task, "3.log", 4)
		if err == nil {
			err = f.Close(task)
		}
		data, again := files.Read(task, "3.log")
		if err != nil || again != nil || !bytes.Equal(data, []byte("\x00\x003.")) {
			t.Errorf("cut to 4 bytes the segment is %q, errors %v and %v", data, err, again)
		}
		for seed := range uint64(20) { // what an owner found when it began is synced
			err := disk.Disk{}.CutPower(dir, rand.New(rand.NewPCG(seed, 3)))
			if data, again := files.Read(task, "3.log"); err != nil || again != nil || !bytes.Equal(data, []byte("\x00\x003.")) {
				t.Errorf("after a power cut it is %q, errors %v and %v", data, err, again)
			}
		}
		if _, err := files.Create(task, "2.log"); err == nil {
			t.Error("a segment that is there was made again")
		}
	})
}

// TestAPowerCutKeepsWhatWasSynced cuts the power again and again after a sync and a write: what was synced
// is there, and of the rest some is gone in some cuts, and all is there in others.
func TestAPowerCutKeepsWhatWasSynced(t *testing.T) {
	synced, tail := bytes.Repeat([]byte("synced "), 300), bytes.Repeat([]byte("not yet "), 60)
	whole, cut, torn := 0, 0, 0
	for seed := range uint64(60) {
		on(t, func(task *world.Task, dir string, files durability.Files) {
			f, err := files.Create(task, "1.log")
			if err == nil {
				err = errors.Join(f.WriteAt(task, synced, 0), f.WriteAt(task, synced[:8], 0), f.Sync(task), f.WriteAt(task, tail, int64(len(synced))), f.Close(task))
			}
			if err == nil {
				err = disk.Disk{}.CutPower(dir, rand.New(rand.NewPCG(seed, 1)))
			}
			data, again := os.ReadFile(filepath.Join(dir, "1.log"))
			if err != nil || again != nil || !bytes.HasPrefix(data, synced) {
				t.Errorf("seed %d: %d bytes are left, errors %v and %v", seed, len(data), err, again)
				return
			}
			if bytes.Equal(data[len(synced):], tail) {
				whole++
			} else {
				cut++
			}
			if !bytes.HasPrefix(tail, data[len(synced):]) {
				torn++
			}
		})
	}
	if cut == 0 || torn == 0 || torn == cut {
		t.Errorf("of 60 tails %d were kept whole, %d were cut, and %d of these miss something in the middle", whole, cut, torn)
	}
}

// TestAPowerCutMayTakeANewFile has a segment that is there without its note: its name was not synced.
func TestAPowerCutMayTakeANewFile(t *testing.T) {
	gone := 0
	for seed := range uint64(40) {
		dir := t.TempDir()
		path := filepath.Join(dir, "1.log")
		if err := os.WriteFile(path, []byte("new"), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := (disk.Disk{}).CutPower(dir, rand.New(rand.NewPCG(seed, 2))); err != nil {
			t.Fatal(err)
		}
		if _, err := os.Stat(path); err != nil {
			gone++
		}
	}
	if gone == 0 || gone == 40 {
		t.Errorf("of 40 files whose name was not synced %d are gone", gone)
	}
}
