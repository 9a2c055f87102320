// Package secret knows what must not be kept: which parts of a scenario's values and of a command line are secrets, and by
// what name each is called where it is left out. Names are those of the header, variable, parameter or flag, in capitals.
package secret

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// A Span is a part of a text that is a secret.
type Span struct {
	From, To int
	Name     string
}

// Placeholder stands for the secret of a name.
func Placeholder(name string) string { return "{secret:" + name + "}" }

var placeholder = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\{secret:([A-Za-z0-9_]+)\}`) })

// Fill replaces the placeholders of a text by what find knows of their names. It returns the names that it replaced.
func Fill(text string, find func(name string) string) (filled string, names []string) {
	filled = placeholder().ReplaceAllStringFunc(text, func(p string) string {
		name := placeholder().FindStringSubmatch(p)[1]
		names = append(names, name)
		return find(name)
	})
	return filled, names
}

// words begin or end a word of a name that is a secret's. What reads like one and is none stands in others.
var (
	words  = []string{"auth", "token", "key", "secret", "pass", "cookie", "session", "sign", "credential"}
	others = []string{"author", "authors", "keyboard", "keys", "monkey", "passes", "passed", "passive", "signal", "signals", "tokenizer", "keepalive"}
)

// Called says whether a name is that of a secret. Also are those that the user has listed.
func Called(name string, listed ...string) bool {
	if slices.ContainsFunc(listed, func(l string) bool { return strings.EqualFold(Name(l), Name(name)) }) {
		return true
	}
	for _, word := range split(name) {
		if word == "sig" || !slices.Contains(others, word) && slices.ContainsFunc(words, func(w string) bool {
			return strings.HasPrefix(word, w) || strings.HasSuffix(word, w) || strings.HasSuffix(word, w+"s")
		}) {
			return true
		}
	}
	return false
}

// split splits a name such as X-Api-Key or apiKey into its words, in small letters.
func split(name string) []string {
	var b strings.Builder
	var before rune
	for _, r := range name {
		if unicode.IsUpper(r) && unicode.IsLower(before) {
			b.WriteByte(' ')
		}
		b.WriteRune(unicode.ToLower(r))
		before = r
	}
	return strings.FieldsFunc(b.String(), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

// Name is a name in capitals, as a variable of the environment has it.
func Name(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' {
			return r - 'a' + 'A'
		}
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, strings.Trim(name, "-"))
}

// least is the length from which a value may look like a secret, and piece that of a part of it without separators.
const (
	least = 20
	piece = 16
)

var (
	token = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9+/=_.~:-]+$`) })
	uuid  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}$`)
	})
	file = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^(@|~/|\.{1,2}/|/[A-Za-z0-9._-]+(/|$))|\.(pem|key|crt|cert|pub|json|ya?ml|txt|conf|cfg|ini|toml|env|sock|db|p12|jks|lua|js|py|sh|rb)$`)
	})
)

// Looks says whether a value looks like a secret: long, of letters and digits, and without an order that a person would
// have given it.
func Looks(value string) bool {
	switch {
	case len(value) < least || !token().MatchString(value) || namesFile(value) || strings.Contains(value, "://"):
		return false
	case uuid().MatchString(value):
		return true
	}
	return slices.ContainsFunc(strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune("-_./:", r) }), random)
}

// random says whether a part of a value has both digits and letters, or letters that change their case often, and repeats
// itself as little as chance does.
func random(s string) bool {
	if len(s) < piece {
		return false
	}
	count := map[rune]float64{}
	digits, letters, changes := 0, 0, 0
	var before rune
	for _, r := range s {
		count[r]++
		if unicode.IsDigit(r) {
			digits++
		} else {
			letters++
		}
		if unicode.IsLetter(r) && unicode.IsLetter(before) && unicode.IsUpper(r) != unicode.IsUpper(before) {
			changes++
		}
		before = r
	}
	bits := 0.0
	for _, n := range count { // in any order: the sum differs in its last digits alone
		p := n / float64(len(s))
		bits -= p * math.Log2(p)
	}
	return bits >= 3 && (digits > 0 && letters > 0 || changes > 5)
}

// namesFile says whether a value is a path.
func namesFile(value string) bool { return file().MatchString(value) }

// templates are filled in when a program starts, and are none.
var templates = []string{"{id}", "{port}", "{data}", "{value}"}

// Value is the secret in the value of a name: all of it, if either is a secret's. One that is made when the program starts
// is none.
func Value(name, value string, listed ...string) []Span {
	switch {
	case value == "" || placeholder().MatchString(value) || slices.ContainsFunc(templates, func(t string) bool { return strings.Contains(value, t) }):
		return nil
	case Called(name, listed...) && !namesFile(value), Looks(value):
		return []Span{{0, len(value), Name(name)}}
	}
	return Text(value, listed...)
}

var (
	userinfo = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.-]*://([^/?#@\s:]*)(?::([^/?#\s]*?))?@`)
	})
	field = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`"([^"\\]+)"\s*:\s*"((?:[^"\\]|\\.)+)"`) })
	form  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^[A-Za-z0-9_.~%\[\]-]+=[^&;#\s"'|=]*(&[A-Za-z0-9_.~%\[\]-]+=[^&;#\s"'|=]*)*$`)
	})
	param = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[?&;]([A-Za-z0-9_.~%\[\]-]+)=([^&;#\s"'|]+)`) })
)

// masked stands for what is a placeholder already.
const masked = "\x01"

// Text are the secrets in the URLs of a text, and in queries and bodies that stand for themselves: users, passwords,
// parameters, fields of JSON and of forms.
func Text(text string, listed ...string) []Span {
	var found []Span
	text = placeholder().ReplaceAllStringFunc(text, func(p string) string { return strings.Repeat(masked, len(p)) })
	for _, m := range userinfo().FindAllStringSubmatchIndex(text, -1) {
		for group, name := range []string{"URL_USER", "URL_PASSWORD"} {
			if from, to := m[2+2*group], m[3+2*group]; from >= 0 && to > from && !strings.Contains(text[from:to], masked) {
				found = append(found, Span{from, to, name})
			}
		}
	}
	if strings.Contains(text, "?") {
		for _, m := range param().FindAllStringSubmatchIndex(text, -1) {
			value := text[m[4]:m[5]]
			if !strings.ContainsAny(value, masked+"{") && (Called(text[m[2]:m[3]], listed...) || Looks(value)) {
				found = append(found, Span{m[4], m[5], Name(text[m[2]:m[3]])})
			}
		}
	}
	for _, m := range field().FindAllStringSubmatchIndex(text, -1) {
		name, value := text[m[2]:m[3]], text[m[4]:m[5]]
		called := Called(name, listed...) && Name(name) != "KEY" // of JSON, that alone is what things are called by
		if !strings.ContainsAny(value, masked+"{") && (called || Looks(value)) {
			found = append(found, Span{m[4], m[5], Name(name)})
		}
	}
	if form().MatchString(text) {
		for _, m := range param().FindAllStringSubmatchIndex("&"+text, -1) {
			name, value := text[m[2]-1:m[3]-1], text[m[4]-1:m[5]-1]
			if !strings.ContainsAny(value, masked+"{") && (Called(name, listed...) || Looks(value)) {
				found = append(found, Span{m[4] - 1, m[5] - 1, Name(name)})
			}
		}
	}
	slices.SortFunc(found, func(a, b Span) int { return cmp.Compare(a.From, b.From) })
	return found
}

// Replace returns a text with each span replaced by what with says. Spans are in order and apart.
func Replace(text string, spans []Span, with func(s Span) string) string {
	var b strings.Builder
	at := 0
	for _, s := range spans {
		if s.From < at {
			continue
		}
		b.WriteString(text[at:s.From])
		b.WriteString(with(s))
		at = s.To
	}
	b.WriteString(text[at:])
	return b.String()
}
