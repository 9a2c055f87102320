package secret

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A word is one of a command, and where it stands in its text.
type word struct {
	text   string
	of, at int
}

// Words are the secrets of a command's words: of each, its spans.
func Words(command []string, listed ...string) [][]Span {
	found := make([][]Span, len(command))
	words := make([]word, len(command))
	for i, text := range command {
		words[i] = word{text, i, 0}
	}
	inWords(words, listed, found)
	for i := range found {
		slices.SortFunc(found[i], func(a, b Span) int { return cmp.Or(cmp.Compare(a.From, b.From), cmp.Compare(b.To, a.To)) })
	}
	return found
}

var (
	flag     = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(-{0,2})([A-Za-z_][A-Za-z0-9_.-]*)=`) })
	header   = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^(?:-H|--header=)?\s*([A-Za-z0-9_-]+):\s*`) })
	unquoted = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"[^"]*"|'[^']*'|[^\s"';|&()<>]+`) })
)

// inWords adds the secrets of a command. A word that is a line of its own, as that of sh -c, is looked into.
func inWords(words []word, listed []string, found [][]Span) {
	add := func(w word, from int, spans []Span) {
		for _, s := range spans {
			found[w.of] = append(found[w.of], Span{w.at + from + s.From, w.at + from + s.To, s.Name})
		}
	}
	before := ""
	for _, w := range words {
		name := before
		before = ""
		switch m := flag().FindStringSubmatchIndex(w.text); {
		case name == "-H" || name == "--header" || strings.HasPrefix(w.text, "-H") && len(w.text) > 2 || strings.HasPrefix(w.text, "--header="):
			if at := header().FindStringSubmatchIndex(w.text); at != nil {
				add(w, at[1], Value(w.text[at[2]:at[3]], w.text[at[1]:], listed...))
			}
		case m != nil && !strings.Contains(w.text[:m[1]], "://"):
			add(w, m[1], Value(w.text[m[4]:m[5]], w.text[m[1]:], listed...))
		case strings.HasPrefix(w.text, "-"):
			before = w.text
		case (name == "-u" || name == "--user") && strings.Contains(w.text, ":"):
			add(w, 0, Value("password", w.text, listed...))
		case strings.HasPrefix(name, "-") && (Called(name, listed...) || Looks(w.text)):
			add(w, 0, Value(name, w.text, listed...))
		case strings.ContainsAny(w.text, " \t\n"):
			inWords(inLine(w), listed, found)
		case Looks(w.text):
			add(w, 0, Value("argument", w.text, listed...))
		default:
			add(w, 0, Text(w.text, listed...))
		}
	}
}

// inLine are the words of a shell's line.
func inLine(w word) []word {
	var words []word
	for _, m := range unquoted().FindAllStringIndex(w.text, -1) {
		text, at := w.text[m[0]:m[1]], w.at+m[0]
		if n := len(text); n > 1 && (text[0] == '"' || text[0] == '\'') && text[n-1] == text[0] {
			text, at = text[1:n-1], at+1
		}
		if text != w.text {
			words = append(words, word{text, w.of, at})
		}
	}
	return words
}
