package secret

import (
	"bytes"
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// known are the secrets of this process's scenarios and command line, to be taken out of whatever a program or a server
// repeats of them.
var known struct {
	sync.RWMutex
	called map[string]string // the names, by value
	names  map[string]string // of those that are looked for
	values []string          // longest first
}

// weak is the length below which a value is too common to be looked for.
const weak = 8

// Note remembers a secret, so that Scrub finds it. Values that could be ordinary words are not looked for.
func Note(value, name string) {
	known.Lock()
	defer known.Unlock()
	if known.names == nil {
		known.names, known.called = map[string]string{}, map[string]string{}
	}
	if _, there := known.called[value]; !there {
		known.called[value] = name
	}
	aWord := !strings.ContainsFunc(value, func(r rune) bool { return !unicode.IsLower(r) })
	if len(value) < weak || aWord {
		return
	}
	forms := []string{value, url.QueryEscape(value), url.PathEscape(value)}
	if raw, err := json.Marshal(value); err == nil {
		forms = append(forms, strings.Trim(string(raw), `"`))
	}
	if plain, err := url.QueryUnescape(value); err == nil {
		forms = append(forms, plain)
	}
	for _, form := range forms {
		if _, there := known.names[form]; !there {
			known.names[form] = name
			known.values = append(known.values, form)
		}
	}
	slices.SortFunc(known.values, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
}

// NameOf is the name of a secret that was noted, else want.
func NameOf(value, want string) string {
	known.RLock()
	defer known.RUnlock()
	return cmp.Or(known.called[value], want)
}

// Scrub returns a text without the secrets that were noted. Where there are none it is the text itself.
func Scrub(text []byte) []byte {
	known.RLock()
	defer known.RUnlock()
	for _, value := range known.values {
		if bytes.Contains(text, []byte(value)) {
			text = bytes.ReplaceAll(text, []byte(value), []byte(Placeholder(known.names[value])))
		}
	}
	return text
}

// Whole is how much of a text can go through Scrub before what follows it is known: neither a secret of which it may have
// the beginning nor one that lies across is cut.
func Whole(text []byte) int {
	known.RLock()
	defer known.RUnlock()
	whole := len(text)
	for _, value := range known.values {
		for n := min(len(value)-1, len(text)); n > len(text)-whole; n-- {
			if bytes.HasSuffix(text, []byte(value[:n])) {
				whole = len(text) - n
			}
		}
	}
	for moved := true; moved; {
		moved = false
		for _, value := range known.values {
			from, to := max(0, whole-len(value)+1), min(len(text), whole+len(value)-1)
			if at := bytes.Index(text[from:to], []byte(value)); at >= 0 {
				whole, moved = from+at, true
			}
		}
	}
	return whole
}

// ScrubText is Scrub for a string.
func ScrubText(text string) string {
	known.RLock()
	none := len(known.values) == 0
	known.RUnlock()
	if none {
		return text
	}
	return string(Scrub([]byte(text)))
}
