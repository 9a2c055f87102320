package httpserver

import (
	"context"
	"net"
	"net/http"
	"testing"
	"time"
)

// check stops a server that has a job. Every accepted job must be finished.
func check(t *testing.T, stop func(*Server, context.Context) error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New()
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = s.Serve(l) // its error is that it was shut down
	}()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Post("http://"+l.Addr().String(), "", nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := stop(s, ctx); err != nil {
		t.Fatal(err)
	}
	<-served
	if accepted, finished := s.Accepted.Load(), s.Finished.Load(); accepted != finished {
		t.Errorf("%d of %d accepted jobs were finished", finished, accepted)
	}
}

func TestStop(t *testing.T) { check(t, (*Server).Stop) }

func TestStopFixed(t *testing.T) { check(t, (*Server).StopAndFinish) }
