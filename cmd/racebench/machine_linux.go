package main

import (
	"runtime"

	"github.com/prometheus/procfs"
)

func cpuModel() string {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return runtime.GOARCH
	}
	cpus, err := fs.CPUInfo()
	if err != nil || len(cpus) == 0 || cpus[0].ModelName == "" {
		return runtime.GOARCH
	}
	return cpus[0].ModelName
}

func kernelRelease() string {
	fs, err := procfs.NewDefaultFS()
	if err != nil {
		return runtime.GOOS
	}
	release, err := fs.SysctlStrings("kernel.osrelease")
	if err != nil || len(release) == 0 {
		return runtime.GOOS
	}
	return release[0]
}
