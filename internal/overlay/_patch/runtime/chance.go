package runtime

import (
	"internal/runtime/atomic"
	_ "unsafe"
)

func rbstir(z uint64) uint64 {
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

// rbrand is the chance of the program: each goroutine has its own stream, so that what it draws does not depend on who
// ran between.
//
//go:nosplit
func rbrand() (uint64, bool) {
	gp := getg()
	if gp.m == nil {
		return 0, false
	}
	if gp != gp.m.curg {
		gp = gp.m.curg
	}
	if gp == nil || gp.bubble == nil || gp.bubble != rb.bubble {
		return 0, false
	}
	gp.rbrng += 0x9e3779b97f4a7c15
	z := gp.rbrng
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31), true
}

// rbrandom is rand. What runs outside of the bubble has one stream: a stream for each thread would make package
// initialization depend on the thread that it ran on.
//
//go:nosplit
func rbrandom() uint64 {
	if rb.on {
		if x, ok := rbrand(); ok {
			return x
		}
	}
	z := atomic.Xadd64(&rb.outside, 0x1e3779b97f4a7c15)
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb
	return z ^ (z >> 31)
}

func rbcheap() uint32 {
	if rb.on {
		if x, ok := rbrand(); ok {
			return uint32(x >> 32)
		}
		rb.rng += 0x9e3779b97f4a7c15 // a timer that the clock adds
		return uint32(rbstir(rb.rng) >> 32)
	}
	return cheaprand()
}

func rbcheapn(n uint32) uint32 {
	if rb.on {
		if x, ok := rbrand(); ok {
			return uint32((x >> 32) % uint64(n))
		}
	}
	return cheaprandn(n)
}

// rbfixseed replaces the process's seed: keys of hashes, and where the heap begins.
func rbfixseed(seed *[32]byte) {
	for i := range seed {
		seed[i] = byte(i*37 + 11)
	}
}

// rbfill is crypto/rand inside of the bubble.
//
//go:linkname rbfill crypto/internal/sysrand.rbfill
func rbfill(b []byte) bool {
	if !rbin() {
		return false
	}
	for i := range b {
		x, _ := rbrand()
		b[i] = byte(x >> 32)
	}
	return true
}
