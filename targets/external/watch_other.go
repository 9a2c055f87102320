//go:build !linux

package external

import (
	"errors"
	"syscall"
	"time"

	"github.com/racebench/racebench/engine/world"
)

// What the server has read of a request can be seen on Linux alone.
var errNoLook = errors.New("this system does not tell what a program has read from its sockets")

type thread struct{ ran uint64 }

func (thread) runs() bool      { return false }
func (thread) runtime() uint64 { return 0 }

func busyThreads([]int) []thread { return nil }

func peersOf(int) (map[int]peer, error) { return nil, errNoLook }

func peersAt([]ends) (map[int]peer, error) { return nil, errNoLook }

type listener struct {
	port  int
	host  string
	inode uint32
}

func listeners() ([]listener, error) { return nil, errNoLook }

func adopt() error { return errors.New("external programs are tested on Linux only") }

func descendants(map[int]bool) []int { return nil }

func socketsOf(int) map[uint32]bool { return nil }

func unixListener(map[uint32]bool) string { return "" }

func nameOf(int) string { return "a process" }

func reapAll(int) {}

func ephemeral() (from, to int) { return 32768, 60999 }

func ignores(int, syscall.Signal) bool { return false }

func defenceless(int, syscall.Signal) bool { return false }

func catches(int, syscall.Signal) bool { return false }

func atRest(int, []int) bool { return false }

func ackedOf(uintptr) int64 { return -1 }

func usageOf(int) usage { return usage{} }

type starvation struct{}

// Starved implements targets.Starver: nobody knows here.
func (s *instance) Starved() time.Duration { return 0 }

func (p *program) attach(*world.World) error { return errNoLook }

func (p *program) attached() []int { return nil }
