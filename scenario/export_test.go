package scenario

import (
	"strings"
	"testing"

	"github.com/racebench/racebench/scenario/spec"
)

// What the tests of the whole, which know the catalogue, share with those of the package.
var (
	Golden = golden
	Good   = good
	Now    = now
)

// Head begins the smallest scenario.
const Head = "name: x\ntarget: broker"

// MustParse reads a scenario given as lines.
func MustParse(t *testing.T, lines ...string) Scenario {
	t.Helper()
	s, problems := Parse("f", []byte(strings.Join(lines, "\n")), now)
	if problems != nil {
		t.Fatal(problems)
	}
	return s
}

// WordNames lists the words of a scenario.
func WordNames() []string {
	var names []string
	for _, w := range words {
		names = append(names, w.name)
	}
	return names
}

// DecodeYAML reads a file as YAML only.
func DecodeYAML(data []byte) (spec.Value, spec.Errors) {
	var errs spec.Errors
	root, _ := decodeYAML(data, &errs, emptyScenario)
	return root, errs
}
