package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// between is how long it takes from one piece of an answer to the next.
const between = 4 * time.Millisecond

// piecewise are answers that come in pieces, or are of one length or another.
var piecewise = map[string]http.HandlerFunc{
	"/list": func(w http.ResponseWriter, _ *http.Request) { // always the same
		for i := range 8 {
			if mode == "stops-short" && isStopping() {
				return
			}
			piece(w, fmt.Sprintf("item %d\n", i))
		}
		piece(w, "end\n")
	},
	"/sized-list": func(w http.ResponseWriter, _ *http.Request) { // the same, with a length
		var all strings.Builder
		for i := range 8 {
			if mode == "stops-short" && isStopping() {
				break
			}
			time.Sleep(between)
			fmt.Fprintf(&all, "item %d\n", i)
		}
		fmt.Fprint(w, all.String())
	},
	"/varied": func(w http.ResponseWriter, _ *http.Request) { // as many as there are at the moment
		for i := range 4 + rand.IntN(8) {
			piece(w, fmt.Sprintf("item %d\n", i))
		}
		piece(w, "end\n")
	},
	"/ticks": func(w http.ResponseWriter, _ *http.Request) { // the same, without an end of their own
		for range 4 + rand.IntN(8) {
			piece(w, "tick\n")
		}
	},
	"/json": func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(8 * between)
		w.Header().Set("Content-Type", "application/json")
		must(json.NewEncoder(w).Encode(make([]int, 1+rand.IntN(40))))
	},
	"/sized": func(w http.ResponseWriter, _ *http.Request) {
		time.Sleep(8 * between)
		fmt.Fprint(w, strings.Repeat("x", 1+rand.IntN(100)))
	},
	"/download": func(w http.ResponseWriter, _ *http.Request) {
		for range 30 {
			piece(w, strings.Repeat("y", 10<<10))
		}
	},
}

// piece sends one piece of an answer.
func piece(w http.ResponseWriter, text string) {
	fmt.Fprint(w, text)
	w.(http.Flusher).Flush()
	time.Sleep(between)
}

func isStopping() bool {
	select {
	case <-stopping:
		return true
	default:
		return false
	}
}
