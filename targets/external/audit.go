package external

import "github.com/racebench/racebench/engine/world"

type writer interface{}

func (s *instance) audit(t *world.Task) {}
