package engine

import (
	"os"
	"strconv"
	"strings"
)

// peakMemory is the largest resident size of this process so far, in bytes; 0 where the system does not
// say. The rusage of a child would not do: it begins with the size of the process that started it.
func peakMemory() int64 {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	return peakOf(string(text))
}

// peakOf reads the line of the largest resident size.
func peakOf(status string) int64 {
	for line := range strings.Lines(status) {
		size, found := strings.CutPrefix(line, "VmHWM:")
		if !found {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(size), "kB")), 10, 64)
		if err != nil {
			return 0
		}
		return kib << 10
	}
	return 0
}
