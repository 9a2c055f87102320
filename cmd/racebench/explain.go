package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/internal/glossary"
	"github.com/racebench/racebench/internal/report"
)

func (a *app) explainCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "explain CLASS|COLUMN|INVARIANT",
		Short: "Say what a word of a report means",
		Long: `Say what a word of a report means: a class of breach, an invariant, a column of a table,
a state of a comparison. Of a class and an invariant it says also how they are judged
and what usually mends them.`,
		Example: `  racebench explain every-request-answered/request-read/exited
  racebench explain 'at risk'
  racebench explain inconclusive`,
		ValidArgs: glossary.Listed(),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usagef("%s takes a word of a report: a class, a column, an invariant", cmd.CommandPath())
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			word := strings.Join(args, " ")
			e, ok := glossary.Explain(word)
			if !ok {
				return usageError{unexplained(word)}
			}
			var o report.Options
			o.Width, o.Color = terminal(a.out.w, "auto")
			return a.stdout.Raw(report.Explain(e, o))
		},
	}
}

// unexplained says that no report prints a word.
func unexplained(word string) error {
	return usagef("no report prints %q%s: docs/results.md#word-list has all words", word, didYouMean(strings.ToLower(word), glossary.Listed()))
}
