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
external: {command: [./server], env: {TOKEN: s3cret, PORT_NAME: "x=y", LISTEN: ":{port}"}, url: "http://127.0.0.1:{port}/"}
`
	s, problems := scenario.Parse("a.yaml", []byte(text), time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	if got := s.Secrets(vocabulary); !slices.Equal(got, []string{"TOKEN=s3cret", "PORT_NAME=x=y"}) {
		t.Errorf("the secrets are %q", got)
	}
	kept := string(s.Kept(vocabulary).Marshal())
	if strings.Contains(kept, "s3cret") || strings.Contains(kept, "x=y") || !strings.Contains(kept, "TOKEN") || !strings.Contains(kept, ":{port}") {
		t.Errorf("kept as\n%s", kept)
	}
	again, problems := scenario.Parse("kept.yaml", []byte(kept), time.Now())
	if problems != nil {
		t.Fatalf("%s\n%s", problems, kept)
	}
	if again.Hash(vocabulary) != s.Hash(vocabulary) {
		t.Error("leaving out values changed the hash")
	}
	if len(again.Secrets(vocabulary)) > 0 || !strings.Contains(string(s.Marshal()), "s3cret") {
		t.Error("what is kept has secrets, or the scenario itself has lost them")
	}
}

func TestKeptLeavesOutWhoSomebodyIs(t *testing.T) {
	const text = `name: a
target: external
external: {command: [./server], url: "http://127.0.0.1:{port}/"}
load:
  - {client: http-keepalive, path: /, as: plain}
  - {client: http-keepalive, path: /me, headers: {authorization: Bearer s3cret, Accept: text/plain, Cookie: "id=4711"}, as: mine}
`
	s, problems := scenario.Parse("a.yaml", []byte(text), time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	if got := s.Secrets(vocabulary); !slices.Equal(got, []string{"HEADER_1_AUTHORIZATION=Bearer s3cret", "HEADER_1_COOKIE=id=4711"}) {
		t.Errorf("the secrets are %q", got)
	}
	kept := string(s.Kept(vocabulary).Marshal())
	if strings.Contains(kept, "s3cret") || strings.Contains(kept, "4711") || !strings.Contains(kept, "text/plain") || !strings.Contains(kept, "authorization") {
		t.Errorf("kept as\n%s", kept)
	}
	if !strings.Contains(string(s.Marshal()), "s3cret") {
		t.Error("the scenario itself has lost its secrets")
	}
	again, problems := scenario.Parse("kept.yaml", []byte(kept), time.Now())
	if problems != nil || again.Hash(vocabulary) != s.Hash(vocabulary) {
		t.Fatalf("%v: the hash of what is kept is another:\n%s", problems, kept)
	}
	env := map[string]string{"HEADER_1_AUTHORIZATION": "Bearer s3cret", "COOKIE": "id=1"}
	filled, missing := again.Filled(vocabulary, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if back := string(filled.Marshal()); len(missing) > 0 || !strings.Contains(back, "Bearer s3cret") || !strings.Contains(back, "id=1") {
		t.Errorf("missing %q in\n%s", missing, back)
	}
	none := func(string) (string, bool) { return "", false }
	if _, missing = again.Filled(vocabulary, none); !slices.Equal(missing, []string{"AUTHORIZATION", "COOKIE"}) {
		t.Errorf("missing are %q", missing)
	}
	if same, missing := s.Filled(vocabulary, none); len(missing) > 0 || string(same.Marshal()) != string(s.Marshal()) {
		t.Errorf("what is written was changed, or %q is missing", missing)
	}
}
