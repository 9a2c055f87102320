package spec

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestClosest(t *testing.T) {
	known := []string{"publish", "subscribe", "unsubscribe", "duration", "drain_limit", "no-lost-message", "op"}
	for _, row := range []struct{ word, want string }{
		{"pubish", "publish"},
		{"pulbish", "publish"}, // two letters swapped is one slip
		{"Publish", "publish"},
		{"duratoin", "duration"},
		{"no-lost", "no-lost-message"}, // the only one it begins
		{"drain", "drain_limit"},
		{"po", "op"},
		{"xyzzy", ""},
		{"p", ""},
		{"", ""},
		{strings.Repeat("publish", 1000), ""},
	} {
		got, ok := Closest(row.word, known)
		if got != row.want || ok != (row.want != "") {
			t.Errorf("Closest(%q) = %q, %v; want %q", row.word, got, ok, row.want)
		}
	}
}

func TestClosestTies(t *testing.T) {
	// Equal slips go to the first in order, whatever the order of the list.
	for _, known := range [][]string{{"bat", "cat"}, {"cat", "bat"}} {
		if got, _ := Closest("rat", known); got != "bat" {
			t.Errorf("Closest(rat, %v) = %q, want bat", known, got)
		}
	}
	// A beginning that two words share says nothing.
	if got, ok := Closest("stag", []string{"stage-one", "stage-two"}); ok {
		t.Errorf("Closest(stag) = %q, want none", got)
	}
}

func TestUnknown(t *testing.T) {
	many := make([]string, fewKnown+1)
	for i := range many {
		many[i] = fmt.Sprintf("variant-%d", i)
	}
	for _, row := range []struct {
		at    Value
		known []string
		want  string
	}{
		{Text("pubish"), []string{"publish", "subscribe"}, `unknown op "pubish" (did you mean "publish"?)`},
		{Text("xyzzy"), []string{"subscribe", "publish"}, `unknown op "xyzzy" (known: publish, subscribe)`},
		{Text("xyzzy"), many, `unknown op "xyzzy"`},
		{Text("xyzzy"), nil, `unknown op "xyzzy"`},
		{Value{Kind: Map}, nil, `a map is not the name of a known op`},
		{Value{Pos: Pos{2, 3}, Kind: Scalar, Text: "x"}, nil, `2:3: unknown op "x"`},
	} {
		if got := Unknown(row.at, "op", row.known).Error(); got != row.want {
			t.Errorf("got  %s\nwant %s", got, row.want)
		}
	}
}

func TestErrors(t *testing.T) {
	var errs Errors
	errs.Add(nil)
	if len(errs) != 0 {
		t.Fatalf("adding nil gave %v", errs)
	}
	errs.Addf(Value{Pos: Pos{3, 1}}, "third")
	errs.Add(fmt.Errorf("knob: %w", Errorf(Value{Pos: Pos{1, 9}}, "second %d", 2)))
	errs.Add(errors.New("no place"))
	errs.Add(&Errors{Errorf(Value{Pos: Pos{1, 2}}, "first")})
	errs.Sort()
	want := "no place\n1:2: first\n1:9: second 2\n3:1: third"
	if got := errs.Error(); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestGetAndPart(t *testing.T) {
	v := Value{Kind: Map, Fields: []Field{{Text("at"), Value{Pos: Pos{1, 5}, Kind: Scalar, Text: "日本 hold"}}}}
	at, ok := v.Get("at")
	if !ok {
		t.Fatal("Get(at) found nothing")
	}
	if part := at.Part(len("日本 "), len(at.Text)); part.Text != "hold" || part.Pos != (Pos{1, 8}) {
		t.Errorf("Part = %q at %v, want hold at 1:8", part.Text, part.Pos)
	}
	if _, ok := v.Get("op"); ok {
		t.Error("Get(op) found something")
	}
	if _, ok := at.Get("at"); ok {
		t.Error("a scalar has a field")
	}
}
