package report

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"

	"github.com/racebench/racebench/engine/result"
)

// A family is one metric of OpenMetrics with its samples.
type family struct {
	name, kind, unit, help string
	samples                []string
}

// add appends a sample; labels come in pairs of name and value.
func (f *family) add(suffix string, value float64, labels ...string) {
	var pairs []string
	for i := 0; i < len(labels); i += 2 {
		pairs = append(pairs, labels[i]+`="`+labelValue(labels[i+1])+`"`)
	}
	f.samples = append(f.samples, fmt.Sprintf("%s%s{%s} %s", f.name, suffix, strings.Join(pairs, ","), strconv.FormatFloat(value, 'g', -1, 64)))
}

var labelEscapes = strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`)

func labelValue(text string) string { return labelEscapes.Replace(text) }

// renderOpenMetrics writes the results as OpenMetrics text, for a textfile collector or a push gateway.
func renderOpenMetrics(r *result.Report, _ Options) ([]byte, error) {
	r = cleaned(r)
	trials := &family{name: "racebench_trials", kind: "gauge", help: "Trials by how they ended."}
	breached := &family{name: "racebench_breached_trials", kind: "gauge", help: "Trials that showed a class of breach."}
	verdict := &family{name: "racebench_verdict", kind: "gauge", help: "1 for the verdict of the result."}
	risk := &family{name: "racebench_at_risk", kind: "gauge", help: "Work in flight when the signal struck, over all trials."}
	latency := &family{name: "racebench_latency_seconds", kind: "summary", unit: "seconds", help: "Latency of accepted operations from their intended starts."}
	rate := &family{name: "racebench_accepted_per_second", kind: "gauge", help: "Operations accepted a second before the signal."}
	drain := &family{name: "racebench_drain_seconds", kind: "summary", unit: "seconds", help: "From the signal until the server had stopped."}
	for _, row := range r.Results {
		of := func(more ...string) []string {
			return append([]string{"scenario", row.Scenario, "target", row.Target, "variant", row.Variant, "engine", row.Engine}, more...)
		}
		verdict.add("", 1, of("verdict", row.Verdict.String())...)
		n := row.Trials
		for _, e := range []struct {
			ended string
			n     int
		}{{"passed", n.Passed}, {"breached", n.Breached}, {"hung", n.Hung}, {"crashed", n.Crashed}, {"void", n.Void}} {
			trials.add("", float64(e.n), of("ended", e.ended)...)
		}
		for _, b := range row.Breaches {
			breached.add("", float64(b.Trials), of("invariant", b.Invariant, "class", b.Class, "known", strconv.FormatBool(b.Known != ""))...)
		}
		for _, k := range row.AtRisk {
			risk.add("", float64(k.Count), of("kind", k.Kind)...)
		}
		for _, t := range row.Throughput {
			rate.add("", t.PerSecond, of("op", t.Op, "group", t.Group)...)
		}
		for _, l := range row.Latency {
			labels := of("op", l.Op, "group", l.Group, "phase", l.Phase, "clock", l.Clock)
			quantile(latency, labels, "0.5", l.P50NS)
			quantile(latency, labels, "0.9", l.P90NS)
			quantile(latency, labels, "0.99", l.P99NS)
			quantile(latency, labels, "0.999", l.P999NS)
			latency.add("_sum", float64(l.MeanNS)*float64(l.Count)/1e9, labels...)
			latency.add("_count", float64(l.Count), labels...)
		}
		if d := row.Drain; d != nil && d.Count > 0 {
			quantile(drain, of(), "0.5", d.P50NS)
			quantile(drain, of(), "0.99", d.P99NS)
			quantile(drain, of(), "1", d.MaxNS)
			drain.add("_count", float64(d.Count), of()...)
		}
	}
	return writeFamilies([]*family{verdict, trials, breached, risk, rate, latency, drain}), nil
}

func quantile(f *family, labels []string, q string, ns int64) {
	f.add("", float64(ns)/1e9, append(labels[:len(labels):len(labels)], "quantile", q)...)
}

func writeFamilies(families []*family) []byte {
	var b bytes.Buffer
	for _, f := range families {
		if len(f.samples) == 0 {
			continue
		}
		fmt.Fprintf(&b, "# TYPE %s %s\n", f.name, f.kind)
		if f.unit != "" {
			fmt.Fprintf(&b, "# UNIT %s %s\n", f.name, f.unit)
		}
		fmt.Fprintf(&b, "# HELP %s %s\n", f.name, f.help)
		for _, s := range f.samples {
			b.WriteString(s + "\n")
		}
	}
	b.WriteString("# EOF\n")
	return b.Bytes()
}
