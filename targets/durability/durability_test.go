package durability_test

import (
	"testing"

	"github.com/racebench/racebench/targets/targettest"
)

func TestConforms(t *testing.T) { targettest.Run(t, target, nil) }
