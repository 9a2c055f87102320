//go:build pages

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"
)

// extraCommands are those of the build that makes a release's pages: the binary that is released has none of them.
func (a *app) extraCommands() []*cobra.Command {
	return []*cobra.Command{{
		Use:     "pages DIR",
		Short:   "Write man pages and completions, as packages hold them, into DIR",
		Example: "  racebench pages bin/pages",
		Args:    cobra.ExactArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return writePages(cmd.Root(), cmd, args[0]) },
	}}
}

// writePages writes dir/man/*.1 and dir/completions/racebench.*.
func writePages(root, self *cobra.Command, dir string) error {
	root.RemoveCommand(self)
	root.DisableAutoGenTag = true
	man, completions := filepath.Join(dir, "man"), filepath.Join(dir, "completions")
	for _, d := range []string{man, completions} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return usageError{err}
		}
	}
	// SOURCE_DATE_EPOCH, the commit's time, dates them.
	header := &doc.GenManHeader{Section: "1", Source: "racebench", Manual: "racebench"}
	if err := doc.GenManTree(root, header, man); err != nil {
		return fmt.Errorf("write man pages: %w", err)
	}
	for _, c := range []struct {
		shell string
		write func(string) error
	}{
		{"bash", func(file string) error { return root.GenBashCompletionFileV2(file, true) }},
		{"zsh", root.GenZshCompletionFile},
		{"fish", func(file string) error { return root.GenFishCompletionFile(file, true) }},
		{"ps1", root.GenPowerShellCompletionFileWithDesc},
	} {
		if err := c.write(filepath.Join(completions, "racebench."+c.shell)); err != nil {
			return fmt.Errorf("write completions: %w", err)
		}
	}
	return nil
}
