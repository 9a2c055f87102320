package result

import (
	"cmp"
	"slices"
	"strings"
)

// A Campaign is a row that trials are being added to. They may be added in any order, and campaigns of one header
// merged: Finish draws the same conclusions.
type Campaign struct {
	Row
	Judged []Trial // those of the lowest indices, in their order once finished; without what was measured
}

// NewCampaign returns an empty campaign.
func NewCampaign(h Header, rules Rules) *Campaign { return &Campaign{Row: emptyRow(h, rules)} }

// emptyRow is a row without a trial.
func emptyRow(h Header, rules Rules) Row {
	rules.Thresholds = slices.Clone(rules.Thresholds)
	return Row{Header: h, Rules: rules, AddsUp: true, schedules: newDistinct()}
}

// Note adds a remark for the reader.
func (c *Campaign) Note(text string) {
	c.said = append(c.said, text)
	c.Notes = c.remarks()
}

// Add adds a trial. A void one is counted and contributes nothing else.
func (c *Campaign) Add(t Trial) {
	c.add(&t)
	t.Latency, t.Service, t.Throughput, t.Timeline = nil, nil, nil, nil
	c.list(t)
}

// list keeps a trial, unless there are enough before it.
func (c *Campaign) list(t Trial) {
	if c.isFull(RowTrial{Trial: t.Index, Replacement: t.Replacement, Seed: t.Seed}) {
		return
	}
	c.Judged = append(c.Judged, t)
	if len(c.Judged) >= 2*maxPerTrial {
		c.pruneJudged()
	}
}

// AddKept adds what the schedule of an earlier search that is kept at path still shows. It was not drawn, so it
// is no trial: nothing is counted of it.
func (c *Campaign) AddKept(t Trial, path string) {
	for _, b := range shown(&t, t.Breaches) {
		addBreach(&c.Breaches, RowBreach{
			Invariant: b.Invariant, Class: b.Class, Verdict: b.Verdict, Summary: b.Summary, Kept: []string{path}, First: b.First,
		})
	}
}

// Merge adds the trials of another campaign of the same header, which is left as it was.
func (c *Campaign) Merge(o *Campaign) {
	c.merge(&o.Row)
	for _, t := range o.Judged {
		c.list(t)
	}
}

// Finish draws the conclusions: breaches by class, what is known, thresholds, the verdict. It may be
// called again after more trials were added.
func (c *Campaign) Finish() {
	c.pruneJudged()
	c.finish()
}

// pruneJudged keeps the trials of the lowest indices, whatever order they came in.
func (c *Campaign) pruneJudged() {
	slices.SortFunc(c.Judged, func(a, b Trial) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Replacement, b.Replacement), cmp.Compare(a.Number, b.Number), strings.Compare(a.Seed, b.Seed))
	})
	if len(c.Judged) > maxPerTrial {
		clear(c.Judged[maxPerTrial:])
		c.Judged = c.Judged[:maxPerTrial]
	}
}
