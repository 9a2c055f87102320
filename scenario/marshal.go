package scenario

import (
	"fmt"
	"strconv"
	"time"

	"github.com/racebench/racebench/scenario/spec"
)

// Marshal writes the scenario in normal form: every field in the documented order,
// defaults filled in, no comments. Parse reads it back to the same fields and the same
// Hash; only EngineSet is then true, so that no command runs it in another engine.
func (s Scenario) Marshal() []byte {
	data, err := encodeYAML(s.value())
	if err != nil {
		// Values hold nothing that YAML cannot write, so this is a bug here.
		panic(fmt.Sprintf("scenario: write %s: %v", s.Name, err))
	}
	return data
}

// A builder makes a map, leaving out what is empty.
type builder struct{ spec.Value }

func (b *builder) add(key string, v spec.Value) {
	b.Kind = spec.Map
	if !isEmpty(v) {
		b.Fields = append(b.Fields, spec.Field{Key: spec.Text(key), Value: v})
	}
}

func (b *builder) text(key, s string) {
	if s != "" {
		v := spec.Text(s)
		v.Quoted = true
		b.add(key, v)
	}
}

func (b *builder) number(key string, n int) {
	if n != 0 {
		b.add(key, spec.Text(strconv.Itoa(n)))
	}
}

// value is the whole scenario as one value.
func (s Scenario) value() spec.Value {
	var b builder
	b.add("name", wordValue(s.Name))
	b.add("target", s.Target)
	b.add("variants", list(s.Variants, same))
	b.add("engine", spec.Text(string(s.Engine)))
	b.number("trials", s.Trials)
	if s.Seed != nil {
		b.add("seed", spec.Text(s.Seed.String()))
	}
	b.add("duration", spec.Text(s.Duration.String()))
	b.add("drain_limit", spec.Text(s.DrainLimit.String()))
	b.text("owner", s.Owner)
	b.add("knobs", asWritten(s.Knobs))
	if s.External != nil {
		// An empty one is written too: that it is there is what the target asks for.
		b.Fields = append(b.Fields, spec.Field{Key: spec.Text("external"), Value: *s.External})
	}
	b.add("load", list(s.Load, same))
	b.add("inject", list(s.Inject, same))
	b.add("widen", asWritten(s.Widen))
	b.add("expect", list(s.Expect, same))
	b.add("known", s.knownValue())
	b.add("thresholds", s.thresholdsValue())
	b.add("regression", s.regressionValue())
	b.add("sim", s.Sim.value(asWritten))
	return b.Value
}

// wordValue is a word that stays one even if it looks like a number.
func wordValue(s string) spec.Value {
	v := spec.Text(s)
	_, err := spec.Float(v)
	v.Quoted = err == nil
	return v
}

func same(v spec.Value) spec.Value { return v }

func asWritten(fields []spec.Field) spec.Value { return spec.Value{Kind: spec.Map, Fields: fields} }

// value is the small world as a map; knobs says in which form its settings go in.
func (w SimWorld) value(knobs func([]spec.Field) spec.Value) spec.Value {
	var b builder
	b.add("knobs", knobs(w.Knobs))
	b.number("ops", w.Ops)
	b.number("clients", w.Clients)
	b.number("max_steps", w.MaxSteps)
	return b.Value
}

func (s Scenario) knownValue() spec.Value {
	all := spec.Value{Kind: spec.List}
	for _, k := range s.Known {
		var b builder
		b.add("variant", k.Variant)
		b.add("class", k.Class)
		if !k.Until.IsZero() {
			b.add("until", spec.Text(k.Until.Format(time.DateOnly)))
		}
		b.text("why", k.Why)
		if k.Planted {
			b.add("planted", spec.Text("true"))
			b.add("rate", spec.Text(percent(k.Rate)))
		}
		all.Items = append(all.Items, b.Value)
	}
	return all
}

func (s Scenario) thresholdsValue() spec.Value {
	all := spec.Value{Kind: spec.List}
	for _, t := range s.Thresholds {
		all.Items = append(all.Items, spec.Text(t.String()))
	}
	return all
}

func (s Scenario) regressionValue() spec.Value {
	var b builder
	for _, t := range s.Regression {
		b.add(t.Metric.String(), spec.Text(percent(t.Share)))
	}
	return b.Value
}

// percent writes a share in the shortest way that spec.Percent reads back as the same
// number.
func percent(share float64) string {
	text := ""
	for digits := range 36 {
		text = strconv.FormatFloat(share*100, 'f', digits, 64) + "%"
		if back, err := spec.Percent(spec.Text(text)); err == nil && back == share {
			break
		}
	}
	return text
}
