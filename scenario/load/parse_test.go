package load

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/racebench/racebench/scenario"
	"github.com/racebench/racebench/scenario/schema"
	"github.com/racebench/racebench/scenario/spec"
)

// entry reads one load group from a line of YAML.
func entry(t *testing.T, line string) spec.Value {
	t.Helper()
	s, problems := scenario.Parse("", []byte("name: x\ntarget: broker\nload:\n- "+line+"\n"), time.Now())
	if problems != nil {
		t.Fatal(problems)
	}
	return s.Load[0]
}

func TestParse(t *testing.T) {
	for _, row := range []struct {
		line string
		want Group
	}{
		{"{op: publish}", Group{As: "publish", Clients: 1, ShapeName: "saturate"}},
		{
			"{op: publish, clients: 8, shape: rate, rate: 2000/s, size: 256B}",
			Group{As: "publish", Clients: 8, ShapeName: "rate", Rate: 2000, Size: 256},
		},
		{
			"{op: subscribe, clients: 4, shape: slow, delay: 1ms..5ms, as: laggards, stop: at-signal}",
			Group{
				As: "laggards", Clients: 4, ShapeName: "slow", StopAtSignal: true,
				Delay: spec.DurationRange{Min: ms, Max: 5 * ms},
			},
		},
		{
			"{op: publish, shape: burst, burst: 50, every: 100ms}",
			Group{As: "publish", Clients: 1, ShapeName: "burst", Burst: 50, Every: 100 * ms},
		},
		{
			"{op: publish, shape: ramp, from: 100/s, to: 2000/s}",
			Group{As: "publish", Clients: 1, ShapeName: "ramp", From: 100, To: 2000},
		},
	} {
		var errs spec.Errors
		got := Parse(entry(t, row.line), &errs)
		if len(errs) > 0 {
			t.Errorf("%s: %v", row.line, &errs)
		}
		got.At, got.Op = spec.Value{}, spec.Value{}
		if d := cmp.Diff(row.want, got); d != "" {
			t.Errorf("%s: (-want +got)\n%s", row.line, d)
		}
	}
}

func TestParseErrors(t *testing.T) {
	for _, row := range []struct{ line, want string }{
		{"{clients: 8}", "4:3: this load group has no op: write what its clients do, such as op: publish"},
		{"{op: [a], clients: lots}", "4:8: a list where a word is needed\n4:22: \"lots\" is not a whole number: write one such as 20"},
		{"{op: a, clients: 0}", "4:20: 0 clients: a group has from 1 to 100000"},
		{"{op: a, clients: 100001}", "4:20: 100001 clients: a group has from 1 to 100000"},
		{"{op: a, rate: 5/s}", "4:11: rate needs a shape: write shape: rate"},
		{"{op: a, shape: slow, delay: 1ms, rate: 5/s}", "4:36: shape slow takes no rate: write shape: rate"},
		{"{op: a, shape: rate}", "4:18: shape rate needs rate: write it such as rate: 2000/s"},
		{"{op: a, shape: burst, burst: 5}", "4:18: shape burst needs every: write it such as every: 100ms"},
		{"{op: a, shape: burst, burst: 0, every: 0s}", "4:32: a burst of 0: it has from 1 to 1000000 operations\n4:42: bursts every 0s are one endless burst: write shape: saturate for that"},
		{"{op: a, shape: rte, rate: 5/s}", `4:18: unknown shape "rte" (did you mean "rate"?)`},
		{"{op: a, shape: [rate]}", "4:18: a list is not the name of a known shape (known: burst, ramp, rate, saturate, slow)"},
		{"{op: a, name: home}", `4:11: unknown field "name" (did you mean "as"?)`},
		{"{op: a, clinets: 5}", `4:11: unknown field "clinets" (did you mean "clients"?)`},
		{"{op: a, stop: now}", "4:17: stop takes only at-signal: without it the group goes on through the signal"},
		{"{op: a, as: drain}", "4:15: the name drain is taken in thresholds: choose another"},
		{"{op: drain}", "4:8: the name drain is taken in thresholds: name the group with as"},
		{"{op: a, as: two words}", `4:15: "two words" does not name a group: use letters, digits, - and _`},
		{"{op: a, size: 5}", `4:17: size "5" has no unit: write it with one, such as 5B`},
		{"{op: a, size: }", "4:17: size is empty: give it a value or leave it out"},
		{"{client: websocket, path: /ws}", "4:12: client is for external programs: such a load group needs target: external; here write op"},
	} {
		var errs spec.Errors
		Parse(entry(t, row.line), &errs)
		errs.Sort()
		if got := errs.Error(); got != row.want {
			t.Errorf("%s:\ngot  %s\nwant %s", row.line, got, row.want)
		}
	}
	var errs spec.Errors
	Parse(spec.Text("publish"), &errs)
	if len(errs) != 1 {
		t.Errorf("a word as a group: %v", errs)
	}
}

func TestParseClient(t *testing.T) {
	v := entry(t, "{client: http-upload, clients: 2, path: /upload, over: 160ms, shape: rate, rate: 5/s}")
	var errs spec.Errors
	g := ParseClient(v, Clients{Kinds: []string{"http-upload"}, Words: []schema.Word{{Name: "path"}, {Name: "over"}}}, &errs)
	if len(errs) > 0 || g.Op.Text != "http-upload" || g.As != "http-upload" || g.Clients != 2 || g.Rate != 5 {
		t.Errorf("%+v, %v", g, &errs)
	}
	g = ParseClient(v, Clients{Words: []schema.Word{{Name: "path"}}}, &errs)
	if len(errs) != 1 || !strings.Contains(errs.Error(), `"over"`) {
		t.Errorf("a field that nobody owns: %v", &errs)
	}
	errs = nil
	ParseClient(entry(t, "{op: publish}"), Clients{}, &errs)
	if len(errs) != 2 {
		t.Errorf("op in a program's group: %v", &errs)
	}
}
