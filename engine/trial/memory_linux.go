package trial

import (
	"os"

	"github.com/prometheus/procfs"
)

// peakMemory is the largest resident size of this process so far, in bytes; 0 where the system does not
// say. The rusage of a child would not do: it begins with the size of the process that started it.
func peakMemory() int64 {
	p, err := procfs.NewProc(os.Getpid())
	if err != nil {
		return 0
	}
	status, err := p.NewStatus()
	if err != nil {
		return 0
	}
	return int64(status.VmHWM)
}
