package main

import (
	"net/http"
	"os"
	"time"
)

// serveOn goes on serving after the signal for the time that the environment names.
func serveOn() {
	d, err := time.ParseDuration(os.Getenv("SERVES"))
	must(err)
	time.Sleep(d)
}

// whileStopping answers requests in a way of the mode's own once the signal has come.
func whileStopping(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-stopping:
			switch mode {
			case "drops-kept": // closes the connection, and listens on
				panic(http.ErrAbortHandler)
			case "says-503":
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
		default:
		}
		next.ServeHTTP(w, r)
	})
}
