package ledger

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// benchRound is how many records one ledger takes before a benchmark moves on to a fresh one, so that
// what is measured includes growth and page faults and never a full ledger.
const benchRound = 1 << 20

// onEach runs a benchmark on the disk and, where there is one, in memory.
func onEach(b *testing.B, run func(b *testing.B, dir string)) {
	b.Run("disk", func(b *testing.B) { run(b, b.TempDir()) })
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		b.Run("memory", func(b *testing.B) {
			dir, err := os.MkdirTemp("/dev/shm", "ledger-")
			if err != nil {
				b.Skip(err)
			}
			defer os.RemoveAll(dir)
			run(b, dir)
		})
	}
}

// benchLane calls body with lanes of fresh ledgers until b.N records were written.
func benchLane(b *testing.B, dir string, body func(l *Lane, records int)) {
	b.ReportAllocs()
	b.StopTimer()
	for left := b.N; left > 0; left -= benchRound {
		path := filepath.Join(dir, "ledger")
		w, err := Create(path, 0)
		if err != nil {
			b.Fatal(err)
		}
		l := w.Lane(LaneInfo{Name: "bench"})
		b.StartTimer()
		body(l, min(left, benchRound))
		b.StopTimer()
		if isFull(w) {
			b.Fatal("the ledger is full")
		}
		if err := w.Close(); err != nil {
			b.Fatal(err)
		}
		if err := os.Remove(path); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkBegin(b *testing.B) {
	onEach(b, func(b *testing.B, dir string) {
		benchLane(b, dir, func(l *Lane, records int) {
			for i := range records {
				l.Begin(MsgID(i+1), 1, 256, time.Duration(i), time.Duration(i))
			}
		})
	})
}

func BenchmarkBeginEnd(b *testing.B) {
	onEach(b, func(b *testing.B, dir string) {
		benchLane(b, dir, func(l *Lane, records int) {
			for i := range records {
				ref := l.Begin(MsgID(i+1), 1, 256, time.Duration(i), time.Duration(i))
				l.End(ref, time.Duration(i+1), Accepted, 0)
			}
		})
	})
}

func BenchmarkDeliver(b *testing.B) {
	onEach(b, func(b *testing.B, dir string) {
		benchLane(b, dir, func(l *Lane, records int) {
			for i := range records {
				l.Deliver(MsgID(i+1), time.Duration(i))
			}
		})
	})
}

func BenchmarkEvent(b *testing.B) {
	onEach(b, func(b *testing.B, dir string) {
		benchLane(b, dir, func(l *Lane, records int) {
			for i := range records {
				l.w.Add(&Gauge{Name: 1, Value: int64(i), At: time.Duration(i)})
			}
		})
	})
}

// BenchmarkCreateClose is what a trial pays before its first record and after its last.
func BenchmarkCreateClose(b *testing.B) {
	onEach(b, func(b *testing.B, dir string) {
		path := filepath.Join(dir, "ledger")
		for b.Loop() {
			w, err := Create(path, 0)
			if err != nil {
				b.Fatal(err)
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
			if err := os.Remove(path); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRead(b *testing.B) {
	for _, records := range []int{10_000, 1_000_000} {
		b.Run(fmt.Sprint(records), func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "ledger")
			w, err := Create(path, 0)
			if err != nil {
				b.Fatal(err)
			}
			publisher, subscriber := w.Lane(LaneInfo{Name: "p"}), w.Lane(LaneInfo{Name: "s"})
			for i := range records / 2 {
				m := NewMsgID(0, int64(i+1))
				publisher.End(publisher.Begin(m, 0, 256, 0, time.Duration(i)), time.Duration(i+1), Accepted, 0)
				subscriber.Deliver(m, time.Duration(i))
			}
			if err := w.Close(); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Read(path); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(records), "ns/record")
		})
	}
}
