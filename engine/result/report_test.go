package result_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/racebench/racebench/engine/result"
)

func TestReport(t *testing.T) {
	r := reportOf(t)
	if r.Verdict != result.Breached && r.Verdict != result.Hung {
		t.Errorf("the worst is %s", r.Verdict)
	}
	bad, good := r.Results[0], r.Results[1]
	if bad.RulesOut != 0 || bad.Replay != "racebench replay runs/1/trials/000004" {
		t.Errorf("rules out %v, replay %q", bad.RulesOut, bad.Replay)
	}
	near(t, "rules out", good.RulesOut, result.RulesOut(2), 0)
	if good.Replay != "" || good.Breaches != nil || good.AtRisk[0].Fewest != 100 || good.AtRisk[0].Count != 201 {
		t.Errorf("a clean row has %q, %v, %+v", good.Replay, good.Breaches, good.AtRisk)
	}
	if bad.Drain.Unfinished != 1 || bad.Drain.Count != 4 || bad.Drain.MaxNS != 15e6 {
		t.Errorf("drain is %+v", bad.Drain)
	}
	if want := []result.VoidReason{{Reason: "never struck", Trials: 2}, {Reason: "starved", Trials: 1}}; !reflect.DeepEqual(bad.Void, want) {
		t.Errorf("void for %+v", bad.Void)
	}
	if want := []string{"one trial: the record was cut"}; !reflect.DeepEqual(bad.Notes, want) {
		t.Errorf("notes are %q", bad.Notes)
	}
	empty, err := result.NewReport(nil)
	if err != nil || empty.Status() != 3 {
		t.Errorf("nothing run: %v, %v", empty, err)
	}
}

func TestEncodeAndDecode(t *testing.T) {
	raw, err := reportOf(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := result.Decode(raw)
	if err != nil {
		t.Fatal(err)
	}
	again, err := back.Encode()
	if err != nil || !bytes.Equal(raw, again) {
		t.Errorf("it reads as something else: %v\n%s\n%s", err, raw, again)
	}
	later := bytes.Replace(raw, []byte(`"seed"`), []byte(`"from_a_later_version": 1, "seed"`), 1)
	if _, err := result.Decode(later); err != nil {
		t.Errorf("a later version's field is refused: %v", err)
	}
	for _, bad := range []string{"", "{}", "[]", `{"schema": "racebench.result/v2"}`, string(raw[:len(raw)/2])} {
		if r, err := result.Decode([]byte(bad)); err == nil {
			t.Errorf("%.40q reads as %+v", bad, r)
		}
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil || fields["schema"] != result.SchemaName {
		t.Errorf("schema is %v, %v", fields["schema"], err)
	}
}
