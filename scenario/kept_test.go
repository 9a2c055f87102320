package scenario_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/scenario"
)

func TestKeptLeavesOutValuesOfEnv(t *testing.T) {
	const text = `name: a
target: external
external: {command: [./server], env: {TOKEN: s3cret, PORT_NAME: "x=y"}, url: "http://127.0.0.1:{port}/"}
`
	s, problems := scenario.Parse("a.yaml", []byte(text), time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	if got := s.Secrets(); !slices.Equal(got, []string{"TOKEN=s3cret", "PORT_NAME=x=y"}) {
		t.Errorf("the secrets are %q", got)
	}
	kept := string(s.Kept().Marshal())
	if strings.Contains(kept, "s3cret") || strings.Contains(kept, "x=y") || !strings.Contains(kept, "TOKEN") {
		t.Errorf("kept as\n%s", kept)
	}
	again, problems := scenario.Parse("kept.yaml", []byte(kept), time.Now())
	if problems != nil {
		t.Fatalf("%s\n%s", problems, kept)
	}
	if again.Hash() != s.Hash() {
		t.Error("leaving out values changed the hash")
	}
	if len(again.Secrets()) != 0 || !strings.Contains(string(s.Marshal()), "s3cret") {
		t.Error("what is kept has secrets, or the scenario itself has lost them")
	}
}
