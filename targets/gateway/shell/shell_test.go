package shell

import (
	"testing"

	"github.com/racebench/racebench/targets/gateway"
	"github.com/racebench/racebench/targets/targettest"
)

func TestConformance(t *testing.T) { targettest.Run(t, gateway.Target{Net: New}) }
