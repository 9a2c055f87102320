package main

import (
	"fmt"
	"net/http"
	"sync/atomic"
	"time"
)

// stopping is closed when the stop begins.
var stopping = make(chan struct{})

// worked counts the answers to /work.
var worked atomic.Int64

// events sends events until its client or the stop ends it; in some modes the stop does not.
func events(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/events" {
		w.Header().Set("Content-Type", "text/event-stream")
	}
	told := stopping
	if mode == "holds" {
		told = nil
	}
	for {
		fmt.Fprint(w, "data: beat\n\n")
		w.(http.Flusher).Flush()
		select {
		case <-told:
			return
		case <-r.Context().Done():
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// work takes a while, and fails in the mode's way.
func work(w http.ResponseWriter, _ *http.Request) {
	took := time.After(60 * time.Millisecond)
	n := worked.Add(1)
	switch mode {
	case "cancels": // what is under way fails when the stop begins
		select {
		case <-took:
		case <-stopping:
			http.Error(w, "work: context canceled", http.StatusInternalServerError)
			return
		}
	case "refuses": // the same, in so many words
		select {
		case <-took:
		case <-stopping:
			http.Error(w, "try again", http.StatusServiceUnavailable)
			return
		}
	case "fails-often": // one in 25, at all times
		<-took
		if n%25 == 0 {
			http.Error(w, "work: out of luck", http.StatusInternalServerError)
			return
		}
	default:
		<-took
	}
	fmt.Fprintln(w, "done")
}
