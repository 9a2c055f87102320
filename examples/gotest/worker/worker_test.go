package worker

import (
	"os"
	"os/signal"
	"syscall"
	"testing"
)

// stopOn has SIGTERM stop the worker, and sends it.
func stopOn(t *testing.T, w *Worker) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		w.Stop()
	}()
	if err := syscall.Kill(syscall.Getpid(), syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
}

func TestStop(t *testing.T) {
	w := New()
	stopOn(t, w)
	w.Send(1)
	<-w.Stopped
}

func TestStopFixed(t *testing.T) {
	w := New()
	stopOn(t, w)
	w.SendOrStop(1)
	<-w.Stopped
}
