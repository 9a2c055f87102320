// Package self holds small programs whose schedules are known. racebench plays them before it trusts a Go tree.
package self

import (
	"context"
	crand "crypto/rand"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
)

// A drain waits for the last worker, who tells it only if somebody waits. The look and the wait are two steps.
func drain(idle chan struct{}) {
	var flying atomic.Int64
	var waiting atomic.Bool
	jobs := make(chan int, 2)
	for range 2 {
		go func() {
			for range jobs {
				if flying.Add(-1) == 0 && waiting.Load() {
					select {
					case idle <- struct{}{}:
					default:
					}
				}
			}
		}()
	}
	for i := range 3 {
		flying.Add(1)
		jobs <- i
	}
	waiting.Store(true)
	if flying.Load() > 0 {
		<-idle
	}
	close(jobs)
}

func TestLostWakeup(t *testing.T)   { drain(make(chan struct{})) }
func TestWakeupIsKept(t *testing.T) { drain(make(chan struct{}, 1)) }

func TestLockOrder(t *testing.T) {
	var a, b sync.Mutex
	var group sync.WaitGroup
	group.Go(func() {
		a.Lock()
		defer a.Unlock()
		b.Lock()
		b.Unlock()
	})
	b.Lock()
	a.Lock()
	a.Unlock()
	b.Unlock()
	group.Wait()
}

func TestSendAfterClose(t *testing.T) {
	jobs := make(chan int, 4)
	var closed atomic.Bool
	var group sync.WaitGroup
	group.Go(func() {
		if !closed.Load() {
			jobs <- 1
		}
	})
	closed.Store(true)
	close(jobs)
	group.Wait()
}

// The deadline strikes between the look and the commit, where the clock may be early.
func TestDeadlineAgainstCommit(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	if ctx.Err() == nil {
		var committed atomic.Bool
		committed.Store(true)
		if ctx.Err() != nil && committed.Load() {
			t.Error("committed after the deadline")
		}
	}
}

func TestLeftBehind(t *testing.T) {
	results := make(chan int)
	var hurry atomic.Bool
	go func() { hurry.Store(true) }()
	go func() { results <- 1 }()
	if hurry.Load() {
		return
	}
	<-results
}

// What a program draws belongs to its goroutines.
func TestChance(t *testing.T) {
	one, two := make(chan int, 1), make(chan int, 1)
	one <- 1
	two <- 2
	var turns atomic.Int64
	select {
	case <-one:
		turns.Add(1)
	case <-two:
	}
	for k := range map[string]int{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5} {
		if k < "c" {
			break
		}
		turns.Add(1)
	}
	for range rand.IntN(5) {
		turns.Add(1)
	}
	var b [1]byte
	crand.Read(b[:])
	for range b[0] % 5 {
		turns.Add(1)
	}
}

func TestSignal(t *testing.T) {
	ctx, stop := signal.NotifyContext(t.Context(), syscall.SIGTERM)
	defer stop()
	go syscall.Kill(os.Getpid(), syscall.SIGTERM)
	<-ctx.Done()
	again := make(chan os.Signal, 1)
	signal.Notify(again, syscall.SIGTERM)
	p, err := os.FindProcess(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	p.Signal(syscall.SIGTERM)
	<-again
	signal.Stop(again)
}

func TestTimers(t *testing.T) {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	late := time.AfterFunc(time.Hour, func() { t.Error("a timer struck that was stopped") })
	n := 0
	for range tick.C {
		if n++; n == 3 {
			break
		}
	}
	late.Stop()
	go time.Sleep(time.Minute) // it ends after the test
}

func TestEcho(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	group.Go(func() {
		c, err := l.Accept()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		io.Copy(c, c)
	})
	c, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	c.Write([]byte("hello"))
	c.(interface{ CloseWrite() error }).CloseWrite()
	if b, err := io.ReadAll(c); string(b) != "hello" || err != nil {
		t.Errorf("%q came back: %v", b, err)
	}
	c.Close()
	l.Close()
	group.Wait()
}

// Who waits without a wait must not keep the turn.
func TestSpinner(t *testing.T) {
	var done, yielded atomic.Bool
	go func() { done.Store(true) }()
	for !done.Load() {
	}
	go func() { yielded.Store(true) }()
	for !yielded.Load() {
		runtime.Gosched()
	}
}

func TestThreads(t *testing.T) {
	var group sync.WaitGroup
	var n atomic.Int64
	for range 3 {
		group.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			n.Add(1)
			time.Sleep(time.Millisecond)
		})
	}
	group.Wait()
}

func TestTestsInATest(t *testing.T) {
	for _, name := range []string{"a", "b"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, limited := t.Deadline(); limited || t.Name() != "TestTestsInATest/"+name {
				t.Errorf("this is %s", t.Name())
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		go time.Sleep(time.Second)
		synctest.Wait()
	})
}

func TestCondition(t *testing.T) {
	var mu sync.Mutex
	c := sync.NewCond(&mu)
	ready := false
	go func() {
		mu.Lock()
		ready = true
		mu.Unlock()
		c.Broadcast()
	}()
	mu.Lock()
	for !ready {
		c.Wait()
	}
	mu.Unlock()
	var once sync.Once
	var rw sync.RWMutex
	var group sync.WaitGroup
	for range 3 {
		group.Go(func() {
			rw.RLock()
			defer rw.RUnlock()
			once.Do(func() {})
		})
	}
	rw.Lock()
	rw.Unlock()
	group.Wait()
}
