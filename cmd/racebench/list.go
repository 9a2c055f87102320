package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/explore"
	"github.com/racebench/racebench/engine/invariant"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/load"
	"github.com/racebench/racebench/targets"
)

// A listed row is what every list but that of variants prints.
type listed struct {
	Name    string `json:"name"`
	Target  string `json:"target,omitempty"`
	Summary string `json:"summary"`
	Default string `json:"default,omitempty"`
}

// A listedVariant is a row of `list variants --json`.
type listedVariant struct {
	Target string `json:"target"`
	Name   string `json:"name"`
	// Reference: scenarios may call it "reference", too.
	Reference bool     `json:"reference"`
	Origin    string   `json:"origin"`
	Verdict   string   `json:"verdict"`
	Summary   string   `json:"summary"`
	Breaches  []string `json:"breaches"`
	Also      []string `json:"also"`
	Bugs      []string `json:"bugs"`
}

var lists = []string{"targets", "variants", "invariants", "shapes", "ops", "clients", "windows", "knobs", "strategies"}

// sections names every list and its subject: the output of a list without arguments.
func sections() []listed {
	summaries := []string{
		"servers that can be run", "the designs of a server", "the promises that are judged", "how load arrives over time",
		"what clients do", "kinds of clients of an external program", "points between a check and its act, to strike in", "a server's settings",
		"ways to search schedules",
	}
	rows := []listed{}
	for i, name := range lists {
		rows = append(rows, listed{Name: name, Summary: summaries[i]})
	}
	return rows
}

func (a *app) listCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list [" + strings.Join(lists, "|") + "] [TARGET]",
		Short: "List what scenarios may name",
		Example: `  racebench list variants broker
  racebench list knobs broker --json`,
		ValidArgs: lists,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 2 || len(args) > 0 && !slices.Contains(lists, args[0]) {
				return usagef("list takes one of %s%s, and perhaps a target: see racebench list --help",
					strings.Join(lists, ", "), didYouMean(args[0], lists))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return a.printRows(sections(), asJSON)
			}
			chosen, err := a.chosenTargets(args[1:])
			if err != nil {
				return err
			}
			if args[0] == "variants" {
				return a.printVariants(chosen, asJSON)
			}
			return a.printRows(rowsOf(args[0], chosen), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func (a *app) chosenTargets(names []string) ([]targets.Target, error) {
	if len(names) == 0 {
		return a.catalog, nil
	}
	t, ok := a.catalog.Find(names[0])
	if !ok {
		return nil, a.noTarget(names[0])
	}
	return []targets.Target{t}, nil
}

func (a *app) noTarget(name string) error {
	return usagef("there is no target %q%s: targets are %s", name, didYouMean(name, a.catalog.Names()), strings.Join(a.catalog.Names(), ", "))
}

func rowsOf(what string, chosen []targets.Target) []listed {
	rows := []listed{}
	switch what {
	case "invariants":
		for _, info := range invariant.All() {
			if promisedByAny(chosen, info.Name) {
				rows = append(rows, listed{Name: info.Name, Summary: info.Summary})
			}
		}
		return rows
	case "strategies":
		for _, s := range explore.Strategies() {
			rows = append(rows, listed{Name: s.Name, Summary: s.Summary})
		}
		return rows
	case "shapes":
		for _, s := range load.Shapes() {
			rows = append(rows, listed{Name: s.Name, Summary: s.Summary})
		}
		return rows
	}
	for _, t := range chosen {
		switch what {
		case "targets":
			rows = append(rows, listed{Name: t.Name, Summary: t.Summary})
		case "ops", "clients":
			if external := t.Binder != nil; external != (what == "clients") {
				continue
			}
			for _, op := range t.Ops {
				rows = append(rows, listed{Name: op.Name, Target: t.Name, Summary: op.Summary})
			}
		case "windows":
			for _, w := range t.Windows {
				rows = append(rows, listed{Name: w.Name, Target: t.Name, Summary: w.Summary})
			}
		case "knobs":
			for _, k := range t.Knobs {
				rows = append(rows, listed{Name: k.Name, Target: t.Name, Summary: k.Summary, Default: k.Default})
			}
		}
	}
	return rows
}

func promisedByAny(chosen []targets.Target, invariant string) bool {
	return slices.ContainsFunc(chosen, func(t targets.Target) bool { return slices.Contains(t.Promises, invariant) })
}

func (a *app) printRows(rows []listed, asJSON bool) error {
	if asJSON {
		return a.printJSON(rows)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		summary := r.Summary
		if r.Default != "" {
			summary += " (default " + r.Default + ")"
		}
		fmt.Fprintf(w, "%s\t%s\n", r.Name, summary)
	}
	return w.Flush()
}

func (a *app) printVariants(chosen []targets.Target, asJSON bool) error {
	rows := []listedVariant{}
	for _, t := range chosen {
		for _, v := range t.Variants {
			rows = append(rows, listedVariant{
				Target: t.Name, Name: v.Name, Reference: v.Name == t.Reference, Origin: v.Origin, Verdict: v.Verdict, Summary: v.Summary,
				Breaches: orEmpty(v.Breaches), Also: orEmpty(v.Also), Bugs: orEmpty(v.Bugs),
			})
		}
	}
	if asJSON {
		return a.printJSON(rows)
	}
	w := tabwriter.NewWriter(a.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "VARIANT\tVERDICT\tBUGS\tSUMMARY")
	for _, r := range rows {
		bugs := strings.Join(r.Bugs, " ")
		if bugs == "" {
			bugs = "none"
		}
		name := r.Target + "/" + r.Name
		if r.Reference {
			name += " (also: " + scenario.Reference + ")"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", name, r.Verdict, bugs, r.Summary)
	}
	return w.Flush()
}

func orEmpty(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
