package main

import (
	"runtime"

	"github.com/racebench/racebench/engine/result"
)

// machineInfo says on what machine the run took place, as far as the system tells.
func machineInfo() result.Machine {
	return result.Machine{
		CPU: cpuModel(), Cores: runtime.NumCPU(), GOMAXPROCS: runtime.GOMAXPROCS(0), Kernel: kernelRelease(),
	}
}
