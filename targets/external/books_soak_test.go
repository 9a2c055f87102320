//go:build linux && soak

package external_test

import "testing"

// TestSoakBooks is TestLossesAreThoseOfTheServersOwnBooks in 200 trials of each server.
func TestSoakBooks(t *testing.T) {
	for _, mode := range []string{"no-handler", "default-action"} {
		for _, method := range []string{"GET", "POST"} {
			t.Run(mode+" "+method, func(t *testing.T) { holdToBooks(t, mode, method, 100) })
		}
	}
}
