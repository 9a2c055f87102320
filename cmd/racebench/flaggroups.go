package main

import (
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// A flagGroup is some flags of a command that are for the same thing.
type flagGroup struct {
	title string
	flags *pflag.FlagSet
}

// groupFlags adds groups of flags to a command, whose help then shows each under its title.
func groupFlags(cmd *cobra.Command, groups ...flagGroup) {
	for _, g := range groups {
		g.flags.SortFlags = false
		cmd.Flags().AddFlagSet(g.flags)
	}
	cmd.InitDefaultHelpFlag()
	help := pflag.NewFlagSet("", pflag.ContinueOnError)
	help.AddFlag(cmd.Flags().Lookup("help"))
	var text strings.Builder
	for i, g := range append(groups, flagGroup{"Help", help}) {
		if i > 0 {
			text.WriteString("\n\n" + g.title + " flags:\n")
		}
		text.WriteString(strings.TrimRight(g.flags.FlagUsages(), "\n"))
	}
	const list = "Flags:\n{{.LocalFlags.FlagUsages | trimTrailingWhitespaces}}"
	cmd.SetUsageTemplate(strings.Replace(cmd.UsageTemplate(), list, groups[0].title+" flags:\n"+text.String(), 1))
}
