package world

import (
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
)

// Signals is how a server learns that it should stop. In the real world these are the process's own
// signals: until a target has subscribed, the default action ends the process.
type Signals struct {
	w      *World
	object *Object
	mu     guard
	inbox  []syscall.Signal
	waiter *Waiter
	stop   func()
	caught []syscall.Signal // in a simulated world
}

// raise delivers a signal in a simulated world. One that nobody catches would end the process; its
// default action is not simulated.
func (w *World) raise(sig syscall.Signal) error {
	if w.signals == nil || !slices.Contains(w.signals.caught, sig) {
		return fmt.Errorf("the target does not catch %v: its default action cannot be simulated", sig)
	}
	w.changed()
	w.signals.push(sig)
	return nil
}

// Subscribe catches the given signals from now on. One subscription a world; the first statement of a
// target's Start.
func (w *World) Subscribe(signals ...syscall.Signal) *Signals {
	s := &Signals{w: w, object: w.NewObject("a signal"), mu: w.newGuard()}
	if w.sim != nil {
		w.signals, s.caught, s.stop = s, signals, func() {}
		if w.options.OnSubscribed != nil {
			w.options.OnSubscribed()
		}
		return s
	}
	incoming := make(chan os.Signal, 8)
	asked := make([]os.Signal, len(signals))
	for i, sig := range signals {
		asked[i] = sig
	}
	signal.Notify(incoming, asked...)
	quit := make(chan struct{})
	s.stop = sync.OnceFunc(func() { close(quit) })
	go s.forward(incoming, quit)
	if w.options.OnSubscribed != nil {
		w.options.OnSubscribed()
	}
	return s
}

func (s *Signals) forward(incoming <-chan os.Signal, quit <-chan struct{}) {
	for {
		select {
		case sig := <-incoming:
			s.push(sig.(syscall.Signal))
		case <-quit:
			return
		}
	}
}

func (s *Signals) push(sig syscall.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.inbox = append(s.inbox, sig)
	if s.waiter != nil {
		s.waiter.Wake()
	}
}

// Stop ends the subscription. From then on the signals are ignored, not given their default action: a
// second one that comes late must not end the process before its evidence is written.
func (s *Signals) Stop() { s.stop() }

// Recv waits for the next signal.
func (s *Signals) Recv(t *Task) syscall.Signal {
	t.Await(s)
	return s.Take()
}

// Take removes the signal that a Select on s has announced. It returns 0 when there is none.
func (s *Signals) Take() syscall.Signal {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.inbox) == 0 {
		return 0
	}
	sig := s.inbox[0]
	s.inbox = s.inbox[1:]
	if s.w.options.OnSignal != nil {
		s.w.options.OnSignal(sig)
	}
	return sig
}

// Poll implements Awaitable: it completes when a signal is there to be taken.
func (s *Signals) Poll(w *Waiter) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.inbox) > 0 {
		s.waiter = nil
		return true
	}
	s.waiter = w
	return false
}

// Withdraw implements Awaitable.
func (s *Signals) Withdraw(*Waiter) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiter = nil
}

// Waits implements Awaitable.
func (s *Signals) Waits() (Kind, *Object) { return KindSignal, s.object }
