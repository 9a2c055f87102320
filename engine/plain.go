package engine

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"net/url"

	"github.com/racebench/racebench/engine/batch"
	"github.com/racebench/racebench/engine/loadgen"
	"github.com/racebench/racebench/engine/reach"
	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/targets"
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

// plainOf is the load of a scenario whose server runs already.
func plainOf(ctx context.Context, p trial.Program, seed scenario.Seed, rule reach.Rule) (Plain, error) {
	v := p.Variants[0]
	plain := Plain{Header: batch.HeaderOf(p, v), Rules: batch.RulesOf(p, v)}
	plain.Header.Seed, plain.Header.Plain = seed.String(), true
	at, err := url.Parse(p.Target.Traits.Plain)
	if err != nil {
		return plain, fmt.Errorf("read url: %w", err)
	}
	port := cmp.Or(at.Port(), map[string]string{"http": "80", "https": "443"}[at.Scheme])
	way := rule.To(at.Hostname())
	plain.Load = loadgen.Config{
		Address: way.Pick(ctx, at.Hostname(), port), Way: way, For: p.Scenario.Duration,
		Stream: func(name string) *rand.Rand { return seed.Stream("load/" + name) },
	}
	if at.Scheme == "https" {
		plain.Load.TLS = loadgen.Insecure(at.Hostname())
	}
	for _, g := range p.Groups {
		group, err := plainGroup(g, at, p)
		if err != nil {
			return plain, fmt.Errorf("load group %s: %w", g.As, err)
		}
		plain.Load.Groups = append(plain.Load.Groups, group)
	}
	return plain, nil
}

// plainGroup is one load group as plain load has it.
func plainGroup(g trial.Group, at *url.URL, p trial.Program) (loadgen.Group, error) {
	asked, _ := g.Client.(targets.PlainClient).Plain() // compiled: it has
	r, err := loadgen.NewRequest(asked.Method, cmp.Or(asked.Path, at.RequestURI()), at.Host, asked.Headers, []byte(asked.Body))
	if err != nil {
		return loadgen.Group{}, err
	}
	group := loadgen.Group{Op: g.Op.Name, Name: g.As, Requests: []loadgen.Request{r}, Good: asked.Good, Clients: g.Clients}
	switch g.ShapeName {
	case "slow":
		group.ThinkMin, group.ThinkMax = g.Delay.Min, g.Delay.Max
	case "rate":
		group.Schedule = &loadgen.Schedule{Stages: []loadgen.Stage{{For: p.Scenario.Duration, From: g.Rate, To: g.Rate}}}
	case "ramp":
		group.Schedule = &loadgen.Schedule{Stages: []loadgen.Stage{{For: p.Scenario.Duration, From: g.From, To: g.To}}}
	}
	return group, nil
}

// runPlain runs the plain load of a scenario.
func runPlain(ctx context.Context, p trial.Program, seed scenario.Seed, rule reach.Rule) (*result.Campaign, error) {
	plain, err := plainOf(ctx, p, seed, rule)
	if err != nil {
		return nil, err
	}
	return plain.Run(ctx)
}
