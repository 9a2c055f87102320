package coldstore

import (
	"testing"

	"github.com/racebench/racebench/targets/targettest"
)

func TestConformance(t *testing.T) {
	targettest.Run(t, Target(nil), map[string]string{"read-deadline": "1h"})
}
