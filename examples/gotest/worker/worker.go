// Package worker is a worker that stops on a signal while others send it jobs.
package worker

// A Worker does jobs one after the other until it is stopped.
type Worker struct {
	jobs    chan int
	stop    chan struct{}
	Stopped chan struct{}
	Done    int
}

// New starts a worker.
func New() *Worker {
	w := &Worker{jobs: make(chan int), stop: make(chan struct{}), Stopped: make(chan struct{})}
	go w.run()
	return w
}

func (w *Worker) run() {
	defer close(w.Stopped)
	for {
		select {
		case <-w.jobs:
			w.Done++
		case <-w.stop:
			return
		}
	}
}

// Stop asks the worker to end.
func (w *Worker) Stop() { close(w.stop) }

// Send hands a job over. The bug: once the worker has gone, nobody takes the job, and Send waits for ever.
func (w *Worker) Send(job int) { w.jobs <- job }

// SendOrStop is the twin that is right: it gives up when the worker has gone.
func (w *Worker) SendOrStop(job int) bool {
	select {
	case w.jobs <- job:
		return true
	case <-w.Stopped:
		return false
	}
}
