package world

// Blocking runs f, which may block outside the World: in a socket, a file, a library that knows nothing of
// tasks. Until it returns the task reads as waiting in KindBlocking on obj. It is no await point: an abort
// is seen at the next one, as with tokio's spawn_blocking. What ends f early is up to its owner (a closed
// socket, a deadline on it).
//
// There is no such door in a simulated world, whose scheduler would not see what happens behind it; there
// Blocking panics.
func (t *Task) Blocking(obj *Object, f func()) {
	if t.w.sim != nil {
		panic("world: Blocking on " + obj.Name() + " in a simulated world")
	}
	t.since.Store(int64(t.w.Now()))
	t.waitFor.Store(obj)
	outside := parked | uint32(KindBlocking)<<1
	if !t.word.CompareAndSwap(running, outside) {
		f() // a wake-up came before; the next park takes it
		return
	}
	defer func() {
		if !t.word.CompareAndSwap(outside, running) {
			// A waker found the task parked, and sends or has sent. The next park returns at once.
			<-t.wake
		}
	}()
	f()
}

// Adopt runs body on the calling goroutine as a root task, for libraries that start goroutines of their own,
// and returns how it ended: nil, ErrAborted or a *Panic. There is none in a simulated world, where it panics.
func (w *World) Adopt(realm Realm, name string, body func(t *Task)) error {
	if w.sim != nil {
		panic("world: Adopt of " + name + " in a simulated world")
	}
	t := w.newTask(nil, realm, name)
	t.wake = make(chan struct{}, 1)
	t.run(body)
	return t.err
}
