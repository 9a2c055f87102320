//go:build unix

package world

import (
	"sync/atomic"
	"syscall"
	"testing"
)

func TestSignals(t *testing.T) {
	var subscribed, taken atomic.Int32
	o := Options{
		OnSubscribed: func() { subscribed.Add(1) },
		OnSignal: func(sig syscall.Signal) {
			want(t, "taken", sig, syscall.SIGUSR1)
			taken.Add(1)
		},
	}
	inWorldOf(o, func(w *World, task *Task) {
		s := w.Subscribe(syscall.SIGUSR1)
		defer s.Stop()
		want(t, "subscribed", subscribed.Load(), 1)
		want(t, "none yet", s.Take(), syscall.Signal(0))

		receiver := start(task, "receiver", func(task *Task) {
			want(t, "received", s.Recv(task), syscall.SIGUSR1)
		})
		want(t, "raise", w.Raise(syscall.SIGUSR1), nil)
		_ = task.Join(receiver)
		want(t, "taken", taken.Load(), 1)

		// A select announces a signal; it stays until it is taken.
		never := w.NewToken("never")
		selector := start(task, "selector", func(task *Task) {
			want(t, "select", task.Select(never, s), 1)
			want(t, "select again", task.Select(s, never), 0)
			want(t, "take", s.Take(), syscall.SIGUSR1)
		})
		want(t, "raise", w.Raise(syscall.SIGUSR1), nil)
		_ = task.Join(selector)

		// A lost select leaves the next signal to whoever asks for it.
		loser := start(task, "loser", func(task *Task) { task.Select(never, s) })
		never.Cancel(task)
		_ = task.Join(loser)
		want(t, "raise", w.Raise(syscall.SIGUSR1), nil)
		want(t, "received", s.Recv(task), syscall.SIGUSR1)
		want(t, "taken", taken.Load(), 3)

		s.Stop()
		want(t, "raise", w.Raise(syscall.SIGUSR1), nil) // by default it would end this process
		again := w.Subscribe(syscall.SIGUSR1)
		defer again.Stop()
		want(t, "raise", w.Raise(syscall.SIGUSR1), nil)
		want(t, "received", again.Recv(task), syscall.SIGUSR1)
	})
}
