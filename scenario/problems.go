package scenario

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/racebench/racebench/internal/console"
	"github.com/racebench/racebench/scenario/spec"
)

// excerptWidth is how many characters of a source line are shown: a file without line
// breaks would bury its errors.
const excerptWidth = 120

// Problems are all the errors of one scenario file, with what is needed to show them.
type Problems struct {
	File   string
	Source []byte
	Errors spec.Errors
}

// Add adds errors that were found later, such as names missing from the catalogue.
func (p *Problems) Add(more spec.Errors) { p.Errors = append(p.Errors, more...) }

// maxShown is how many errors of a file are shown: nobody reads more, and the first ones explain them.
const maxShown = 50

// distinct are the errors in the order of their places, each once.
func (p *Problems) distinct() spec.Errors {
	errs := slices.Clone(p.Errors)
	errs.Sort()
	return slices.CompactFunc(errs, func(a, b *spec.Error) bool { return *a == *b })
}

// Count is how many errors there are.
func (p *Problems) Count() int { return len(p.distinct()) }

// Error renders every error in the order of their places: file:line:column and what is
// wrong, then the line, then a caret below the place. Errors without a place come
// first, and one that was reported twice is shown once. After maxShown it says how many more there are.
func (p *Problems) Error() string {
	errs := p.distinct()
	lines := splitLines(string(p.Source))
	var b strings.Builder
	for i, e := range errs {
		if i == maxShown {
			fmt.Fprintf(&b, "\nand %d more", len(errs)-i)
			break
		}
		if b.Len() > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(place(p.File, e.Pos))
		b.WriteString(console.Line(e.Msg))
		if e.Pos.Line >= 1 && e.Pos.Line <= len(lines) {
			text, caret := excerpt(lines[e.Pos.Line-1], e.Pos.Col)
			fmt.Fprintf(&b, "\n    %s\n    %s", text, caret)
		}
	}
	return b.String()
}

// place is what leads a message about a place in a file.
func place(file string, at spec.Pos) string {
	file = console.Line(file)
	switch {
	case file == "":
		return ""
	case at.IsZero():
		return file + ": "
	}
	return fmt.Sprintf("%s:%d:%d: ", file, at.Line, at.Col)
}

// splitLines splits where YAML and editors agree that a line ends.
func splitLines(s string) []string {
	s = strings.TrimPrefix(s, "\ufeff")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Split(strings.ReplaceAll(s, "\r", "\n"), "\n")
}

// excerpt returns a line and the line below it with a caret at column col. Tabs before
// the caret are kept in both, so that they line up however wide the terminal makes
// them, and characters that a terminal would obey are replaced.
func excerpt(line string, col int) (text, caret string) {
	runes := []rune(strings.TrimRight(line, " \t"))
	at := min(max(col, 1)-1, len(runes))
	before, after := "", ""
	if at > excerptWidth {
		cut := at - excerptWidth/2
		runes, at, before = runes[cut:], at-cut, "…"
	}
	if len(runes) > max(excerptWidth, at) {
		runes, after = runes[:max(excerptWidth, at)], "…"
	}
	shown, pad := make([]rune, len(runes)), strings.Builder{}
	for i, r := range runes {
		shown[i] = r
		if r != '\t' && !unicode.IsPrint(r) {
			shown[i] = utf8.RuneError
		}
	}
	for _, r := range shown[:at] {
		pad.WriteString(blank(r))
	}
	indent := strings.Repeat(" ", utf8.RuneCountInString(before))
	return before + string(shown) + after, indent + pad.String() + "^"
}

// wide are the characters that most terminals give two columns.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{{0x1100, 0x115f, 1}, {0x2e80, 0xa4cf, 1}, {0xac00, 0xd7a3, 1}, {0xf900, 0xfaff, 1},
		{0xfe30, 0xfe6f, 1}, {0xff00, 0xff60, 1}, {0xffe0, 0xffe6, 1}},
	R32: []unicode.Range32{{0x1f300, 0x1f64f, 1}, {0x1f900, 0x1faff, 1}, {0x20000, 0x3fffd, 1}},
}

// blank is the space that a character takes on a terminal.
func blank(r rune) string {
	switch {
	case r == '\t':
		return "\t"
	case unicode.Is(unicode.Mn, r):
		return ""
	case unicode.Is(wide, r):
		return "  "
	}
	return " "
}
