// Package programs holds what a controlled process must cope with.
package programs

import (
	"crypto/tls"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) { os.Exit(m.Run()) }

// A send that comes after the look and the close.
func TestPanic(t *testing.T) {
	jobs := make(chan int, 4)
	var closed atomic.Bool
	var late sync.WaitGroup
	late.Go(func() {
		if !closed.Load() {
			jobs <- 2
		}
	})
	jobs <- 1
	closed.Store(true)
	close(jobs)
	late.Wait()
}

// An update is lost where another task comes between the look and the store.
func TestLostUpdate(t *testing.T) {
	var n atomic.Int64
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			seen := n.Load()
			n.Store(seen + 1)
		})
	}
	group.Wait()
	if n.Load() != 2 {
		t.Errorf("%d of 2 updates", n.Load())
	}
}

func TestSignalNobodyWants(t *testing.T) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGTERM)
	signal.Stop(c)
	syscall.Kill(os.Getpid(), syscall.SIGTERM)
	select {}
}

func TestSignalThatIsIgnored(t *testing.T) {
	signal.Ignore(syscall.SIGHUP)
	syscall.Kill(os.Getpid(), syscall.SIGHUP)
	time.Sleep(time.Second)
	signal.Reset(syscall.SIGHUP)
}

// It waits for a signal that it does not send.
func TestWaitsForSignals(t *testing.T) {
	c := make(chan os.Signal, 2)
	signal.Notify(c, syscall.SIGTERM)
	<-c
	<-c
	signal.Stop(c)
}

func TestSpinsForEver(t *testing.T) {
	var never atomic.Bool
	go func() {
		for !never.Load() {
		}
	}()
	for !never.Load() {
		runtime.Gosched()
	}
}

func TestLooksForEver(t *testing.T) {
	var never atomic.Bool
	for !never.Load() {
	}
}

func TestTicksForEver(t *testing.T) {
	for range time.Tick(time.Second) {
	}
}

func TestTickerIsLeft(t *testing.T) {
	go func() {
		for range time.Tick(time.Second) {
		}
	}()
	time.Sleep(3 * time.Second)
}

func TestCrowd(t *testing.T) {
	var group sync.WaitGroup
	for range 5000 {
		group.Go(func() {})
	}
	group.Wait()
}

func TestCrowdThatWaits(t *testing.T) {
	start := make(chan struct{})
	var group sync.WaitGroup
	for range 1500 {
		group.Go(func() { <-start })
	}
	time.Sleep(time.Second)
	close(start)
	group.Wait()
}

// Real input and output stands outside of the schedule.
func TestPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		time.Sleep(time.Second)
		w.Write([]byte("x"))
	}()
	r.Read(make([]byte, 1))
}

func TestFilesAndPrograms(t *testing.T) {
	t.Setenv("PROGRAMS", "1")
	f := filepath.Join(t.TempDir(), "x")
	if err := os.WriteFile(f, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("/bin/sh", "-c", `echo "$PROGRAMS$RACEBENCH_CONTROLLED"; readlink /proc/$$/fd/[345] || true`).Output()
	if err != nil || string(out) != "1\n" {
		t.Errorf("the program says %q: %v", out, err)
	}
	t.Cleanup(func() { time.Sleep(time.Second) })
}

func TestSkips(t *testing.T) { t.Skip("on purpose") }

func TestFails(t *testing.T) {
	t.Log("before")
	t.Fatal("on purpose")
}

func handle(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "hello") }

func get(t *testing.T, s *httptest.Server) {
	defer s.Close()
	r, err := s.Client().Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if b, err := io.ReadAll(r.Body); string(b) != "hello" || err != nil {
		t.Errorf("%q: %v", b, err)
	}
}

func TestHTTP(t *testing.T) { get(t, httptest.NewServer(http.HandlerFunc(handle))) }

func TestTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.HandlerFunc(handle))
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS13}
	s.StartTLS()
	get(t, s)
}

func race(t *testing.T, mu sync.Locker) {
	n := 0
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			mu.Lock()
			n++
			mu.Unlock()
		})
	}
	group.Wait()
}

type noLock struct{}

func (noLock) Lock()   {}
func (noLock) Unlock() {}

func TestRaces(t *testing.T)       { race(t, noLock{}) }
func TestDoesNotRace(t *testing.T) { race(t, new(sync.Mutex)) }
