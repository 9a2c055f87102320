// Package bolt keeps the cold store's blocks on disk: one file of bbolt, a transaction a call. It is the
// shell of the cold store; what decides about order is in the core.
package bolt

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets/coldstore"
)

var (
	blocks = []byte("blocks") // by height, eight bytes, the greatest byte first
	logs   = []byte("logs")   // the rows of streams
)

const (
	// mapped is how much of the file is mapped at once. A file that outgrows its mapping is mapped anew, and
	// bbolt's writer waits for every read transaction then; a trial's file never does.
	mapped = 256 << 20
	// lockWait is how long an open waits for the file's lock: bbolt tries once where that is less than 50 ms.
	lockWait = time.Millisecond
	// rowSize is what a row of a stream holds.
	rowSize = 64
)

// A store is one open file.
type store struct {
	db   *bbolt.DB
	file *world.Object
}

// Open opens the log in a folder, which is made if it is not there. A log that somebody else has open is
// refused with coldstore.ErrOwned.
func Open(t *world.Task, dir string, o coldstore.LogOptions) (coldstore.Log, error) {
	s := &store{file: t.World().NewObject("the file of blocks")}
	var err error
	t.Blocking(s.file, func() {
		if err = os.MkdirAll(dir, 0o755); err != nil {
			return
		}
		options := &bbolt.Options{Timeout: lockWait, InitialMmapSize: mapped, FreelistType: bbolt.FreelistMapType, NoSync: !o.Sync, NoGrowSync: !o.Sync}
		if s.db, err = bbolt.Open(filepath.Join(dir, "blocks.db"), 0o644, options); err == nil {
			err = s.fill(o.Rows)
		}
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		return nil, coldstore.ErrOwned
	}
	if err != nil {
		return nil, fmt.Errorf("open blocks: %w", err)
	}
	return s, nil
}

// fill makes the buckets, and the rows of streams unless they are there.
func (s *store) fill(rows int) error {
	return s.db.Update(func(tx *bbolt.Tx) error {
		if _, err := tx.CreateBucketIfNotExists(blocks); err != nil {
			return err
		}
		b, err := tx.CreateBucketIfNotExists(logs)
		if err != nil || b.Sequence() > 0 {
			return err
		}
		b.FillPercent = 1 // rows come in order and are never changed
		for i := range rows {
			if err := b.Put(keyOf(int64(i)), make([]byte, rowSize)); err != nil {
				return err
			}
		}
		return b.SetSequence(1)
	})
}

func keyOf(height int64) []byte { return binary.BigEndian.AppendUint64(nil, uint64(height)) }

func heightOf(key []byte) int64 { return int64(binary.BigEndian.Uint64(key)) }

// view runs f in a read transaction.
func (s *store) view(t *world.Task, f func(b *bbolt.Bucket)) error {
	var err error
	t.Blocking(s.file, func() {
		err = s.db.View(func(tx *bbolt.Tx) error {
			f(tx.Bucket(blocks))
			return nil
		})
	})
	return closedOr(err)
}

// update runs f in a write transaction, which is on disk when it returns nil.
func (s *store) update(t *world.Task, f func(b *bbolt.Bucket) error) error {
	var err error
	t.Blocking(s.file, func() {
		err = s.db.Update(func(tx *bbolt.Tx) error { return f(tx.Bucket(blocks)) })
	})
	return closedOr(err)
}

// closedOr tells the core of a log that was given back in its own words.
func closedOr(err error) error {
	if errors.Is(err, bolterrors.ErrDatabaseNotOpen) {
		return coldstore.ErrGivenBack
	}
	return err
}

// Get implements coldstore.Log.
func (s *store) Get(t *world.Task, height int64) (id ledger.MsgID, ok bool, err error) {
	err = s.view(t, func(b *bbolt.Bucket) {
		if v := b.Get(keyOf(height)); v != nil {
			id, ok = ledger.MsgID(binary.BigEndian.Uint64(v)), true
		}
	})
	return id, ok, err
}

// Scan implements coldstore.Log.
func (s *store) Scan(t *world.Task, from, to int64) (n int, err error) {
	err = s.view(t, func(b *bbolt.Bucket) {
		c := b.Cursor()
		for k, _ := c.Seek(keyOf(from)); k != nil && heightOf(k) < to; k, _ = c.Next() {
			n++
		}
	})
	return n, err
}

// Latest implements coldstore.Log.
func (s *store) Latest(t *world.Task) (height int64, err error) {
	err = s.view(t, func(b *bbolt.Bucket) {
		if k, _ := b.Cursor().Last(); k != nil {
			height = heightOf(k)
		}
	})
	return height, err
}

// Append implements coldstore.Log.
func (s *store) Append(t *world.Task, height int64, block ledger.MsgID) error {
	return s.update(t, func(b *bbolt.Bucket) error {
		return b.Put(keyOf(height), binary.BigEndian.AppendUint64(nil, uint64(block)))
	})
}

// Truncate implements coldstore.Log.
func (s *store) Truncate(t *world.Task, from int64) (gone []int64, err error) {
	err = s.update(t, func(b *bbolt.Bucket) error {
		gone = nil
		c := b.Cursor()
		for k, _ := c.Seek(keyOf(from)); k != nil; k, _ = c.Next() {
			gone = append(gone, heightOf(k))
		}
		for _, height := range gone {
			if err := b.Delete(keyOf(height)); err != nil {
				return err
			}
		}
		return nil
	})
	return gone, err
}

// Close implements coldstore.Log. A file that is closed waits for the transactions that are open.
func (s *store) Close(t *world.Task) error {
	var err error
	t.Blocking(s.file, func() { err = s.db.Close() })
	return err
}

// Rows implements coldstore.Log.
func (s *store) Rows(t *world.Task) (coldstore.Rows, error) {
	var tx *bbolt.Tx
	var err error
	t.Blocking(s.file, func() { tx, err = s.db.Begin(false) })
	if err != nil {
		return nil, closedOr(err)
	}
	return &rows{tx: tx, cursor: tx.Bucket(logs).Cursor()}, nil
}

// rows is a read transaction on its way through the rows of a stream.
type rows struct {
	tx     *bbolt.Tx
	cursor *bbolt.Cursor
	begun  bool
}

// Next implements coldstore.Rows. It reads mapped memory and waits for nobody.
func (r *rows) Next(*world.Task) bool {
	var key []byte
	if r.begun {
		key, _ = r.cursor.Next()
	} else {
		key, _ = r.cursor.First()
	}
	r.begun = true
	return key != nil
}

// Close implements coldstore.Rows.
func (r *rows) Close(*world.Task) { _ = r.tx.Rollback() }
