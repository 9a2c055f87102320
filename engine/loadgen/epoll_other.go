//go:build !linux

package loadgen

import (
	"context"
	"sync"
)

const hasEpoll = false

// runEpoll is never called: EngineFor refuses.
func (l *load) runEpoll(ctx context.Context, parts []int, running *sync.WaitGroup) {
	l.runGoroutines(ctx, parts, running)
}
