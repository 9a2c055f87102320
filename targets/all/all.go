// Package all is the table of targets.
package all

import (
	"github.com/racebench/racebench/targets"
	"github.com/racebench/racebench/targets/broker"
	"github.com/racebench/racebench/targets/coldstore"
	"github.com/racebench/racebench/targets/coldstore/bolt"
	"github.com/racebench/racebench/targets/durability"
	"github.com/racebench/racebench/targets/durability/disk"
	"github.com/racebench/racebench/targets/external"
	"github.com/racebench/racebench/targets/gateway"
	"github.com/racebench/racebench/targets/gateway/shell"
)

// Targets lists every target of this build, by name.
func Targets() []targets.Target {
	return []targets.Target{
		broker.Target(),
		coldstore.Target(bolt.Open),
		durability.Target(disk.Disk{}),
		external.Target(),
		gateway.Target(shell.New),
	}
}
