package scenario

import (
	"fmt"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/signals"
	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
)

const (
	maxKnownDays  = 180 // beyond which a known breach is a decision, not an exception
	warnKnownDays = 14  // before an entry ends that a warning asks for it to be renewed
)

// knownWords are the fields of an expected breach.
var knownWords = []word[Known]{
	{
		name: "variant", help: "the variant it holds for; default every one",
		form: always(schema.Text()), read: func(r *reader, v spec.Value, k *Known) { r.word(v, &k.Variant) },
		write: func(k *Known) spec.Value { return k.Variant },
	},
	{
		name: "class", help: "the breach's class; a * may end it",
		form: always(schema.Pattern(`^[^*]+\*?$`)), read: (*reader).class,
		write: func(k *Known) spec.Value { return k.Class },
	},
	{
		name: "until", help: fmt.Sprintf("the last day it is tolerated, at most %d days ahead", maxKnownDays),
		form: always(schema.Date()), read: (*reader).until,
		write: func(k *Known) spec.Value {
			if k.Until.IsZero() {
				return spec.Value{}
			}
			return spec.Text(k.Until.Format(time.DateOnly))
		},
	},
	{
		name: "why", help: "the reason, shown with the breach",
		form: always(schema.Scalar()), read: (*reader).why,
		write: func(k *Known) spec.Value { return quoted(k.Why) },
	},
	{
		name: "planted", help: "a positive control: the breach must show",
		form: always(schema.Bool()), read: (*reader).planted,
		write: func(k *Known) spec.Value { return k.ifPlanted("true") },
	},
	{
		name: "rate", help: fmt.Sprintf("of a planted breach: the share of trials that shows it; default %s", percent(DefaultKnownRate)),
		form: always(schema.Percent()), read: (*reader).knownRate,
		write: func(k *Known) spec.Value { return k.ifPlanted(percent(k.Rate)) },
	},
}

// ifPlanted is a text that only a planted entry has.
func (k *Known) ifPlanted(text string) spec.Value {
	if !k.Planted {
		return spec.Value{}
	}
	return spec.Text(text)
}

// known reads the list of expected breaches.
func (r *reader) known(v spec.Value, s *Scenario) {
	for _, item := range r.maps(v, "{class: drain-ends/*, until: 2027-01-31}") {
		k := Known{At: item}
		before := len(*r.errs)
		readFields(r, item, knownWords, &k)
		r.settleKnown(item, &k)
		if len(*r.errs) == before {
			s.Known = append(s.Known, k)
		}
	}
}

// settleKnown checks what an entry must have and fills in its defaults.
func (r *reader) settleKnown(item spec.Value, k *Known) {
	if _, ok := item.Get("class"); !ok {
		r.errs.Addf(item, "this known entry has no class: write which breach it excuses, such as class: drain-ends/*")
	}
	_, hasUntil := item.Get("until")
	// Planted that could not be read has its own error, and was probably meant as true.
	planted, hasPlanted := item.Get("planted")
	unplanted := !hasPlanted || planted.Text == "false"
	if !hasUntil && unplanted {
		r.errs.Addf(item, "this known entry has no end: write until: with a date at most %d days ahead, or planted: true", maxKnownDays)
	}
	rate, hasRate := item.Get("rate")
	switch {
	case hasRate && unplanted:
		r.errs.Addf(rate, "rate is the share of trials that shows a planted breach: it needs planted: true")
	case k.Planted && !hasRate:
		k.Rate = DefaultKnownRate
	}
}

// word reads one word and keeps its place.
func (r *reader) word(v spec.Value, into *spec.Value) {
	if _, err := spec.Word(v); err != nil {
		r.errs.Add(err)
		return
	}
	*into = v
}

func (r *reader) class(v spec.Value, k *Known) {
	text, err := spec.Word(v)
	switch star := strings.IndexByte(text, '*'); {
	case err != nil:
		r.errs.Add(err)
	case star == 0:
		r.errs.Addf(v, "class %s would excuse every breach: name the invariant, such as drain-ends/*", clip(text))
	case star > 0 && star < len(text)-1:
		r.errs.Addf(v, "class %s: a * may only end it", clip(text))
	default:
		r.warnFormer(v, text)
		k.Class = v
	}
}

// warnFormer says how a class is called today that names a signal by its number. It still holds.
func (r *reader) warnFormer(v spec.Value, class string) {
	prefix, any := strings.CutSuffix(class, "*")
	switch now := signals.Current(class); {
	case any && signals.IsFormer(prefix):
		r.warnf(v, "class %s: reports name signals now, such as SIGUSR1; write the name in place of the number", class)
	case now != class:
		r.warnf(v, "class %s is called %s now; write that", class, now)
	}
}

func (r *reader) until(v spec.Value, k *Known) {
	day, err := time.Parse(time.DateOnly, v.Text)
	if v.Kind != spec.Scalar || err != nil || day.Year() < 1970 {
		r.errs.Addf(v, "%s is not a date: write one such as 2027-01-31", shown(v))
		return
	}
	left := day.Sub(r.now.UTC().Truncate(24*time.Hour)).Hours() / 24
	switch {
	case left > maxKnownDays:
		last := r.now.UTC().AddDate(0, 0, maxKnownDays).Format(time.DateOnly)
		r.errs.Addf(v, "%s is more than %d days ahead: the latest is %s", v.Text, maxKnownDays, last)
	case left < 0:
		k.Expired = true
		r.warnf(v, "this known entry has expired: it tolerates nothing since %s", v.Text)
	case left <= warnKnownDays:
		k.EndsSoon = true
		r.warnf(v, "this known entry ends soon: after %s it tolerates nothing", v.Text)
	}
	k.Until = day
}

func (r *reader) planted(v spec.Value, k *Known) {
	planted, err := spec.Bool(v)
	r.errs.Add(err)
	k.Planted = planted
}

func (r *reader) why(v spec.Value, k *Known) {
	text, err := spec.Word(v)
	if err == nil && strings.Trim(text, ".…") == "" {
		err = spec.Errorf(v, "%q is no reason: write why this breach is expected, such as \"tracked in #25\"", text)
	}
	r.errs.Add(err)
	k.Why = text
}

func (r *reader) knownRate(v spec.Value, k *Known) {
	share, err := spec.Percent(v)
	if err == nil && share == 0 {
		err = spec.Errorf(v, "a planted breach that shows in 0%% of trials proves nothing: write a share such as 50%%")
	}
	r.errs.Add(err)
	k.Rate = share
}

// thresholds reads the list of bounds.
func (r *reader) thresholds(v spec.Value, s *Scenario) {
	if v.Kind != spec.List {
		r.errs.Addf(v, "%s where a list is needed: write - p99(publish) < 25ms", shown(v))
		return
	}
	for _, item := range v.Items {
		if t, ok := parseThreshold(item, r.errs); ok {
			s.Thresholds = append(s.Thresholds, t)
		}
	}
}

// regression reads the tolerances of a comparison with a baseline.
func (r *reader) regression(v spec.Value, s *Scenario) {
	if v.Kind != spec.Map {
		r.errs.Addf(v, "%s where a map is needed: write it such as {p99(publish): 10%%}", shown(v))
		return
	}
	seen := map[Metric]bool{}
	for _, f := range v.Fields {
		m, name, err := parseMetric(f.Key)
		r.errs.Add(err)
		share, shareErr := spec.Percent(f.Value)
		r.errs.Add(shareErr)
		switch {
		case err != nil || shareErr != nil:
		case seen[m]:
			r.errs.Addf(f.Key, "%s is written twice", m)
		default:
			seen[m] = true
			s.Regression = append(s.Regression, Tolerance{At: f.Key, Name: name, Metric: m, Share: share})
		}
	}
}
