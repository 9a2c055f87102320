package bolt

import (
	"path/filepath"
	"testing"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets/coldstore"
	"github.com/racebench/racebench/targets/targettest"
)

func TestConformance(t *testing.T) {
	targettest.Run(t, coldstore.Target(Open), map[string]string{"read-deadline": "1h"})
}

// on runs body on a task of a real world.
func on(t *testing.T, body func(task *world.Task)) {
	w := world.NewReal(world.Options{})
	defer w.Close()
	done := make(chan struct{})
	w.Go(world.Harness, "test", func(task *world.Task) {
		defer close(done)
		body(task)
	})
	<-done
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestBlocksOutliveTheirOwner writes, gives the file back and opens it again.
func TestBlocksOutliveTheirOwner(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	on(t, func(task *world.Task) {
		log, err := Open(task, dir, coldstore.LogOptions{Rows: 3, Sync: true})
		must(t, err)
		for h := int64(1); h <= 5; h++ {
			must(t, log.Append(task, h, ledger.NewMsgID(2, h)))
		}
		gone, err := log.Truncate(task, 4)
		if err != nil || len(gone) != 2 || gone[0] != 4 || gone[1] != 5 {
			t.Errorf("truncated %v, %v; want 4 and 5", gone, err)
		}
		if _, err := Open(task, dir, coldstore.LogOptions{Rows: 3, Sync: true}); err != coldstore.ErrOwned {
			t.Errorf("a second open while the first is there: %v, want %v", err, coldstore.ErrOwned)
		}
		must(t, log.Close(task))
		if _, _, err := log.Get(task, 1); err != coldstore.ErrGivenBack {
			t.Errorf("a read after the close: %v, want %v", err, coldstore.ErrGivenBack)
		}
		log, err = Open(task, dir, coldstore.LogOptions{Rows: 3, Sync: true})
		must(t, err)
		id, ok, err := log.Get(task, 3)
		if err != nil || !ok || id != ledger.NewMsgID(2, 3) {
			t.Errorf("block 3 is %v, %v, %v", id, ok, err)
		}
		if _, ok, _ := log.Get(task, 4); ok {
			t.Error("block 4 is there again")
		}
		if h, _ := log.Latest(task); h != 3 {
			t.Errorf("the latest height is %d, want 3", h)
		}
		if n, _ := log.Scan(task, 2, 9); n != 2 {
			t.Errorf("heights 2 to 8 hold %d blocks, want 2", n)
		}
		must(t, log.Close(task))
	})
}

// TestStreamsReadASnapshot writes and truncates while a stream's transaction is open: neither waits for
// the other.
func TestStreamsReadASnapshot(t *testing.T) {
	on(t, func(task *world.Task) {
		log, err := Open(task, filepath.Join(t.TempDir(), "data"), coldstore.LogOptions{Rows: 3})
		must(t, err)
		rows, err := log.Rows(task)
		must(t, err)
		for h := int64(1); h <= 50; h++ {
			must(t, log.Append(task, h, 1))
		}
		n := 0
		for rows.Next(task) {
			n++
		}
		if n != 3 {
			t.Errorf("the stream has %d rows, want 3", n)
		}
		rows.Close(task)
		must(t, log.Close(task))
	})
}
