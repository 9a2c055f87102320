package console

import (
	"errors"
	"strings"
	"testing"
)

func TestLine(t *testing.T) {
	for give, want := range map[string]string{
		"plain text, größe, 日本": "plain text, größe, 日本",
		"a\x1b]0;title\x07b":    `a\x1b]0;title\x07b`,
		"a\nb\rc\x00":           `a\x0ab\x0dc\x00`,
		"a\tb":                  "a    b",
		"right\u202eleft":       `right\u202eleft`,
		"tag\U000e0001":         `tag\U000e0001`,
		"c1\u009b2J":            `c1\x9b2J`,
		"broken\xff":            "broken\uFFFD",
		"::error::x":            `\x3a:error::x`,
		"  ::add-mask::x":       `  \x3a:add-mask::x`,
		"a ::error file=x::b":   `a \x3a:error file=x::b`,
		"a\n::stop-commands::t": `a\x0a::stop-commands::t`,
		"##[error]x":            `\x23#[error]x`,
		"x ##vso[task]y":        `x \x23#vso[task]y`,
		// What only looks like it stays as it is.
		"std::vec::push": "std::vec::push",
		"[::1]:80":       "[::1]:80",
		"at ::1":         "at ::1",
		"a ::b":          "a ::b",
	} {
		if got := Line(give); got != want {
			t.Errorf("Line(%q) = %q, want %q", give, got, want)
		}
	}
}

func TestText(t *testing.T) {
	for give, want := range map[string]string{
		"a\n\tb\n":            "a\n\tb\n",
		"a\x1b[2Jb\r\n":       "a\\x1b[2Jb\\x0d\n",
		"a\n::error::b\n":     "a\n\\x3a:error::b\n",
		"a\n \u00a0::debug\n": "a\n \u00a0\\x3a:debug\n",
		"a ::error::b\n":      "a ::error::b\n", // it begins no line
		"## a\n### b\n":       "## a\n### b\n",
		"a ##[group]\n":       "a \\x23#[group]\n",
	} {
		if got := string(text([]byte(give), false)); got != want {
			t.Errorf("text(%q) = %q, want %q", give, got, want)
		}
	}
	colored := "\x1b[1mbold\x1b[0m\n  ::error::x\n"
	if got := string(Guard([]byte(colored))); got != "\x1b[1mbold\x1b[0m\n  \\x3a:error::x\n" {
		t.Errorf("Guard: %q", got)
	}
}

// A name begins no line, whatever line breaks it has, and a line that comes in pieces is a line.
func TestWriter(t *testing.T) {
	var b strings.Builder
	w := New(&b)
	w.Sayf("racebench: %s: %v, %d\n", "a\n::error::b", errors.New("c\nd"), 7)
	w.Say("warning:", "e\x1b[2J\nf")
	l := w.Lines()
	for _, piece := range []string{"::er", "ror::g\nh", "\n::war", "ning::i"} {
		if _, err := l.Write([]byte(piece)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, _ = w.Write([]byte("not "))
	_, _ = w.Write([]byte("::at the start::\n"))
	_ = w.Raw([]byte("\x1b[Kas it is\n"))
	want := `racebench: a\x0a::error::b: c\x0ad, 7` + "\n" + `warning: e\x1b[2J\x0af` + "\n" + `\x3a:error::g` + "\nh\n" +
		`\x3a:warning::i` + "\nnot ::at the start::\n\x1b[Kas it is\n"
	if b.String() != want {
		t.Errorf("got\n%q, want\n%q", b.String(), want)
	}
}
