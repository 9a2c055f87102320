package trial

import "testing"

func TestPeakMemory(t *testing.T) {
	held := make([]byte, 64<<20)
	for i := 0; i < len(held); i += 4096 {
		held[i] = 1 // a page counts when it is touched
	}
	if got := peakMemory(); got < int64(len(held)) {
		t.Errorf("this process has taken %d bytes at most, and holds %d", got, len(held))
	}
}
