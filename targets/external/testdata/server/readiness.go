package main

import "net/http"

// askedReady gets one for each time that the readiness was asked for once the stop had begun, up to askedOften.
var askedReady = make(chan struct{}, askedOften)

const askedOften = 12

// readiness says no once the stop has begun, or goes on saying yes.
func readiness(w http.ResponseWriter, _ *http.Request) {
	select {
	case <-stopping:
		if mode == "turns" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		select {
		case askedReady <- struct{}{}:
		default:
		}
	default:
	}
}
