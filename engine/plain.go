package engine

import (
	"context"

	"github.com/racebench/racebench/engine/loadgen"
	"github.com/racebench/racebench/engine/result"
)

// A Plain is load alone: it has one trial, and what it comes to is measured while it runs.
type Plain struct {
	Header result.Header
	Rules  result.Rules
	Load   loadgen.Config
}

// Run offers the load. When ctx ends, what was measured by then is returned with its error.
func (p Plain) Run(ctx context.Context) (*result.Campaign, error) {
	t, err := loadgen.Run(ctx, p.Load)
	if err != nil {
		return nil, err
	}
	return p.fold(t), nil
}

// fold makes a result of one trial.
func (p Plain) fold(t result.Trial) *result.Campaign {
	c := result.NewCampaign(p.Header, p.Rules)
	c.Trials.Planned = 1
	t.Seed = p.Header.Seed
	notes := t.Notes
	t.Notes = nil
	c.Add(t)
	for _, n := range notes { // there is one trial: they are on the result
		c.Note(n)
	}
	c.Finish()
	return c
}
