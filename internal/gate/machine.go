package gate

import (
	"fmt"

	"github.com/racebench/racebench/engine/result"
)

// machineDiff lists the differences of two machines that affect speed. It is empty if they look alike.
func machineDiff(base, head result.Machine) []string {
	var diff []string
	add := func(what string, a, b any) {
		if a != b {
			diff = append(diff, fmt.Sprintf("%s: %v, now %v", what, a, b))
		}
	}
	add("processor", base.CPU, head.CPU)
	add("cores", base.Cores, head.Cores)
	add("GOMAXPROCS", base.GOMAXPROCS, head.GOMAXPROCS)
	add("kernel", base.Kernel, head.Kernel)
	return diff
}
