package gateway

import (
	"testing"

	"github.com/racebench/racebench/targets/targettest"
)

// TestConformance holds the gateway, over connections in memory, to what every target must pass.
func TestConformance(t *testing.T) { targettest.Run(t, Target{}) }
