package ledger

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// sample has every kind of record, each with all it can carry.
const sample = `lane 0 publish-0 publish
lane 1 laggards-0 subscribe as=laggards
phase 0 serve began at=0s
phase 0 serve ended status=-1 signal=9 limit ready at=2s
signal 15 sent=10ms planned=9.5ms
signal 15 taken=10.1ms
signal 9 sent=11ms power
subscribe 1 topics=0x3 from=1µs until=15ms policy draining
op 0#1 at=1ms..1.2ms accepted topic=2 size=256 intended=0s
op 0#2 at=2ms..2.5ms refused overloaded
op 0#3 at=3ms..4ms unknown timeout
op 0#4 at=5ms..
op 1#1 at=6ms..7ms accepted
deliver 1 0#1 at=2ms
discard 0#2 at=3ms
discard 0#7 lane=1 station=mailbox cause=actor-stopped where="mailbox of laggards-0" policy draining at=11ms
returned 0#3 lane=1 at=12ms
drain 10.1ms..12ms failed left=3 error="listener: \"closed\""
gauge final value=-3 bound=4 final at=1s
window wait-idle.checked passed=10 struck=2 met=1 widened
panic task=reader-1 value="index out of range [3]" stack="a\nb" target at=4ms
task publish-0 wait=lock object="the map's lock" target parked after-drain since=9ms
mark broker "last read of p4's queue" count=7 at=8ms
load 0 planned=10 late=2 unsent=1 worst=3ms
wire 0 eof msg=0#4 reused aim=all strike=head sent=5ms first=6ms ended=12ms out=91 in=3 port=51544 code=200
wire 0 eof msg=0#3 preopened last=unread sent=4ms ended=12ms
wire 1 closed sent=1ms ended=12ms code=1001
answer 0#2 line=answered body=closed pieces=3 trail=write chain=0xab last=0xcd sized unended
poll answered /readyz code=200 count=7 sent=10ms last=11ms ended=12ms
poll refused /readyz count=1 sent=12ms last=12ms ended=12ms
poll answered / code=404 window count=3 sent=10ms last=11ms ended=12ms
process 4121 started text="node server.js" at=0s
process 4121 ended clean status=-1 signal=15 at=12ms
process 4122 audited count=7 at=13ms
owner db "the first host" opened at=1ms
owner db standby refused at=12ms
audit 1 unconfirmed=0x2 gaps=3 back=1 torn=17 beyond=2 error="no such file" at=14ms
access 1 0#1 read key=7 at=1ms
access 1 0#0 ended at=2ms
access 2 0#2 snapshot at=3ms
value 0#1 key=7 is=99 wrote
claim answered op=write within=50ms
claim closed
waited 0#1 for=3ms
held 0#1 slots of="everybody at http" bound=2 from=1ms to=2ms
full
cut "the ledger is cut at 10 of 20 bytes"
`

func TestTextFormRoundTrips(t *testing.T) {
	e, err := ParseText("ledger text", sample)
	if err != nil {
		t.Fatal(err)
	}
	if got := Format(e); got != sample {
		t.Errorf("Format(ParseText(sample)):\n%s\nwant:\n%s", got, sample)
	}
	if lines := int64(strings.Count(sample, "\n")); e.Records != lines-2 { // full and cut are none
		t.Errorf("%d records of %d lines", e.Records, lines)
	}
	for _, r := range rows {
		if !strings.Contains("\n"+sample, "\n"+r.word+" ") {
			t.Errorf("the sample has no %s", r.word)
		}
	}
}

func TestTextFormDefaults(t *testing.T) {
	e, err := ParseText("ledger text", `
		# a remark
		lane 0 s subscribe   # another
		subscribe 0
		op 0#1 at=1ms..2ms
		discard 0#1 at=3ms`)
	if err != nil {
		t.Fatal(err)
	}
	if s := e.Subscriptions[0]; s.Topics != 1 || s.From != 0 || s.Until != 0 {
		t.Errorf("subscription %+v, want topic 0 for ever", s)
	}
	if o := e.Ops[0][0]; o.Outcome != Accepted || o.Intended != o.Began {
		t.Errorf("operation %+v, want it accepted and begun as intended", o)
	}
	if d := e.Discards[0]; d.Lane != -1 {
		t.Errorf("discard %+v, want it meant for everybody", d)
	}
	if l := e.Lanes[0]; l.Group != "subscribe" {
		t.Errorf("lane %+v, want its op as group", l)
	}
}

func TestTextFormErrorsNameTheLine(t *testing.T) {
	for text, want := range map[string]string{
		"lane 1 a b":                           "1: lane: lane 0 is due",
		"lane 0 a":                             "1: lane: op is missing",
		"frob 1":                               "1: frob: unknown kind of record",
		"lane 0 a b\nop 0#2 at=1ms..":          "2: op: message 0#1 is due",
		"lane 0 a b\nop 0#1 at=1ms":            `2: op: "1ms" is not a time from..until`,
		"lane 0 a b\nop 0#1 at=1ms..2 done":    `2: op: "1ms..2" is not a time from..until`,
		"lane 0 a b\nop 0#1 at=1s..2s done":    `2: op: unknown word "done"`,
		"lane 0 a b\nop 0#1 at=1s..refused":    `2: op: "1s..refused" is not`,
		"lane 0 a b\nop 0#1 at=1s.. refused":   "2: op: an open operation has no outcome",
		"lane 0 a b\nop 0#1 at=.. topic=256":   `2: op: ".." is not a time`,
		"lane 0 a b\nop 0#1 at=0s.. topic=256": "2: op: there is no topic 256",
		"deliver 0 0#1 at=1s":                  "1: deliver: there is no lane 0 yet",
		"discard 0-1 at=1s":                    `1: discard: "0-1" is not a message such as 0#1`,
		"gauge g value=x":                      `1: gauge: "x" is not a number`,
		"gauge g at=5":                         `1: gauge: at: "5" is not a time such as 1.5ms`,
		"gauge g size=5":                       "1: gauge: unknown size=",
		"signal 15":                            "1: signal: it is either sent= or taken=",
		"phase 0 serve":                        "1: phase: it either began or ended",
		"drain 1s..2s":                         "1: drain: a drain that ended says how",
		"drain 1s..\ndrain 1s..":               "2: drain: a trial has one drain",
		`mark a "b`:                            "1: a quote that does not end",
	} {
		_, err := ParseText("a.txt", text)
		if err == nil || !strings.HasPrefix(err.Error(), "a.txt:"+want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
	}
}

// docs/results.md tells people how to read every kind of line.
func TestEveryKindIsInTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/results.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if !strings.Contains(string(page), "\n| `"+r.word+" ") {
			t.Errorf("docs/results.md, Reading a ledger: no row for %s", r.word)
		}
	}
}

// Each word that a record may have stands in its row of docs/results.md.
func TestEveryWordIsInTheDocs(t *testing.T) {
	page, err := os.ReadFile("../../docs/results.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "### Reading a ledger\n")
	for _, words := range [][]string{outcomes, causes, drainEnds, ownings, accessKinds, wireEnds, readings, processEvents} {
		for _, w := range words {
			if w != "" && w != "no-cause" && w != word(readings, 0) && !regexp.MustCompile("[`|\\s\\\\]"+w+"[`|\\s\\\\\\]]").MatchString(section) {
				t.Errorf("docs/results.md, Reading a ledger: no word %s", w)
			}
		}
	}
}
