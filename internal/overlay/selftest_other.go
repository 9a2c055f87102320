//go:build !linux

package overlay

import (
	"context"
	"fmt"
	"runtime"
)

// SelfTest plays known programs over the patched tree, which there is for Linux alone.
func (p Prepared) SelfTest(context.Context) (traces bool, err error) {
	return false, fmt.Errorf("Go tests are searched on linux/amd64; this is %s/%s", runtime.GOOS, runtime.GOARCH)
}
