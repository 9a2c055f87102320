package engine

import "testing"

func TestPeakMemory(t *testing.T) {
	for status, want := range map[string]int64{
		"Name:\tracebench\nVmHWM:\t   30720 kB\nVmRSS:\t 1 kB\n": 30 << 20,
		"Name:\tracebench\n":       0,
		"VmHWM:\t much\n":          0,
		"VmHWM:\t 1 kB":            1 << 10,
		"NotVmHWM:\t 1 kB\nVmH: 2": 0,
	} {
		if got := peakOf(status); got != want {
			t.Errorf("%q: %d bytes, want %d", status, got, want)
		}
	}
	if got := peakMemory(); got < 1<<20 {
		t.Errorf("this process has taken %d bytes at most, which no test does", got)
	}
}
