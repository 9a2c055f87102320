package report

import (
	"bytes"
	"crypto/sha256"
	_ "embed" // the page and its style
	"encoding/base64"
	"fmt"
	"html/template"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/racebench/racebench/engine/result"
)

//go:embed page.html
var pageText string

//go:embed page.css
var pageStyle string

// page is parsed once. Its escaping knows HTML: no name in a scenario can become markup.
var page = sync.OnceValue(func() *template.Template { return template.Must(template.New("page").Parse(pageText)) })

// chartsAtMost is how many results have charts of their own, the worst first: with more, the page grows
// past what a mail or an artifact viewer takes.
const chartsAtMost = 8

// WordList is the page that explains every word of a report, for a reader who was sent the file alone.
const WordList = "https://github.com/racebench/racebench/blob/main/docs/results.md#word-list"

// A pageView is what the page shows, in words.
type pageView struct {
	Style    template.CSS
	Policy   string
	Verdict  string
	Kind     string // the verdict's class of style: bad, open, known or good
	Sentence string
	Facts    []fact
	WordList string
	Groups   []groupView
}

type fact struct{ Name, Value string }

type groupView struct {
	Name, Line string
	Invariants []string
	Rows       []matrixRow
	Results    []resultView
}

type matrixRow struct {
	Anchor, Name, Verdict, Kind, Passed, Lost, Drain string
	Cells                                            []matrixCell
}

type matrixCell struct{ Text, Kind string }

type resultView struct {
	Anchor, Name, Verdict, Kind, Line string
	Facts                             []fact
	Breaches                          []breachView
	Thresholds                        []thresholdView
	Latency                           []latencyView
	Timeline                          *timeline
	Chart                             *chart
	Moments                           *scatter
	Plain                             bool // load alone
	Warnings, Notes                   []string
}

type breachView struct {
	Kind, Verdict, Headline, Line, Class, Story, Fix, Command string
}

type thresholdView struct{ Expr, Measured, State, Kind string }

type latencyView struct{ Group, Phase, Count, P50, P90, P99, P999, Max string }

// renderHTML writes one page that needs nothing else: no script, no network.
func renderHTML(r *result.Report, _ Options) ([]byte, error) {
	r = cleaned(r)
	sum := sha256.Sum256([]byte(pageStyle))
	v := pageView{
		Style:   template.CSS(pageStyle),
		Policy:  "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'",
		Verdict: r.Verdict.String(), Kind: kindOf(r.Verdict), Sentence: sentence(r), Facts: factsOf(r), WordList: WordList,
	}
	charts := chartsAtMost
	for i, g := range groupsOf(r) {
		v.Groups = append(v.Groups, groupOf(g, i, &charts))
	}
	var b bytes.Buffer
	if err := page().Execute(&b, v); err != nil {
		return nil, fmt.Errorf("render page: %w", err)
	}
	return b.Bytes(), nil
}

// kindOf is a verdict's class of style.
func kindOf(v result.Verdict) string {
	switch {
	case v.Finding():
		return "bad"
	case v == result.Untested, v == result.Void:
		return "open"
	case v == result.Known:
		return "known"
	}
	return "good"
}

func factsOf(r *result.Report) []fact {
	facts := []fact{{"seed", r.Seed}}
	if !r.Started.IsZero() {
		facts = append(facts, fact{"started", r.Started.UTC().Format(time.RFC3339)})
	}
	if r.ElapsedNS > 0 {
		facts = append(facts, fact{"took", lasted(r.ElapsedNS)})
	}
	machine := fmt.Sprintf("%s, %s, GOMAXPROCS %d, kernel %s", r.Machine.CPU, count(int64(r.Machine.Cores), "core"), r.Machine.GOMAXPROCS, r.Machine.Kernel)
	return append(facts,
		fact{"command", strings.Join(quoteAll(r.Command), " ")}, fact{"machine", machine},
		fact{"racebench", strings.TrimSpace(fmt.Sprintf("%s %s, %s %s/%s", r.Tool.Version, r.Tool.Build, r.Tool.Go, r.Tool.OS, r.Tool.Arch))})
}

func groupOf(g group, number int, charts *int) groupView {
	row := g.rows[0]
	v := groupView{Name: row.Scenario, Line: fmt.Sprintf("engine %s · seed %s · %s", row.Engine, row.Seed, amount(g.rows))}
	if row.Moment != "" {
		v.Line += " · " + row.Moment
	}
	if row.Owner != "" {
		v.Line += " · owner " + row.Owner
	}
	for _, row := range g.rows {
		for _, name := range row.Invariants {
			if !slices.Contains(v.Invariants, name) {
				v.Invariants = append(v.Invariants, name)
			}
		}
	}
	anchors := map[string]string{}
	for i, row := range g.rows {
		anchor := fmt.Sprintf("r%d-%d", number, i)
		anchors[row.Target+"/"+row.Variant] = anchor
		m := matrixRow{
			Anchor: anchor, Name: variantName(row), Verdict: row.Verdict.String(), Kind: kindOf(row.Verdict), Passed: passedCell(row),
			Lost: lostCell(row), Drain: drainCell(row),
		}
		for _, name := range v.Invariants {
			m.Cells = append(m.Cells, matrixCellOf(row, name))
		}
		v.Rows = append(v.Rows, m)
	}
	for _, row := range worstFirst(g.rows) {
		v.Results = append(v.Results, resultOf(row, g.report, anchors[row.Target+"/"+row.Variant], charts))
	}
	return v
}

// matrixCellOf says in how many trials a variant broke an invariant.
func matrixCellOf(row result.Row, invariant string) matrixCell {
	if !slices.Contains(row.Invariants, invariant) {
		return matrixCell{nothing, ""}
	}
	for _, b := range brokenOf(row) {
		if b.invariant != invariant {
			continue
		}
		if b.known {
			return matrixCell{fmt.Sprintf("(%d)", b.trials), "known"}
		}
		return matrixCell{fmt.Sprintf("%d of %d", b.trials, row.Trials.Run), "bad"}
	}
	if unjudged(row.Trials.Run, row.Trials.Hung) {
		return matrixCell{"not judged", "open"}
	}
	if row.Verdict == result.Untested || !slices.Contains(row.Tried(), invariant) {
		return matrixCell{"not tested", "open"}
	}
	return matrixCell{"held", "good"}
}

func resultOf(row result.Row, r *result.Report, anchor string, charts *int) resultView {
	v := resultView{
		Anchor: anchor, Name: nameOf(row), Verdict: row.Verdict.String(), Kind: kindOf(row.Verdict),
		Line:  fmt.Sprintf("%d passed, %d breached, %d hung, %d crashed; %d void", row.Trials.Passed, row.Trials.Breached, row.Trials.Hung, row.Trials.Crashed, row.Trials.Void),
		Notes: row.Notes,
	}
	for _, k := range row.AtRisk {
		text := fmt.Sprintf("%d, of which %d lost", k.Count, k.Lost)
		if k.Count == 0 {
			text = "0: not tested"
		}
		v.Facts = append(v.Facts, fact{"at risk: " + k.Kind, text})
	}
	if row.RulesOut > 0 {
		v.Facts = append(v.Facts, fact{"means", leftOpen(row)})
	}
	for _, void := range row.Void {
		v.Facts = append(v.Facts, fact{"void", fmt.Sprintf("%s: %s", count(int64(void.Trials), unitOf(row)), void.Reason)})
	}
	for _, b := range row.Breaches {
		v.Breaches = append(v.Breaches, breachOf(row, b, r))
	}
	for _, t := range row.Thresholds {
		state := thresholdView{t.Expr, strings.TrimPrefix(measured(t), "measured "), "holds", "good"}
		switch {
		case t.Value == nil:
			state.State, state.Kind = "not measured", "open"
		case !t.Holds:
			state.State, state.Kind = "missed", "bad"
		}
		v.Thresholds = append(v.Thresholds, state)
	}
	for _, w := range row.Warnings {
		v.Warnings = append(v.Warnings, w.Summary)
	}
	for _, l := range row.Latency {
		v.Latency = append(v.Latency, latencyView{
			l.Group, l.Phase, fmt.Sprint(l.Count), span(l.P50NS), span(l.P90NS), span(l.P99NS), span(l.P999NS), span(l.MaxNS),
		})
	}
	if *charts > 0 && len(row.Latency) > 0 {
		*charts--
		v.Timeline, v.Chart, v.Moments, v.Plain = timelineOf(row), chartOf(row), scatterOf(row), row.Plain
	}
	return v
}

func breachOf(row result.Row, b result.RowBreach, r *result.Report) breachView {
	v := breachView{
		Kind: "bad", Verdict: b.Verdict.String(), Headline: headline(row, b), Class: b.Class,
		Line: fmt.Sprintf("%s in %s · %s", b.Invariant, shownIn(row, b), timing(row, b)), Story: strings.Join(exampleOf(b.First), "\n"),
	}
	switch {
	case b.Planted:
		v.Kind, v.Verdict = "known", "planted"
	case b.Known != "":
		v.Kind, v.Verdict, v.Line = "known", "known", v.Line+" · "+b.Known
	case b.Expired != "":
		v.Line += " · listed as known until " + b.Expired
	}
	v.Fix, v.Command = adviceFor(row, b), ReplayCommand(r, row, b.First.Dir)
	return v
}
