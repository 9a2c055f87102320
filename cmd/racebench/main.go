// Command racebench finds out what servers lose when they stop.
package main

import (
	"context"
	"os"

	"github.com/racebench/racebench/engine"
	"github.com/racebench/racebench/targets/all"
)

func main() {
	engine.MaybeChild(engine.Config{Catalog: all.Targets()})
	os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}
