//go:build servers

package external_test

import (
	"cmp"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

var versionNumber = regexp.MustCompile(`[0-9]+(\.[0-9]+)+`)

// serversHead is the head of the table of rows.
const serversHead = `| server | version | signal | load | trials | at risk | lost of what it had read | first request after, on a connection open before | verdict | command |
|---|---|---|---|---|---|---|---|---|---|
`

// stakeWords are the kinds of work whose loss is reported as a failure.
var stakeWords = []struct{ kind, words string }{
	{"request-read", "requests read"}, {"answer-half-sent", "answers half sent"}, {"upload-half-received", "uploads half received"},
	{"acknowledged-write", "writes acknowledged"},
}

// open is a kind whose loss only warns.
const open = "websocket-open"

// line is a row of the page's table: what was seen.
func (r serverRow) line(t *testing.T, version string, c *result.Campaign) string {
	t.Helper()
	stake, loss := stakes(c)
	opened := "–"
	switch of, dropped := risks(c, "preopened"); {
	case of > 0 && dropped == 0:
		opened = fmt.Sprintf("answered, %d of %d", of, of)
	case of > 0:
		opened = fmt.Sprintf("dropped, %d of %d", dropped, of)
	}
	verdict := c.Verdict.String()
	if why := breachesOf(c); why != "" {
		verdict += ": " + why
	}
	for _, class := range r.warnedOf(t, c) {
		name, cause := class[:strings.IndexByte(class, '/')], class[strings.LastIndexByte(class, '/')+1:]
		verdict += fmt.Sprintf("; warned of `%s`, %s", name, cause)
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %d | %s | %s | %s | %s | `%s` |\n", r.name, version, r.ends(), r.under(), c.Trials.Run, stake, loss, opened, verdict, r.shown())
}

// stakes says what was at risk, and how much of it was lost; of a store only what it had acknowledged.
func stakes(c *result.Campaign) (stake, loss string) {
	var all []string
	var kinds []string
	writes, _ := risks(c, "acknowledged-write")
	for _, s := range stakeWords {
		if of, _ := risks(c, s.kind); of > 0 && (writes == 0 || s.kind == "acknowledged-write") {
			all, kinds = append(all, fmt.Sprintf("%d %s", of, s.words)), append(kinds, s.kind)
		}
	}
	of, lost := risks(c, kinds...)
	loss = fmt.Sprintf("%d of %d", lost, of)
	if all == nil {
		loss = "–"
	}
	if of, _ := risks(c, open); of > 0 {
		all = append(all, fmt.Sprintf("%d WebSockets open", of))
	}
	return cmp.Or(strings.Join(all, ", "), "nothing"), loss
}

// breachesOf names the invariants that were breached, each once.
func breachesOf(c *result.Campaign) string {
	var names []string
	for _, b := range c.Breaches {
		if name := "`" + b.Invariant + "`"; !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// shown is the command as somebody would type it.
func (r serverRow) shown() string {
	var words []string
	for _, word := range r.command {
		switch word {
		case "":
			word = "''"
		case "CONF":
			word = "conf"
		case "GO", "GO124":
			word = "./server"
		}
		word = strings.TrimPrefix(word, builtWord)
		if strings.ContainsAny(word, " ;") {
			word = "'" + word + "'"
		}
		words = append(words, word)
	}
	return strings.NewReplacer("{port}", "8080", "{data}", "data", "GO;", "./server;").Replace(strings.Join(words, " "))
}

// writeTable puts a table between a page's markers, if every row was run and nothing failed.
func writeTable(t *testing.T, page, marker, head string, lines []string) {
	t.Helper()
	if t.Failed() || slices.Contains(lines, "") {
		t.Fatalf("%s is left as it was: a row failed, or its server is not installed", page)
	}
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	begin, end := "<!-- begin "+marker+" -->\n", "<!-- end "+marker+" -->"
	before, rest, ok := strings.Cut(string(raw), begin)
	_, after, closed := strings.Cut(rest, end)
	if !ok || !closed {
		t.Fatalf("%s has no %s and %s", page, strings.TrimSpace(begin), end)
	}
	text := before + begin + "\n" + head + strings.Join(lines, "") + "\n" + end + after
	if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
