// Command racebench finds out what servers lose when they stop.
package main

import (
	"context"
	"os"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/internal/custody"
	"github.com/racebench/racebench/targets/all"
)

func main() {
	custody.Main()
	trial.MaybeChild(trial.Config{Catalog: all.Targets()})
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}
