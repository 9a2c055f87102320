//go:build !linux

package main

import "runtime"

func cpuModel() string { return runtime.GOARCH }

func kernelRelease() string { return runtime.GOOS }
