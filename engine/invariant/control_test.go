package invariant

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/invariant/external"
	"github.com/racebench/racebench/engine/ledger"
)

// controlRun is a run without a signal: of three answers the middle one is the sample. What was lost is none.
const controlRun = `
lane 0 slow-0 http-keepalive as=slow
lane 1 slow-1 http-keepalive as=slow
lane 2 home-0 http-oneshot as=home
phase 0 serve began ready at=10ms
process 70 started text="./server" at=1ms
process 70 ready at=10ms
op 0#1 at=100ms..250ms
op 0#2 at=300ms..440ms
op 1#1 at=100ms..300ms
op 2#1 at=100ms..110ms unknown
wire 0 answered msg=0#1 sent=101ms first=250ms ended=250ms out=68 in=131 port=5000 code=200
wire 0 answered msg=0#2 reused sent=301ms first=440ms ended=440ms out=68 in=130 port=5000 code=200
wire 1 answered msg=1#1 sent=101ms first=300ms ended=300ms out=68 in=132 port=5001 code=200
wire 2 eof msg=2#1 sent=101ms ended=110ms out=68 port=5002
phase 0 serve ended at=2s
`

func TestSamplesAreTheMiddleOnesOfTheirGroups(t *testing.T) {
	e, err := ledger.ParseText("the ledger", controlRun)
	if err != nil {
		t.Fatal(err)
	}
	const ms = time.Millisecond
	want := []breach.Sample{{Group: "slow", Out: 68, In: 131, Code: 200, Sent: ms, First: 150 * ms, Took: 150 * ms, Longest: 200 * ms, Of: 3}}
	if got := external.Samples(e); !reflect.DeepEqual(got, want) {
		t.Errorf("the samples of the control run are %+v, want %+v: the middle one of the group that was answered", got, want)
	}
}

func TestAStoryHasTheSameRequestWithoutASignal(t *testing.T) {
	c := readCase(t, "testdata/every-request-answered/read-and-lost.txt")
	c.terms.Control = []breach.Sample{{Group: "slow", Out: 68, In: 131, Code: 200, Sent: time.Millisecond, First: 150 * time.Millisecond, Took: 151 * time.Millisecond, Longest: time.Second, Of: 3}}
	_, story := c.judged(t, "every-request-answered", NewIndex(c.evidence))
	want := strings.Repeat(" ", 28) + "the same request in the control run: 0 ms 68 B sent, +149.00 ms first byte of the answer, +150.00 ms all 131 B of it, status 200 (the middle one of 3; 1000.00 ms at most)"
	if !slices.Contains(story, want) {
		t.Errorf("the story lacks the line\n%s\nand is\n%s", want, strings.Join(story, "\n"))
	}
}

// TestWhatIsNotServedWellWithoutASignalIsNamed has a group of each fault, and those of nothing wrong.
func TestWhatIsNotServedWellWithoutASignalIsNamed(t *testing.T) {
	e, err := ledger.ParseText("the ledger", controlRun+`
lane 3 bad-0 http-keepalive as=bad
lane 4 events-0 sse as=events
lane 5 ws-0 websocket as=ws
lane 6 short-0 websocket as=short
lane 7 none-0 websocket as=none
lane 8 open-0 http-keepalive as=open
lane 9 late-0 http-keepalive as=late
lane 10 waits-0 http-keepalive as=waits
lane 11 long-0 http-keepalive as=long
op 3#1 at=100ms..110ms refused other code=500
op 4#1 at=100ms..2s unknown
op 8#1 at=100ms..2s unknown
op 9#1 at=100ms..4s accepted code=200
op 10#1 at=100ms..4s unknown
op 11#1 at=100ms..4s accepted code=200
wire 4 open msg=4#1 sent=101ms first=110ms ended=2s out=68 in=131 port=5003 code=200 endless
wire 5 open sent=101ms ended=2s out=68 in=131 port=5004
wire 6 closed sent=101ms ended=300ms out=68 in=131 port=5005 code=1000
wire 8 open msg=8#1 sent=101ms ended=2s out=68 port=5006
wire 9 answered msg=9#1 sent=101ms first=3900ms ended=4s out=68 in=131 port=5007 code=200
wire 10 open msg=10#1 sent=101ms ended=4s out=68 port=5008
wire 11 answered msg=11#1 sent=101ms first=110ms ended=4s out=68 in=131 port=5009 code=200
`)
	if err != nil {
		t.Fatal(err)
	}
	want := []external.Unwell{
		{Group: "home", Why: "the server closed the connection after 0 B of answer, without a signal"},
		{Group: "bad", Why: "it was answered with 500 without a signal"},
		{Group: "short", Why: "its connection ended without a signal"},
		{Group: "none", Why: "no WebSocket could be opened"},
		{Group: "open", Why: "its answer had not ended in the run without a signal"},
		{Group: "late", Why: "its answer did not begin within 3s without a signal", Starved: true},
		{Group: "waits", Why: "its answer had not ended in the run without a signal", Starved: true},
	}
	if got := external.UnwellIn(e); !slices.Equal(got, want) {
		t.Errorf("not served well are\n%+v, want\n%+v", got, want)
	}
}
