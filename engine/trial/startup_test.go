package trial

import (
	"testing"
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result/void"
)

func TestNarrowed(t *testing.T) {
	const ms = time.Millisecond
	for _, tc := range []struct {
		name       string
		span, want Span
		code       void.Code
		at         string
	}{
		{"before the handler: later draws begin after it", Span{0, 400 * ms}, Span{90 * ms, 400 * ms}, void.BeforeHandler, "100ms"},
		{"earlier than what is known: nothing new", Span{100 * ms, 400 * ms}, Span{100 * ms, 400 * ms}, void.BeforeHandler, "60ms"},
		{"it was ready: later draws end before it", Span{0, 400 * ms}, Span{0, 290 * ms}, void.AfterStart, "300ms"},
		{"ready before what a slow start has shown", Span{350 * ms, 400 * ms}, Span{145 * ms, 290 * ms}, void.AfterStart, "300ms"},
		{"a verdict narrows nothing", Span{0, 400 * ms}, Span{0, 400 * ms}, "", "300ms"},
	} {
		e, err := ledger.ParseText("the ledger", "signal 15 sent="+tc.at+" planned="+tc.at+"\nprocess 70 started at=10ms\n")
		if err != nil {
			t.Fatal(err)
		}
		if got := tc.span.Narrowed(tc.code, e); got != tc.want {
			t.Errorf("%s: %v, want %v", tc.name, got, tc.want)
		}
	}
}

func TestStartIsStruckWithinItsPart(t *testing.T) {
	started := "process 70 started at=0s\n"
	for name, tc := range map[string]struct {
		text string
		code void.Code
	}{
		"died of it before it was ready":          {started + "process 70 ended signal=15 status=-1 at=102ms\n", void.BeforeHandler},
		"nothing would have caught it":            {started + "process 70 default signal=15 at=99ms\nprocess 70 ready at=300ms\n", void.BeforeHandler},
		"exited before it was ready":              {started + "process 70 ended status=1 at=102ms\n", ""},
		"was ready afterwards, and died of it":    {started + "process 70 ready at=101ms\nprocess 70 ended signal=15 status=-1 at=102ms\n", ""},
		"was ready before":                        {started + "process 70 ready at=50ms\n", ""}, // of a range that was given
		"was killed for it had not ended in time": {started + "process 70 killed at=3s\n", ""},
	} {
		e, err := ledger.ParseText("the ledger", "signal 15 sent=100ms planned=100ms\n"+tc.text)
		if err != nil {
			t.Fatal(err)
		}
		if got := startVoid(&Program{}, e); got.Code != tc.code {
			t.Errorf("%s: %q, want %q", name, got.Code, tc.code)
		}
	}
}
