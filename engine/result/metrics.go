package result

import "slices"

// metricsOf are one trial's own numbers, by metric as thresholds write it, for comparisons that need
// trials rather than pools. Latencies are nanoseconds, rates a second; what was not measured is absent.
func metricsOf(t *Trial) map[string]float64 {
	m := map[string]float64{}
	for _, r := range t.AtRisk {
		m["at_risk_"+r.Kind] = float64(r.Count)
		m["lost_"+r.Kind] = float64(r.Lost)
	}
	if t.Memory > 0 {
		m["memory"] = float64(t.Memory)
	}
	if t.Threads > 0 {
		m["threads"], m["descriptors"] = float64(t.Threads), float64(t.Descriptors)
	}
	for _, name := range namesOf(t) {
		latencyMetrics(m, t.Latency, name)
		if sum, ok := total(t.Throughput, name); ok {
			m["errors("+name+")"] = float64(sum.Refused + sum.Unknown)
			m["late("+name+")"] = float64(sum.Late)
			if sum.Returned > 0 {
				m["returned("+name+")"] = float64(sum.Returned)
			}
			if sum.Window > 0 {
				m["rate("+name+")"] = sum.perSecond()
			}
		}
	}
	return m
}

func latencyMetrics(m map[string]float64, all []Latency, name string) {
	for _, fn := range []string{"mean", "p50", "p90", "p99", "p999", "max"} {
		if h := pooled(all, name, Steady); h != nil && h.TotalCount() > 0 {
			m[fn+"("+name+")"] = LatencyOf(h, fn)
		}
		if h := pooled(all, name, Drain); h != nil && h.TotalCount() > 0 {
			m[fn+"("+name+", drain)"] = LatencyOf(h, fn)
		}
	}
}

// namesOf are the names that a metric may use for the trial's operations: groups and ops.
func namesOf(t *Trial) []string {
	var names []string
	for _, th := range t.Throughput {
		names = append(names, th.Group, th.Op)
	}
	for _, l := range t.Latency {
		names = append(names, l.Group, l.Op)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
