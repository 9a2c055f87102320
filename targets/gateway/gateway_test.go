package gateway

import (
	"testing"

	"github.com/racebench/racebench/targets/targettest"
)

// TestConformance holds the gateway, over connections in memory, to what every target must pass.
func TestConformance(t *testing.T) {
	// A slot comes back a little after the answer, and a client is quick.
	targettest.Run(t, Target(nil), map[string]string{"slots": "1000000", "hang-up": "1h"})
}
