// Package console owns printing to people. What racebench prints has names from other people's files and lines from
// other people's programs in it, and who reads it is a terminal, which obeys control characters, or a CI system, which
// obeys lines such as ::error::. Here both become visible text.
//
// Line is for one value, and a Writer lets only clean lines through. A rendering that has rules of
// its own (JSON, HTML, the workflow commands of -o github) cleans its values by Line and is written as it is.
package console

import (
	"bytes"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Hidden says whether a terminal obeys a character, or hides it: control characters, invisible ones, and those that
// change the direction of text.
func Hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
}

// visible is how a character looks that is not to be obeyed.
func visible(r rune) string {
	switch {
	case r < 0x100:
		return fmt.Sprintf(`\x%02x`, r)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	}
	return fmt.Sprintf(`\u%04x`, r)
}

// Line returns a value as it may stand within a line: line breaks are visible, too, a tab is four spaces, and no part
// of it becomes a command of a CI system, wherever the line is broken.
func Line(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
		return disarmed(s)
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '\t':
			b.WriteString("    ")
		case Hidden(r):
			b.WriteString(visible(r))
		default:
			b.WriteRune(r)
		}
	}
	return disarmed(b.String())
}

// disarmed writes the commands within a value so that they are none: ::error:: after white space, or at its start,
// where a line may come to begin.
func disarmed(s string) string {
	s = unmarked(s)
	for from := 0; ; {
		at := strings.Index(s[from:], "::")
		if at < 0 {
			return s
		}
		at += from
		from = at + 2
		if before, _ := utf8.DecodeLastRuneInString(s[:at]); at > 0 && !unicode.IsSpace(before) || !isCommand(s[at:]) {
			continue
		}
		s = s[:at] + `\x3a` + s[at+1:]
		from += 3
	}
}

// isCommand says whether a text that begins with :: is a workflow command, ::NAME KEY=VALUE::MESSAGE.
func isCommand(s string) bool {
	name := s[2:]
	return strings.Contains(name, "::") && strings.IndexFunc(name, func(r rune) bool { return r >= 0x80 || !unicode.IsLetter(r) }) > 0
}

// unmarked writes the marks that a CI system looks for anywhere in a line so that they are none. A heading of Markdown
// stays one.
func unmarked(s string) string {
	for _, mark := range []string{"##[", "##vso[", "##teamcity["} {
		s = strings.ReplaceAll(s, mark, `\x23`+mark[1:])
	}
	return s
}

// text returns lines of text in which nothing is a command. Line breaks and tabs stay; within says that the first line has
// begun already.
func text(p []byte, within bool) []byte {
	if bytes.IndexFunc(p, func(r rune) bool { return r < ' ' && r != '\n' && r != '\t' || r >= 0x7f }) >= 0 {
		var b bytes.Buffer
		for _, r := range string(p) {
			if Hidden(r) && r != '\n' && r != '\t' {
				b.WriteString(visible(r))
			} else {
				b.WriteRune(r) // what is no UTF-8 becomes U+FFFD
			}
		}
		p = b.Bytes()
	}
	return guard(p, within)
}

// Guard returns a text, which may have racebench's own colours in it, without commands of CI systems.
func Guard(p []byte) []byte { return guard(p, false) }

func guard(p []byte, within bool) []byte {
	if !bytes.Contains(p, []byte("::")) && !bytes.Contains(p, []byte("##")) {
		return p
	}
	lines := strings.SplitAfter(unmarked(string(p)), "\n")
	for i, line := range lines {
		if rest := strings.TrimLeftFunc(line, unicode.IsSpace); strings.HasPrefix(rest, "::") && (i > 0 || !within) {
			lines[i] = line[:len(line)-len(rest)] + `\x3a` + rest[1:]
		}
	}
	return []byte(strings.Join(lines, ""))
}
