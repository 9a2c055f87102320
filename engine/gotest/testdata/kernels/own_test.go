package kernels

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// pool is a pool of workers. Its Stop closes the queue; a careful Submit holds the lock while it sends.
type pool struct {
	mu      sync.RWMutex
	closed  bool
	jobs    chan int
	workers sync.WaitGroup
	done    atomic.Int32
	careful bool
}

func newPool(careful bool) *pool {
	p := &pool{jobs: make(chan int, 4), careful: careful}
	for range 2 {
		p.workers.Go(func() {
			for range p.jobs {
				p.done.Add(1)
			}
		})
	}
	return p
}

func (p *pool) submit(n int) bool {
	p.mu.RLock()
	closed := p.closed
	if p.careful {
		defer p.mu.RUnlock()
	} else {
		p.mu.RUnlock()
	}
	if closed {
		return false
	}
	p.jobs <- n
	return true
}

func (p *pool) stop() {
	p.mu.Lock()
	p.closed = true
	close(p.jobs)
	p.mu.Unlock()
	p.workers.Wait()
}

func poolTest(t *testing.T, careful bool) {
	p := newPool(careful)
	var clients sync.WaitGroup
	var accepted atomic.Int32
	for i := range 2 {
		clients.Go(func() {
			if p.submit(i) {
				accepted.Add(1)
			}
		})
	}
	p.stop()
	clients.Wait()
	if p.done.Load() != accepted.Load() {
		t.Errorf("%d of %d accepted jobs were done", p.done.Load(), accepted.Load())
	}
}

func TestPool(t *testing.T)      { poolTest(t, false) }
func TestPoolFixed(t *testing.T) { poolTest(t, true) }

// A ticker's loop that is stopped by a channel without room: who stops it twice waits for ever.
func loopTest(t *testing.T, closes bool) {
	stop, stopped := make(chan bool), make(chan bool)
	go func() {
		defer close(stopped)
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
			case <-stop:
				return
			}
		}
	}()
	var once sync.Once
	end := func() {
		if closes {
			once.Do(func() { close(stop) })
			return
		}
		select {
		case <-stopped:
		default:
			stop <- true
		}
	}
	var enders sync.WaitGroup
	for range 2 {
		enders.Go(end)
	}
	enders.Wait()
	<-stopped
}

func TestLoop(t *testing.T)      { loopTest(t, false) }
func TestLoopFixed(t *testing.T) { loopTest(t, true) }

// A batcher flushes when it is full or stopped. The last flush must come after the last add.
func batchTest(t *testing.T, drains bool) {
	adds, stop, out := make(chan int, 3), make(chan bool), make(chan int, 8)
	go func() {
		defer close(out)
		for {
			select {
			case n := <-adds:
				out <- n
			case <-stop:
				for drains {
					select {
					case n := <-adds:
						out <- n
					default:
						return
					}
				}
				return
			}
		}
	}()
	for i := range 3 {
		adds <- i
	}
	close(stop)
	n := 0
	for range out {
		n++
	}
	if n != 3 {
		t.Errorf("%d of 3 were flushed", n)
	}
}

func TestBatch(t *testing.T)      { batchTest(t, false) }
func TestBatchFixed(t *testing.T) { batchTest(t, true) }

// Two accounts are locked in the order of the transfer.
func transferTest(ordered bool) {
	var locks [2]sync.Mutex
	var both sync.WaitGroup
	for i := range 2 {
		both.Go(func() {
			from, to := i, 1-i
			if ordered {
				from, to = 0, 1
			}
			locks[from].Lock()
			locks[to].Lock()
			locks[to].Unlock()
			locks[from].Unlock()
		})
	}
	both.Wait()
}

func TestTransfer(t *testing.T)      { transferTest(false) }
func TestTransferFixed(t *testing.T) { transferTest(true) }

// A subscriber leaves while a message is published to it.
func busTest(room bool) {
	size := 0
	if room {
		size = 1
	}
	var mu sync.Mutex
	subs := map[int]chan int{1: make(chan int, size)}
	sub := subs[1]
	left := make(chan bool)
	go func() { // the subscriber
		defer close(left)
		select {
		case <-sub:
		case <-time.After(time.Second):
		}
		mu.Lock()
		delete(subs, 1)
		mu.Unlock()
	}()
	for range 2 {
		mu.Lock()
		if c, ok := subs[1]; ok {
			if room {
				select {
				case c <- 1:
				default:
				}
			} else {
				c <- 1
			}
		}
		mu.Unlock()
	}
	<-left
}

func TestBus(t *testing.T)      { busTest(false) }
func TestBusFixed(t *testing.T) { busTest(true) }

// An error of one worker cancels the others; the result is read once all have gone.
func groupTest(t *testing.T, waits bool) {
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	failure := errors.New("disk")
	var all sync.WaitGroup
	all.Go(func() { cancel(failure) })
	all.Go(func() {
		<-ctx.Done()
		cancel(ctx.Err())
	})
	all.Go(func() {
		if !waits {
			cancel(errors.New("stopped"))
		}
	})
	all.Wait()
	if got := context.Cause(ctx); got != failure {
		t.Errorf("the cause is %v", got)
	}
}

func TestCause(t *testing.T)      { groupTest(t, false) }
func TestCauseFixed(t *testing.T) { groupTest(t, true) }

// SIGTERM twice: the second one must not close what is closed.
func twiceTest(once bool) {
	c := make(chan os.Signal, 2)
	signal.Notify(c, syscall.SIGTERM)
	defer signal.Stop(c)
	quit := make(chan bool)
	var first sync.Once
	var handlers sync.WaitGroup
	end := func() {
		if once {
			first.Do(func() { close(quit) })
			return
		}
		select {
		case <-quit:
		default:
			close(quit)
		}
	}
	for range 2 {
		handlers.Go(func() {
			<-c
			end()
		})
	}
	for range 2 {
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGTERM)
	}
	handlers.Wait()
	<-quit
}

func TestTwice(t *testing.T)      { twiceTest(false) }
func TestTwiceFixed(t *testing.T) { twiceTest(true) }

// A reader waits on a condition without looking again.
func condTest(t *testing.T, loop bool) {
	var mu sync.Mutex
	cond := sync.NewCond(&mu)
	items := 0
	var readers sync.WaitGroup
	for range 2 {
		readers.Go(func() {
			mu.Lock()
			defer mu.Unlock()
			for items == 0 {
				cond.Wait()
				if !loop {
					break
				}
			}
			if items--; items < 0 {
				t.Error("taken from nothing")
			}
		})
	}
	for range 2 {
		mu.Lock()
		items++
		mu.Unlock()
		cond.Broadcast()
	}
	readers.Wait()
}

func TestCond(t *testing.T)      { condTest(t, false) }
func TestCondFixed(t *testing.T) { condTest(t, true) }

// A lease is renewed by a timer. Stop must see whether the timer's function runs.
func leaseTest(t *testing.T, waits bool) {
	var mu sync.Mutex
	released, renewed := false, false
	running := make(chan bool)
	timer := time.AfterFunc(time.Millisecond, func() {
		mu.Lock()
		defer mu.Unlock()
		if renewed = released; renewed {
			t.Error("renewed after its release")
		}
		close(running)
	})
	time.Sleep(time.Millisecond)
	if waits && !timer.Stop() {
		<-running
	}
	mu.Lock()
	released = true
	mu.Unlock()
	if !waits && !timer.Stop() {
		<-running
	}
}

func TestLease(t *testing.T)      { leaseTest(t, false) }
func TestLeaseFixed(t *testing.T) { leaseTest(t, true) }

// A cache fills a key once; the one who fills it must not be overtaken by the one who drops it.
func fillTest(t *testing.T, together bool) {
	var mu sync.Mutex
	values, version := map[string]int{}, 1
	var both sync.WaitGroup
	both.Go(func() {
		mu.Lock()
		read := version
		if !together {
			mu.Unlock()
			mu.Lock()
		}
		values["k"] = read
		mu.Unlock()
	})
	both.Go(func() {
		mu.Lock()
		version = 2
		delete(values, "k")
		mu.Unlock()
	})
	both.Wait()
	if v, ok := values["k"]; ok && v != version {
		t.Errorf("version %d is kept of %d", v, version)
	}
}

func TestFill(t *testing.T)      { fillTest(t, false) }
func TestFillFixed(t *testing.T) { fillTest(t, true) }
