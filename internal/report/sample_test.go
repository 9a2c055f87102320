package report

import (
	"time"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/result/void"
)

const ms, us = int64(time.Millisecond), int64(time.Microsecond)

// sample is a campaign with every kind of result, with plausible numbers. Every format renders it.
func sample() *result.Report {
	return &result.Report{
		Schema: result.SchemaName, Seed: "7", Verdict: result.Hung,
		Tool:    result.Tool{Version: "v0.1.0", Build: "3f2a9c1", Go: "go1.26.0", OS: "linux", Arch: "amd64"},
		Machine: result.Machine{CPU: "Example CPU", Cores: 8, GOMAXPROCS: 8, Kernel: "6.12"},
		Started: time.Date(2026, 12, 2, 9, 30, 0, 0, time.UTC), ElapsedNS: 46 * int64(time.Second),
		Command: []string{"racebench", "run", "examples/broker.yaml"},
		Results: []result.Row{
			passedRow(), breachedRow(), hungRow(), crashedRow(), knownRow(), plantedRow(), missedRow(), untestedRow(),
		},
	}
}

// row is what all results of the sample share.
func row(variant string, v result.Verdict, n result.Counts) result.Row {
	return result.Row{
		Header: result.Header{
			Scenario: "broker-sigterm-under-load", ScenarioHash: "5f0c6f2e", Owner: "@acme/broker", Target: "broker", Variant: variant,
			Engine: "real", Seed: "7", Moment: "SIGTERM uniform over 20%..80% of 2s",
			Invariants: []string{"drain-ends", "every-call-returns", "no-lost-message", "process-survives"},
		},
		Verdict: v, Trials: n,
		AtRisk: []result.RowRisk{
			{Kind: "call-in-flight", Count: 31, Trials: n.Run, Fewest: 4},
			{Kind: "queued", Count: 61204, Trials: n.Run, Fewest: 1911},
		},
		Throughput: []result.Throughput{
			{Op: "publish", Group: "publish", Sent: 10240, Accepted: 9871, Refused: 361, Unknown: 8, Late: 3, PerSecond: 1987.4},
			{Op: "subscribe", Group: "laggards", Accepted: 38120, PerSecond: 7911},
		},
		Latency: []result.Latency{
			latency("publish", "publish", result.Steady, 9500, 41*us, 388*us, 2140*us),
			latency("publish", "publish", result.Drain, 371, 66*us, 9*ms, 31200*us),
			latency("subscribe", "laggards", result.Steady, 37000, 2900*us, 11*ms, 18*ms),
		},
		Drain:        &result.RowDrain{Count: n.Run, P50NS: 41 * ms, P99NS: 180 * ms, MaxNS: 188 * ms, LimitNS: 2000 * ms},
		SignalLateNS: 290 * us,
	}
}

func latency(op, group, phase string, n, p50, p99, largest int64) result.Latency {
	return result.Latency{
		Op: op, Group: group, Phase: phase, Clock: "wall", Count: n, MeanNS: p50 * 5 / 4, P50NS: p50, P90NS: (p50 + p99) / 2,
		P99NS: p99, P999NS: (p99 + largest) / 2, MaxNS: largest, Histogram: "HISTFAAAAA==",
	}
}

func five() result.Counts { return result.Counts{Planned: 5, Run: 5} }

func passedRow() result.Row {
	n := five()
	n.Passed, n.Void = 5, 1
	r := row("two-phase", result.Passed, n)
	r.Reference, r.RulesOut, r.Returned, r.Policy = true, result.RulesOut(5), 12, 104
	r.Void = []result.VoidReason{{Reason: "the load generator was starved: the signal left 610ms late", Code: void.Starved, Trials: 1}}
	r.Windows = []result.WindowCount{{Name: "stage1.between-check-and-send", Struck: 3}}
	held := float64(388 * us)
	r.PerTrial = []result.RowTrial{
		{Trial: 0, Seed: "4711", Verdict: result.Passed, StruckNS: 812 * ms, DrainNS: 41 * ms},
		{Trial: 1, Seed: "18446744073709551615", Verdict: result.Void},
	}
	r.Crossed = []result.Crossed{{Kind: "requests", Count: 2, Of: 310}}
	r.Bounded = []result.RowBounded{{Name: "mailbox", Bound: 128, Most: 128, Full: 4, Trials: 5}, {Name: "stage1", Bound: 64, Most: 17, Trials: 5}}
	r.Schedules = &result.RowSchedules{Run: 20000, Distinct: 18211, Steps: 1204511, PerSecond: 71000}
	r.Thresholds = []result.Threshold{{Expr: "p99(publish) < 25ms", Value: &held, Unit: "ns", Holds: true}}
	return r
}

func breachedRow() result.Row {
	n := five()
	n.Breached = 5
	r := row("timeout-drain", result.Breached, n)
	r.Replay = "racebench replay racebench-runs/20261202-093000/trials/000007"
	r.Drain = &result.RowDrain{Count: 5, P50NS: 11 * ms, P99NS: 24 * ms, MaxNS: 24 * ms, LimitNS: 2000 * ms}
	story := []string{
		"one of 471: message p4#1093",
		"    -1.92 ms  p4            send returned OK: accepted here",
		"    +0.00 ms  SIGTERM       struck; the server took it 0.08 ms later",
		"   +10.31 ms  server        last seen in queue of p4: broker stopped reading",
		"   +11.20 ms  drain         ended, returned nil: reported success",
		"              audit         p4#1093 reached no subscriber; #1092 before it reached all 68 subscribers",
	}
	r.Breaches = []result.RowBreach{
		{
			Invariant: "no-lost-message", Class: "no-lost-message/stage1/broker-stopped-reading", Verdict: result.Breached,
			Trials: 5, Count: 2358, Natural: 5, Summary: "2358 of 9871 accepted messages lost",
			First: result.FirstTrial{Trial: 1, Seed: "9137", Dir: "racebench-runs/20261202-093000/trials/000007", Evidence: story},
		},
		{
			Invariant: "drain-ends", Class: "drain-ends/deadline/nothing-left", Verdict: result.Breached, Trials: 3, Count: 3,
			Natural: 2, Widened: 1, Summary: "the server's own deadline ended a drain that had nothing left to finish",
			First: result.FirstTrial{Trial: 2, Seed: "9138", Evidence: []string{}},
		},
		{
			Invariant: "right-error", Class: "right-error/send/closed-for-timeout", Verdict: result.Breached, Trials: 2, Count: 9,
			Widened: 2, Summary: "4 calls were told closed, and had timed out",
			First: result.FirstTrial{Trial: 2, Seed: "9138", Evidence: []string{}},
		},
		{
			Invariant: "no-leak", Class: "no-leak/pinger", Verdict: result.Breached, Trials: 1, Count: 1, Natural: 1,
			Summary: "a task of the server outlived its stop", First: result.FirstTrial{Trial: 4, Seed: "9140", Evidence: []string{}},
		},
	}
	return r
}

func hungRow() result.Row {
	r := row("close-merged", result.Hung, result.Counts{Planned: 5, Run: 3, Hung: 3})
	r.Replay = "racebench replay racebench-runs/20261202-093000/trials/000012"
	r.Drain = &result.RowDrain{LimitNS: 2000 * ms, Unfinished: 3}
	r.Notes = []string{"stopped after 3 hangs of the same class: each costs five drain limits"}
	r.Breaches = []result.RowBreach{{
		Invariant: "drain-ends", Class: "drain-ends/reader/receive-merged-queues", Verdict: result.Hung, Trials: 3, Count: 3, Natural: 3,
		Summary: "the server never stopped: reader waits for ever in receive for merged queues",
		First: result.FirstTrial{Seed: "8111", Dir: "racebench-runs/20261202-093000/trials/000012", Evidence: []string{
			"who waits for what, 10s after the signal:",
			"    +0.00 ms  SIGTERM       struck; the server took it 0.05 ms later",
			"              stop          waits in join for broker",
			"              broker        waits in join for reader",
			"              reader        waits in receive for merged queues",
		}},
	}}
	return r
}

func crashedRow() result.Row {
	n := five()
	n.Crashed, n.Passed = 1, 4
	r := row("gate-select", result.Crashed, n)
	r.Replay = "racebench replay racebench-runs/20261202-093000/trials/000018"
	r.Breaches = []result.RowBreach{{
		Invariant: "process-survives", Class: "process-survives/p/panic", Verdict: result.Crashed, Trials: 1, Count: 1, Natural: 1,
		Summary: "task p3 panicked: send on closed queue",
		First: result.FirstTrial{Trial: 3, Seed: "8203", Dir: "racebench-runs/20261202-093000/trials/000018", Evidence: []string{
			"    +0.00 ms  SIGTERM       struck; the server took it 0.05 ms later",
			"    +0.41 ms  p3            panicked: send on closed queue",
		}},
	}}
	return r
}

func knownRow() result.Row {
	n := five()
	n.Breached, n.Passed = 3, 2
	r := row("gate-close-drain", result.Known, n)
	r.Breaches = []result.RowBreach{{
		Invariant: "no-lost-message", Class: "no-lost-message/mailbox/actor-dropped", Verdict: result.Breached, Trials: 3, Count: 17,
		Natural: 3, Known: "tracked in #25", Summary: "6 of 2071 accepted messages lost", First: result.FirstTrial{Seed: "1", Evidence: []string{}},
	}}
	return r
}

func plantedRow() result.Row {
	r := row("gate-only", result.Known, result.Counts{Planned: 10, Run: 10, Breached: 10})
	r.Breaches = []result.RowBreach{{
		Invariant: "drain-ends", Class: "drain-ends/late/over-limit", Verdict: result.Breached, Trials: 10, Count: 10, Natural: 10,
		Known: "planted", Planted: true, Summary: "the drain took 2.4s; the limit is 2s", First: result.FirstTrial{Seed: "1", Evidence: []string{}},
	}}
	return r
}

func missedRow() result.Row {
	n := five()
	n.Passed = 5
	r := row("close-drain-nogate", result.Missed, n)
	p99, rate := float64(31*ms), 1480.0
	r.Thresholds = []result.Threshold{
		{Expr: "p99(publish) < 25ms", Value: &p99, Unit: "ns"},
		{Expr: "rate(publish) > 1500/s", Value: &rate, Unit: "/s"},
		{Expr: "p99(publish, drain) < 1s", Unit: "ns"},
	}
	r.SignalLateNS = 31 * ms
	r.Warnings = []result.RowWarning{{Trials: 5, Summary: "planted breach drain-ends/* did not show in 5 trials, which proves nothing yet (it takes 20)"}}
	return r
}

func untestedRow() result.Row {
	r := row("external-build", result.Untested, result.Counts{Planned: 5, Run: 1, Passed: 1, Void: 9})
	r.AtRisk, r.Latency, r.Throughput, r.Drain = nil, nil, nil, nil
	r.Void = []result.VoidReason{
		{Reason: "the target did not start: listen tcp 127.0.0.1:18471: bind: address already in use", Code: void.NotStarted, Trials: 6},
		{Reason: "the signal never struck", Code: void.NeverStruck, Trials: 3},
	}
	return r
}
