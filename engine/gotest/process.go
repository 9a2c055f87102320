package gotest

import (
	"context"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/racebench/racebench/internal/overlay/player"
	"github.com/racebench/racebench/internal/overlay/wire"
)

// A process is a test process that is watched.
type process struct {
	*player.Process

	usual map[origin]int // goroutines that the default schedule leaves
	last  Evidence       // of the schedule that was judged last
	dirty bool           // a schedule has left locks and globals as they were: it serves for places and names alone

	stop, watched chan struct{}
	mu            sync.Mutex
	stuck         string // why it was ended: it stood still
}

// start starts one test of the package in a process of its own, up to its being ready.
func (p *Package) start(ctx context.Context, test string) (*process, error) {
	started, err := player.Start(ctx, player.Options{Binary: p.binary, Test: test, Dir: p.Dir, Temp: p.temp.Path()})
	if err != nil {
		return nil, err
	}
	q := &process{Process: started}
	q.watch()
	return q, nil
}

// do sends a command and waits for its answer. Ask is called where a remote schedule must be decided.
func (q *process) do(c wire.Command, ask func(*wire.Memory) uint32) (wire.Answer, error) {
	a, err := q.Do(c, ask)
	if err != nil {
		q.dirty = true
	}
	return a, err
}

// end lets the process end by itself: it comes to the end of its commands. What is in its memory stays.
func (q *process) end() {
	q.dirty = true
	q.End()
}

// close ends the process.
func (q *process) close() {
	close(q.stop)
	<-q.watched
	q.Close()
}

// How long a schedule may stand still before its process is ended. That names no breach: it says that the test cannot be
// controlled.
const (
	outsideFor = 5 * time.Second  // where all wait, and one of them for the world outside
	computeFor = 10 * time.Second // where a goroutine has the turn
	lookEvery  = 250 * time.Millisecond
	dumpFor    = 2 * time.Second // to write down where its goroutines are
)

// watch ends the process when it stands still.
func (q *process) watch() {
	q.stop, q.watched = make(chan struct{}), make(chan struct{})
	go func() {
		defer close(q.watched)
		tick := time.NewTicker(lookEvery)
		defer tick.Stop()
		var before [3]uint32
		var since time.Duration
		for {
			select {
			case <-q.stop:
				return
			case <-tick.C:
			}
			m := q.Memory
			now := [3]uint32{m.Serial, m.Step, m.Decisions}
			since += lookEvery
			if now != before || m.Phase != wire.Playing && m.Phase != wire.Resting {
				before, since = now, 0
			}
			switch {
			case m.Holder == wire.Nobody && m.N == 0 && since >= outsideFor:
				q.giveUp("a goroutine of it waits for something outside of the test, as real I/O does")
				return
			case m.Holder != wire.Nobody && since >= computeFor:
				q.giveUp("a goroutine of it has the turn and comes to no point: it computes, or is in a call of cgo or of the system")
				return
			}
		}
	}()
}

// giveUp ends the process, which writes down where its goroutines are.
func (q *process) giveUp(why string) {
	q.mu.Lock()
	q.stuck = why
	q.mu.Unlock()
	_ = q.Signal(syscall.SIGQUIT) // its error says that the process has ended
	select {
	case <-q.stop:
	case <-time.After(dumpFor):
	}
	_ = q.Signal(os.Kill)
}

// stoodStill says why the process was ended, if it was for that.
func (q *process) stoodStill() string {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.stuck
}
