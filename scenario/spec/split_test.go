package spec

import (
	"slices"
	"testing"
)

func TestSplitAsAShellDoes(t *testing.T) {
	for text, want := range map[string][]string{
		"":                            nil,
		"  ./server  --port\t80\n":    {"./server", "--port", "80"},
		`'my server' --name "a b"`:    {"my server", "--name", "a b"},
		`a\ b 'c\d' "e\"f" '' g""h`:   {"a b", `c\d`, `e"f`, "", "gh"},
		`--url=http://127.0.0.1/?a=b`: {"--url=http://127.0.0.1/?a=b"},
		`$HOME * ; rm`:                {"$HOME", "*", ";", "rm"},
	} {
		if got, closed := Split(text); !slices.Equal(got, want) || !closed {
			t.Errorf("Split(%q) is %q, %v", text, got, closed)
		}
	}
	for _, text := range []string{`a 'b`, `a "b\"`, `a \`} {
		if _, closed := Split(text); closed {
			t.Errorf("Split(%q) is called closed", text)
		}
	}
}
