package external

import (
	"os/exec"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// TestWhoSharesAProcessorWaits has two programs that never rest share a processor: each waits for the other. One that
// only sleeps does not.
func TestWhoSharesAProcessorWaits(t *testing.T) {
	var allowed, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &allowed); err != nil {
		t.Fatal(err)
	}
	cpu := 0
	for !allowed.IsSet(cpu) {
		cpu++
	}
	one.Set(cpu)
	start := func(words ...string) int {
		cmd := exec.CommandContext(t.Context(), words[0], words[1:]...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
		return cmd.Process.Pid
	}
	const spin = "while :; do :; done"
	first, second, asleep := start("sh", "-c", spin), start("sh", "-c", spin), start("sleep", "600")
	for _, pid := range []int{first, second} {
		if err := unix.SchedSetaffinity(pid, &one); err != nil {
			t.Fatal(err)
		}
	}
	began := waitsOf([]int{first, second})
	for {
		now := waitsOf([]int{first, second, asleep})
		if now[first] > began[first]+50*time.Millisecond && now[second] > began[second]+50*time.Millisecond {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	before := waitsOf([]int{asleep})
	for range 20 {
		time.Sleep(time.Millisecond)
	}
	if after := waitsOf([]int{asleep}); after[asleep] != before[asleep] {
		t.Errorf("one that sleeps waited for %s", after[asleep]-before[asleep])
	}
}
