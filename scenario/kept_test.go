package scenario_test

import (
	"fmt"
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
	if !strings.Contains(kept, "{secret:TOKEN}") || len(again.Secrets(vocabulary)) > 0 || !strings.Contains(string(s.Marshal()), "s3cret") {
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
	if got := s.Secrets(vocabulary); !slices.Equal(got, []string{"AUTHORIZATION=Bearer s3cret", "COOKIE=id=4711"}) {
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
	env := map[string]string{"AUTHORIZATION": "Bearer s3cret", "COOKIE": "id=1"}
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

// everywhere has a secret in every place of a scenario that may hold one.
const everywhere = `name: a
target: external
secret: [X-Tenant]
external:
  command: [./server, --port, "{port}", --password, canary-1a, "--api-key=canary-2b", "--db=postgres://canary-3c:canary-4d@127.0.0.1/x"]
  before_each: ./login --token canary-5e
  env: {DATABASE: "canary-6f", LISTEN: "127.0.0.1:{port}"}
  url: "http://u:canary-7g@127.0.0.1:{port}/?token=canary-8h"
load:
  - {client: http-keepalive, path: "/a?sig=canary-9i&page=2", headers: {X-Api-Key: canary-10j, X-Tenant: canary-11k, Accept: text/plain}}
  - {client: http-keepalive, path: /b, headers: {X-Api-Key: canary-12l, Idempotency-Key: "order-{id}"}}
`

func TestSecretsAreKeptByName(t *testing.T) {
	s, problems := scenario.Parse("a.yaml", []byte(everywhere), time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	kept := string(s.Kept(vocabulary).Marshal())
	if strings.Contains(kept, "canary") {
		t.Errorf("kept as\n%s", kept)
	}
	for _, want := range []string{
		"{secret:PASSWORD}", "--api-key={secret:API_KEY}", "postgres://{secret:URL_USER}:{secret:URL_PASSWORD}@127.0.0.1/x", "--token {secret:TOKEN}",
		"{secret:DATABASE}", "127.0.0.1:{port}", "http://{secret:URL_USER_2}:{secret:URL_PASSWORD_2}@127.0.0.1:{port}/?token={secret:TOKEN_2}",
		"/a?sig={secret:SIG}&page=2", "{secret:X_API_KEY}", "{secret:X_TENANT}", "{secret:X_API_KEY_2}", "order-{id}", "text/plain",
	} {
		if !strings.Contains(kept, want) {
			t.Errorf("it has no %s:\n%s", want, kept)
		}
	}
	again, problems := scenario.Parse("kept.yaml", []byte(kept), time.Now())
	if problems != nil {
		t.Fatalf("%v\n%s", problems, kept)
	}
	env := map[string]string{}
	for _, line := range s.Secrets(vocabulary) {
		name, value, _ := strings.Cut(line, "=")
		env[name] = value
	}
	filled, missing := again.Filled(vocabulary, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if len(missing) > 0 {
		t.Errorf("missing are %q", missing)
	}
	for i := 1; i <= 12; i++ {
		if !strings.Contains(string(filled.Marshal()), fmt.Sprintf("canary-%d", i)) {
			t.Errorf("canary %d did not come back:\n%s", i, filled.Marshal())
		}
	}
	hash := s.Hash(vocabulary)
	if again.Hash(vocabulary) != hash || filled.Hash(vocabulary) != hash {
		t.Errorf("hashes are %s, %s and %s", hash, again.Hash(vocabulary), filled.Hash(vocabulary))
	}
	if text := string(filled.Kept(vocabulary).Marshal()); text != kept {
		t.Errorf("what was filled in is kept as\n%s, want\n%s", text, kept)
	}
	// Without values, and with values that are all the same, it is the same scenario.
	for _, known := range []bool{false, true} {
		if other, _ := again.Filled(vocabulary, func(string) (string, bool) { return "one for all", known }); other.Hash(vocabulary) != hash {
			t.Errorf("with one value for all (%v) it is another scenario", known)
		}
	}
	// Another value has the same name, and the same hash.
	env["PASSWORD"], env["X_API_KEY"] = "pw", "k"
	if other, _ := again.Filled(vocabulary, func(name string) (string, bool) { v, ok := env[name]; return v, ok }); other.Hash(vocabulary) != hash {
		t.Error("a new password is another scenario")
	}
}
