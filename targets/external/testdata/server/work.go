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
