// Package httpserver takes jobs by HTTP and does them after it has answered.
package httpserver

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
)

// A Server answers 202 to a job and does it later.
type Server struct {
	http.Server
	Accepted, Finished atomic.Int64

	jobs   sync.WaitGroup
	cancel chan struct{}
}

// New returns a server.
func New() *Server {
	s := &Server{cancel: make(chan struct{})}
	s.Handler = http.HandlerFunc(s.take)
	return s
}

func (s *Server) take(w http.ResponseWriter, _ *http.Request) {
	s.Accepted.Add(1)
	s.jobs.Go(func() {
		select {
		case <-s.cancel:
		default:
			s.Finished.Add(1)
		}
	})
	w.WriteHeader(http.StatusAccepted)
}

// Stop waits for the connections. The bug: what was accepted and has not begun is dropped.
func (s *Server) Stop(ctx context.Context) error {
	err := s.Shutdown(ctx)
	close(s.cancel)
	s.jobs.Wait()
	return err
}

// StopAndFinish is the twin that is right: it waits for the jobs, too.
func (s *Server) StopAndFinish(ctx context.Context) error {
	err := s.Shutdown(ctx)
	s.jobs.Wait()
	return err
}
