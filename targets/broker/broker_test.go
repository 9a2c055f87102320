package broker

import (
	"testing"

	"github.com/racebench/racebench/targets/targettest"
)

func TestConformance(t *testing.T) { targettest.Run(t, Target(), nil) }
