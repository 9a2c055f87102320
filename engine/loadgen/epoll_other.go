//go:build !linux

package loadgen

import (
	"context"
	"sync"
)

const hasEpoll = false

// runEpoll is never called: EngineFor refuses.
func (l *load) runEpoll(ctx context.Context, running *sync.WaitGroup) {
	l.runGoroutines(ctx, running)
}
