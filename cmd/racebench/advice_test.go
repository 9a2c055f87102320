package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/racebench/racebench/engine/invariant"
	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets/all"
)

// diedOf are the breaches of a program that read a request, was struck by a signal and died of it.
func diedOf(t *testing.T, signal int) []result.Breach {
	t.Helper()
	e, err := ledger.ParseText("the ledger", fmt.Sprintf(`
lane 0 slow-0 http-keepalive as=slow
phase 0 serve began ready at=10ms
signal %d sent=1s planned=1s
process 70 started text="./server" at=1ms
process 70 ready at=10ms
op 0#1 at=900ms..1.01s unknown
wire 0 eof msg=0#1 reused aim=all strike=all sent=901ms ended=1.01s out=68 port=5000
process 70 ended signal=%d status=-1 at=1.01s
drain 1s..1.011s returned
phase 0 serve ended at=2s
`, signal, signal))
	if err != nil {
		t.Fatal(err)
	}
	x, terms := invariant.NewIndex(e), breach.Terms{DrainLimit: time.Second, Duration: time.Second, Signals: []int{signal}}
	var breaches []result.Breach
	for _, v := range invariant.All() {
		breaches = append(breaches, v.Check(x, terms)...)
	}
	return breaches
}

// probeOf compiles what a probe with these flags would run.
func probeOf(t *testing.T, args ...string) error {
	t.Helper()
	w, flags := newProbeFlags(newNamedFiles(t.Context())), pflag.NewFlagSet("probe", pflag.ContinueOnError)
	for _, g := range w.groups(&runFlags{}) {
		flags.AddFlagSet(g.flags)
	}
	if err := flags.Parse(args); err != nil {
		return err
	}
	s, err := w.scenario([]string{"true"}, 1)
	if err != nil {
		return err
	}
	read, problems := scenario.Parse("the probe", s.Marshal(), time.Now())
	if problems != nil {
		return problems
	}
	if _, errs := trial.Compile(read, all.Targets()); len(errs) > 0 {
		return &errs
	}
	return nil
}

// TestAdviceOnSignalsIsAccepted pastes what a report says of a program that died of a signal to where the report
// says that it may be written, for every signal.
func TestAdviceOnSignalsIsAccepted(t *testing.T) {
	advice := regexp.MustCompile(`a list of clean ends may name (\S+), too \(exit:, --exit\)`)
	for signal := 1; signal <= 64; signal++ {
		advised := false
		for _, b := range diedOf(t, signal) {
			known := "name: x\ntarget: external\nexternal: {command: [x]}\nknown: [{class: " + b.Class + ", planted: true}]\n"
			s, problems := scenario.Parse("f.yaml", []byte(known), time.Now())
			if problems != nil || len(s.Warnings) > 0 || !s.Known[0].Matches(b.Class) {
				t.Errorf("signal %d: class %s cannot be listed as known: %v, warnings %q", signal, b.Class, problems, s.Warnings)
			}
			if numbered := regexp.MustCompile(`signal[- ]\d`); numbered.MatchString(b.Class + b.Summary + strings.Join(b.Evidence, "\n")) {
				t.Errorf("signal %d has a number and no name in\n%s\n%s\n%s", signal, b.Class, b.Summary, strings.Join(b.Evidence, "\n"))
			}
			word := advice.FindStringSubmatch(b.Summary)
			if word == nil {
				continue
			}
			advised = true
			if err := probeOf(t, "--exit", "0,"+word[1]); err != nil {
				t.Errorf("signal %d: --exit 0,%s was advised, and is refused: %v", signal, word[1], err)
			}
		}
		if !advised {
			t.Errorf("signal %d: a program that died of it got no advice on exit:", signal)
		}
	}
}

// TestSignalsInAdviceCanBeSent holds the signals that texts tell users to send.
func TestSignalsInAdviceCanBeSent(t *testing.T) {
	found := 0
	eachText(t, func(at, text string) {
		for _, m := range regexp.MustCompile(`--signal (SIG\w+)`).FindAllStringSubmatch(text, -1) {
			found++
			if err := probeOf(t, "--signal", m[1]); err != nil {
				t.Errorf("%s: %q is refused: %v", at, m[0], err)
			}
		}
	})
	if found == 0 {
		t.Error("no text advises a signal any more: what is this test for?")
	}
}

// TestFlagsInAdviceExist holds the flags that texts of reports and judges tell users to write.
func TestFlagsInAdviceExist(t *testing.T) {
	flags := map[string]bool{}
	a := &app{catalog: all.Targets()}
	var walk func(*cobra.Command)
	walk = func(cmd *cobra.Command) {
		cmd.LocalFlags().VisitAll(func(f *pflag.Flag) { flags[f.Name] = true })
		for _, c := range cmd.Commands() {
			walk(c)
		}
	}
	walk(a.root())
	found := 0
	eachText(t, func(at, text string) {
		for _, m := range regexp.MustCompile(`(?:^|[ (])--([a-z][a-z0-9-]+)`).FindAllStringSubmatch(text, -1) {
			found++
			if !flags[m[1]] {
				t.Errorf("%s: a text names --%s, which no command has: %q", at, m[1], text)
			}
		}
	})
	if found < 10 {
		t.Errorf("only %d flags in texts: they were not found", found)
	}
}

// eachText visits every string of the packages that judge and report.
func eachText(t *testing.T, visit func(at, text string)) {
	t.Helper()
	fset := token.NewFileSet()
	for _, dir := range []string{"internal/report", "internal/gate", "engine"} {
		err := filepath.WalkDir(filepath.Join("..", "..", dir), func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") || strings.Contains(path, "testdata") {
				return err
			}
			file, err := parser.ParseFile(fset, path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING {
					if text, err := strconv.Unquote(lit.Value); err == nil {
						visit(fset.Position(lit.Pos()).String(), text)
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
