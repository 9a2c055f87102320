// Package glossary explains the words of a report: classes, columns, invariants, and what stands beside them. It
// reads the documents' own tables, so that a word is explained in one place.
package glossary

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/racebench/racebench/docs"
	"github.com/racebench/racebench/engine/invariant"
)

// An Explanation is what a word means, how it is judged, and what usually mends it. What does not apply is empty.
type Explanation struct {
	Word   string
	Kind   string // class, invariant, column, state or word
	Means  []string
	Unless string   // of an invariant: when it is not judged
	Judged []string // paragraphs; a line that begins with two spaces is kept as it is
	Mends  []string
	See    []string // other words that belong to it
	Page   string   // where more is said
}

// page is the text of one of the documents.
func page(name string) string {
	text, err := docs.Pages.ReadFile(name)
	if err != nil {
		panic(fmt.Sprintf("glossary: the page %s is not part of the program", name))
	}
	return string(text)
}

// A class is a row of the table of classes.
type class struct{ pattern, means, mends string }

var classes = sync.OnceValue(func() []class {
	var all []class
	for _, r := range rowsOf(page("classes.md")) {
		all = append(all, class{strings.Trim(r.cells[0], "`"), plain(r.cell("means")), plain(r.cell("what usually mends it"))})
	}
	return all
})

// matches says whether a class is one of a pattern, in which a part in capitals stands for any word.
func (c class) matches(name string) bool {
	want, got := strings.Split(c.pattern, "/"), strings.Split(name, "/")
	if len(got) > len(want) {
		got = append(got[:len(want)-1:len(want)-1], strings.Join(got[len(want)-1:], "/"))
	}
	if len(got) != len(want) {
		return false
	}
	for i, part := range want {
		if part != got[i] && !isWildcard(part) {
			return false
		}
	}
	return true
}

func isWildcard(part string) bool {
	return len(part) > 1 && strings.ToUpper(part) == part && strings.ToLower(part) != part
}

// closer compares how exactly two patterns say the class that both match: fewest parts in capitals first, then the one
// whose own words stand further left.
func closer(a, b class) int {
	rank := func(c class) (capitals int, where string) {
		for part := range strings.SplitSeq(c.pattern, "/") {
			if isWildcard(part) {
				capitals++
				where += "1"
			} else {
				where += "0"
			}
		}
		return capitals, where
	}
	capitalsA, whereA := rank(a)
	capitalsB, whereB := rank(b)
	return cmp.Or(cmp.Compare(capitalsA, capitalsB), cmp.Compare(whereA, whereB))
}

func (c class) invariant() string {
	name, _, _ := strings.Cut(c.pattern, "/")
	return name
}

// Explain explains a class, an invariant, a column, a state or another word of a report. It is false for what no
// report prints.
func Explain(word string) (Explanation, bool) {
	word = strings.Trim(strings.TrimSpace(word), "`")
	if e, ok := ofInvariant(word); ok {
		return e, true
	}
	if strings.Contains(word, "/") {
		matching := slices.DeleteFunc(slices.Clone(classes()), func(c class) bool { return !c.matches(word) })
		if len(matching) > 0 {
			return ofClass(word, slices.MinFunc(matching, closer)), true
		}
	}
	return ofWord(word)
}

// ofInvariant explains a promise. Those of Go tests have no judge among the invariants, and classes all the same.
func ofInvariant(name string) (Explanation, bool) {
	e := Explanation{Word: name, Kind: "invariant", Page: "docs/verdicts.md"}
	if v, ok := invariant.Find(name); ok {
		e.Means = []string{v.Summary}
	}
	for _, c := range classes() {
		if c.invariant() == name {
			e.See = append(e.See, c.pattern)
			if len(e.Means) == 0 {
				e.Means = []string{c.means}
			}
			if c.mends != "" {
				e.Mends = append(e.Mends, c.mends+" ("+c.pattern+")")
			}
		}
	}
	if len(e.Means) == 0 {
		return Explanation{}, false
	}
	verdicts := page("verdicts.md")
	for _, r := range rowsOf(verdicts) {
		if r.head[0] == "invariant" && strings.Trim(r.cells[0], "`") == name {
			e.Unless = plain(r.cell("is not judged when"))
		}
	}
	named := regexp.MustCompile(`(^|[^a-z-])` + regexp.QuoteMeta(name) + `($|[^a-z-])`)
	for _, s := range sectionsOf(verdicts) {
		if named.MatchString(s.heading) || s.under == "External programs" && s.heading != "" && named.MatchString(s.text) {
			if len(e.Judged) > 0 {
				e.Judged = append(e.Judged, "")
			}
			e.Judged = append(e.Judged, paragraphs(s.text)...)
		}
	}
	return e, true
}

func ofClass(name string, c class) Explanation {
	e := Explanation{Word: name, Kind: "class", Means: []string{c.means}, Page: "docs/classes.md"}
	if c.mends != "" {
		e.Mends = []string{c.mends}
	}
	promise, _ := ofInvariant(c.invariant())
	e.Judged = []string{c.invariant() + ": " + promise.Means[0]}
	if promise.Unless != "" {
		e.Unless = promise.Unless
	}
	e.See = []string{c.invariant()}
	return e
}

// A named word is a row of one of the tables of words.
type named struct {
	words []string // in small letters
	kind  string
	means string
	page  string
}

// elsewhere begins a row that only says which page has the words.
const elsewhere = "states of a comparison"

var allNamed = sync.OnceValue(func() []named {
	var all []named
	for _, name := range []string{"gating.md", "results.md"} {
		for _, r := range rowsOf(page(name)) {
			kind := r.head[0]
			if kind != "column" && kind != "word" && kind != "state" || strings.HasPrefix(r.cells[1], elsewhere) {
				continue
			}
			n := named{kind: kind, means: plain(r.cells[1]), page: "docs/" + name}
			if fails := r.cell("fails"); fails != "" {
				n.means += ". Fails: " + plain(fails)
			}
			for word := range strings.SplitSeq(r.cells[0], ", ") {
				n.words = append(n.words, strings.ToLower(strings.Trim(word, "`")))
			}
			all = append(all, n)
		}
	}
	return all
})

// ofWord explains what the tables of words list. A rate ("PUBLISH/S") and latencies ("CALL P50/P99/MAX") are named
// after the work that they are of, and a head may name a word and its quantiles ("DRAIN P50/MAX").
func ofWord(word string) (Explanation, bool) {
	e := Explanation{Word: word}
	low := strings.ToLower(strings.TrimSuffix(word, ":"))
	if rest := strings.TrimPrefix(low, "~ "); rest != "" {
		low = rest
	}
	add := func(is func(string) bool) {
		for _, n := range allNamed() {
			if slices.ContainsFunc(n.words, is) && !slices.Contains(e.Means, n.means) {
				e.Means = append(e.Means, n.means)
				if e.Kind == "" {
					e.Kind, e.Page = n.kind, n.page
				}
			}
		}
	}
	add(func(w string) bool { return w == low })
	if len(e.Means) > 0 {
		return e, true
	}
	if of, ok := strings.CutSuffix(low, "/s"); ok && of != "" && !strings.Contains(of, "/") {
		add(func(w string) bool { return w == "publish/s" })
		return e, true
	}
	of, quantiles := "", low
	if at := strings.LastIndex(low, " "); at >= 0 {
		of, quantiles = low[:at], low[at+1:]
	}
	parts := strings.Split(quantiles, "/")
	if slices.ContainsFunc(parts, func(part string) bool { return part != "max" && !isQuantile(part) }) {
		return Explanation{}, false
	}
	if of != "" {
		add(func(w string) bool { return w == of })
		if len(e.Means) == 0 { // it is named after the work, as a rate is
			add(func(w string) bool { return w == "publish p50/p99/max" })
		}
	}
	for _, part := range parts {
		add(func(w string) bool { return w == part })
	}
	return e, len(e.Means) > 0
}

func isQuantile(word string) bool {
	rest, ok := strings.CutPrefix(word, "p")
	return ok && rest != "" && strings.Trim(rest, "0123456789.") == ""
}

// Listed are all words that can be explained, each once, sorted: for completion, and for whoever mistyped one.
func Listed() []string {
	var all []string
	for _, v := range invariant.All() {
		all = append(all, v.Name)
	}
	for _, c := range classes() {
		all = append(all, c.invariant(), c.pattern)
	}
	for _, n := range allNamed() {
		all = append(all, n.words...)
	}
	slices.Sort(all)
	return slices.Compact(all)
}
