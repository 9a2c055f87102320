package invariant_test

import (
	"encoding/json"
	"testing"

	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/ledger"
)

// TestTheStopOnOneLine has the moments of a stop in the order of time, and those alone that came.
func TestTheStopOnOneLine(t *testing.T) {
	const head = "lane 0 home-0 http-oneshot as=home\nphase 0 serve began ready at=10ms\nsignal 15 sent=1s planned=1s\nprocess 70 started text=x at=1ms\nprocess 70 ready at=10ms\n"
	for _, tc := range []struct{ name, more, want, json string }{
		{"all of it", `op 0#1 at=900ms..1.2s
op 0#2 at=1.3s..1.31s refused closed
op 0#3 at=1.35s..1.36s refused closed
poll answered /readyz code=200 count=1 sent=1.001s last=1.001s ended=1.002s
poll answered /readyz code=503 count=20 sent=1.02s last=1.1s ended=1.101s
poll refused /readyz count=1 sent=1.32s last=1.32s ended=1.321s
process 70 ended clean at=1.5s
`, "+20.00 ms GET /readyz says no (status 503), +200.00 ms the last answer has come, +310.00 ms the first connection is refused, +500.00 ms it has ended",
			`{"width_ns":0,"readiness_turned_ns":20000000,"first_refused_ns":310000000,"last_answer_ns":200000000,"ended_ns":500000000,"ticks":null}`},
		{"it hangs, and nobody asks for its readiness", "op 0#1 at=900ms..950ms\nprocess 70 killed at=3s\n", "+2000.00 ms it has not ended", `{"width_ns":0,"ticks":null}`},
		{"nothing came of it", "op 0#1 at=900ms..950ms\n", "", `{"width_ns":0,"ticks":null}`},
	} {
		e, err := ledger.ParseText(tc.name, head+tc.more)
		if err != nil {
			t.Fatal(err)
		}
		if got := external.StopLine(e); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
		raw, err := json.Marshal(external.Moments(e))
		if err != nil || string(raw) != tc.json {
			t.Errorf("%s: %s (%v), want %s", tc.name, raw, err, tc.json)
		}
	}
}
