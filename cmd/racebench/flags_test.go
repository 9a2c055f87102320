package main

import (
	"slices"
	"strings"
	"testing"
)

// Flags of the environment come before what is typed, and only for commands that run trials. A typed count
// or time replaces the environment's, because they exclude each other.
func TestWithEnvironment(t *testing.T) {
	for _, c := range []struct{ args, flags, want string }{
		{"run a.yaml", "--trials 5 -v", "run --trials 5 -v a.yaml"},
		{"run a.yaml --for 1m", "--trials 5 -v", "run -v a.yaml --for 1m"},
		{"gate --trials=3", "-v --for=1m", "gate -v --trials=3"},
		{"fuzz broker --for 1m", "--trials=5", "fuzz broker --for 1m"},
		{"report a.json", "--trials 5", "report a.json"},
		{"", "-v", ""},
		{"run", "", "run"},
	} {
		got, err := withEnvironment(strings.Fields(c.args), c.flags)
		if err != nil || !slices.Equal(got, strings.Fields(c.want)) {
			t.Errorf("%q with %q is %q (%v), want %q", c.args, c.flags, got, err, c.want)
		}
	}
}

// What is stored of a command does not say who somebody is.
func TestWithoutSecrets(t *testing.T) {
	args := []string{"probe", "-H", "Authorization: Bearer s3cret", "-HCOOKIE: id=1", "--header=proxy-authorization:x", "-H", "Accept: text/plain", "--", "./server", "-a:b"}
	want := []string{"probe", "-H", "Authorization: (left out)", "-HCOOKIE: (left out)", "--header=proxy-authorization: (left out)", "-H", "Accept: text/plain", "--", "./server", "-a:b"}
	if got := withoutSecrets(args); !slices.Equal(got, want) || args[2] != "Authorization: Bearer s3cret" {
		t.Errorf("%q", got)
	}
}
