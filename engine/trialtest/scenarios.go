// Package trialtest holds the toy servers and scenarios that the engine's own tests run. It is in no binary.
package trialtest

import (
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
)

// CompileWith compiles a scenario with a catalog of targets.
func CompileWith(t testing.TB, text string, catalog trial.Catalog) trial.Program {
	t.Helper()
	s, problems := scenario.Parse("test.yaml", []byte(text), time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	p, errs := trial.Compile(s, catalog)
	if len(errs) > 0 {
		t.Fatal(&errs)
	}
	return p
}

// toyScenario is a scenario of the toy with its VARIANT left open.
const toyScenario = `name: toy
target: toy
variants: [VARIANT]
trials: 3
duration: 60ms
drain_limit: 20s
load:
  - {op: publish, clients: 2, shape: saturate}
  - {op: subscribe, clients: 2, shape: slow, delay: 100us..200us}   # so that the queue is full when it counts
`

// ToyWith is the toy's scenario for a variant. The limit is short for the one that hangs alone, which is waited for
// five times as long: on a busy machine any other may take its time.
func ToyWith(variant string) string {
	text := strings.Replace(toyScenario, "VARIANT", variant, 1)
	if variant == "hangs" {
		text = strings.Replace(text, "drain_limit: 20s", "drain_limit: 200ms", 1)
	}
	return text
}

// SmallBroker is a small world of the broker with its VARIANT left open.
const SmallBroker = `name: small
target: broker
variants: [VARIANT]
knobs: {policy: block}
load:
  - {op: publish, clients: 2}
  - {op: subscribe, clients: 1}
sim: {knobs: {mailbox: 2, stage1: 2, batch: 1}, ops: 8, clients: 2, max_steps: 5000}
`

// NewSimulator returns a simulator that the end of the test closes.
func NewSimulator(t *testing.T) *trial.Simulator {
	t.Helper()
	m, err := trial.NewSimulator()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	return m
}
