//go:build !pages

package main

import "github.com/spf13/cobra"

// extraCommands are those of other builds; the released one has none.
func (*app) extraCommands() []*cobra.Command { return nil }
