package docs

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/glossary"
	"github.com/racebench/racebench/internal/report"
)

// wordPages hold the word list of what reports print.
var wordPages = []string{"README.md", "docs/results.md"}

// forPrograms write formats whose words belong to another program.
var forPrograms = []string{"github.go", "openmetrics.go", "benchfmt.go", "hlog.go"}

// fewestWords is how many words the renderers print at least: fewer means that the reader of their source is blind.
const fewestWords = 80

func TestEveryPrintedWordIsInTheWordList(t *testing.T) {
	printed := statesOf(t, filepath.Join(root, "internal", "gate", "*.go"))
	sources, err := filepath.Glob(filepath.Join(root, "internal", "report", "*.go"))
	if err != nil || len(sources) == 0 {
		t.Fatalf("there is no source of the renderers: %v", err)
	}
	for _, path := range sources {
		if !strings.HasSuffix(path, "_test.go") && !slices.Contains(forPrograms, filepath.Base(path)) {
			printed = append(printed, printedBy(t, path, nil)...)
		}
	}
	markup, err := os.ReadFile(filepath.Join(root, "internal", "report", "page.html"))
	if err != nil {
		t.Fatal(err)
	}
	printed = append(printed, headersOf(string(markup))...)
	for v := result.Passed; v <= result.Hung; v++ {
		printed = append(printed, v.String())
	}
	slices.Sort(printed)
	printed = slices.Compact(printed)
	if len(printed) < fewestWords {
		t.Errorf("%d words were found in the renderers: %q", len(printed), printed)
	}
	for _, why := range unlisted(printed, pages(t)) {
		t.Error(why)
	}
	for _, word := range printed {
		if strings.HasPrefix(word, "/") {
			word = "work" + word // a rate is named after what it counts
		}
		if _, ok := glossary.Explain(word); !ok {
			t.Errorf("racebench explain does not know %q, which a report prints", word)
		}
	}
}

func TestAReportLinksToTheWordList(t *testing.T) {
	where, anchor, _ := strings.Cut(report.WordList, "#")
	for _, page := range pages(t) {
		if !strings.HasSuffix(where, "/"+page.name) {
			continue
		}
		for line := range strings.SplitSeq(page.text, "\n") {
			if rest, ok := strings.CutPrefix(line, "## "); ok && strings.ReplaceAll(strings.ToLower(rest), " ", "-") == anchor {
				return
			}
		}
	}
	t.Errorf("%s is no heading of the documents", report.WordList)
}

// TestAWordThatIsNotListedIsFound plants a word in each place that the renderers print from.
func TestAWordThatIsNotListedIsFound(t *testing.T) {
	const source = `package planted
func f() {
	t := &column{head: "LISTED"}
	t.add(&column{head: "PLANTED-HEAD"})
	t.add(&column{head: op + "/PLANTED-RATE"})
	t.add(&column{head: "LISTED P50/MAX"})
	t.add(&column{head: "PLANTED-OF P50/MAX"})
	numbers("PLANTED-NUMBER", 4, nil)
	p.field("planted-label", "not-a-word")
	p.command("planted-command", again, "not-a-word")
	p.marked(p.red, 0, 9, "PLANTED-MARK", "not-a-word")
	mark, text := "PLANTED-ASSIGNED", "not-a-word"
	c := check{name: "not-a-word", state: "~ planted-state"}
	facts := []fact{{"planted-fact", "not-a-word"}}
	tableOf([]string{"planted-column", "listed"}, rows)
}`
	printed := append(printedBy(t, "planted.go", source), headersOf(`<th scope="col">planted-th</th><th>{{.}}</th>`)...)
	doc := page{"docs/results.md", "| word | means |\n|---|---|\n| LISTED, `p50` | |\n| max | |\n\n| other | |\n|---|---|\n| planted-label | |\n"}
	var want []string
	for _, word := range []string{
		"planted-head", "/planted-rate", "planted-of p50/max", "planted-number", "planted-label", "planted-command", "planted-mark",
		"planted-assigned", "planted-state", "planted-fact", "planted-column", "planted-th",
	} {
		want = append(want, notListed(word))
	}
	got := unlisted(printed, []page{doc, {"docs/verdicts.md", "| word |\n|---|\n| planted-head |\n"}})
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("not listed\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func notListed(word string) string {
	return fmt.Sprintf("a report prints %q, and no word list of %s has it", word, strings.Join(wordPages, " or "))
}

// unlisted says which printed words the tables of words and of columns do not explain.
func unlisted(printed []string, all []page) []string {
	var words, wrong []string
	for _, page := range all {
		for _, c := range rowsOf(page) {
			if slices.Contains(wordPages, page.name) && (c.first() == "word" || c.first() == "column") {
				for word := range strings.SplitSeq(c.row[0], ", ") {
					words = append(words, strings.ToLower(strings.Trim(word, "`")))
				}
			}
		}
	}
	for _, word := range printed {
		if !explained(word, words) {
			wrong = append(wrong, notListed(word))
		}
	}
	return wrong
}

// explained says whether a word is listed: as it is, as the end of a rate ("publish/s"), or as a word and quantiles
// that are each listed ("drain p50/max").
func explained(word string, words []string) bool {
	if slices.Contains(words, word) {
		return true
	}
	if strings.HasPrefix(word, "/") {
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasSuffix(w, word) })
	}
	of, quantiles := "", word
	if at := strings.LastIndex(word, " "); at >= 0 {
		of, quantiles = word[:at], word[at+1:]
	}
	for part := range strings.SplitSeq(quantiles, "/") {
		if !regexp.MustCompile(`^(p\d+|max)$`).MatchString(part) || !slices.Contains(words, part) {
			return false
		}
	}
	return of == "" || slices.Contains(words, of)
}

// headersOf are the fixed headers of the tables of a page in HTML.
func headersOf(markup string) []string {
	var words []string
	for _, m := range regexp.MustCompile(`<th[^>]*>([^<{]+)</th>`).FindAllStringSubmatch(markup, -1) {
		words = append(words, plain(m[1]))
	}
	return words
}

// plain is a printed word as the list is asked for it.
func plain(word string) string {
	word = strings.ToLower(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(word), ":")))
	if rest := strings.TrimPrefix(word, "~ "); rest != "" {
		word = rest
	}
	return word
}

// The places of the renderers' source that hold words which are printed as they are.
var (
	printingFields = []string{"head", "label", "state"}                                                                                        // of a struct
	printingNames  = []string{"mark", "label", "state", "State", "word"}                                                                       // of a variable
	printingCalls  = map[string]int{"field": 0, "command": 0, "numbers": 0, "add": 0, "tableOf": 0, "latencyTable": 2, "marked": 3, "flag": 0} // and which argument
)

// printedBy reads from a renderer's source the words that it prints: heads of columns, labels, marks and states.
func printedBy(t *testing.T, path string, source any) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var words []string
	take := func(e ast.Expr) { words = append(words, literals(e)...) }
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.KeyValueExpr:
			if slices.Contains(printingFields, nameOf(n.Key)) {
				take(n.Value)
			}
		case *ast.CallExpr:
			if at, ok := printingCalls[nameOf(n.Fun)]; ok && at < len(n.Args) {
				take(n.Args[at])
			}
		case *ast.AssignStmt:
			for i, to := range n.Lhs {
				if len(n.Lhs) == len(n.Rhs) && slices.Contains(printingNames, nameOf(to)) {
					take(n.Rhs[i])
				}
			}
		case *ast.CompositeLit:
			for _, fact := range factsIn(n) {
				take(fact)
			}
		}
		return true
	})
	return words
}

// factsIn are the names of a fact, or of a list of them.
func factsIn(lit *ast.CompositeLit) []ast.Expr {
	if nameOf(lit.Type) == "fact" && len(lit.Elts) > 0 {
		return lit.Elts[:1]
	}
	list, ok := lit.Type.(*ast.ArrayType)
	if !ok || nameOf(list.Elt) != "fact" {
		return nil
	}
	var all []ast.Expr
	for _, e := range lit.Elts {
		if one, ok := e.(*ast.CompositeLit); ok && len(one.Elts) > 0 {
			all = append(all, one.Elts[0])
		}
	}
	return all
}

// nameOf is the last name of an expression: f of f, p.f and *f.
func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// literals are the texts in an expression: of a literal, a sum, or a list of them.
func literals(e ast.Expr) []string {
	switch e := e.(type) {
	case *ast.BasicLit:
		if text, err := strconv.Unquote(e.Value); err == nil && e.Kind == token.STRING && strings.ContainsFunc(text, unicode.IsLetter) {
			return []string{plain(text)}
		}
	case *ast.BinaryExpr:
		return append(literals(e.X), literals(e.Y)...)
	case *ast.CompositeLit:
		var all []string
		if _, list := e.Type.(*ast.ArrayType); !list {
			return nil
		}
		for _, one := range e.Elts {
			all = append(all, literals(one)...)
		}
		return all
	}
	return nil
}

// statesOf are the states and outcomes of a comparison, as the gate's source declares them.
func statesOf(t *testing.T, pattern string) []string {
	t.Helper()
	sources, err := filepath.Glob(pattern)
	if err != nil || len(sources) == 0 {
		t.Fatalf("there is no source of the gate: %v", err)
	}
	var words []string
	for _, path := range sources {
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if v, ok := n.(*ast.ValueSpec); ok && slices.Contains([]string{"State", "Outcome"}, nameOf(v.Type)) {
				for _, e := range v.Values {
					words = append(words, literals(e)...)
				}
			}
			return true
		})
	}
	return words
}
