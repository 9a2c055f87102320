package fleet

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"
)

const campaignID = "00112233445566aa"

func anItem() Item { return Item{campaignID, strings.Repeat("ab", 32), 0, 3} }

func encoded(t *testing.T, v any) []byte {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// An item says which part of which campaign it is, and nothing else: no command, no path, no more than a line.
func TestItemsThatAreNoneAreRefused(t *testing.T) {
	good := anItem()
	subject := func(i Item) string { return workSubject + "0011.open." + i.name() }
	if back, err := decodeItem(encoded(t, good), subject(good)); err != nil || back != good {
		t.Fatalf("%+v: %v", back, err)
	}
	with := func(change func(*Item)) []byte {
		i := good
		change(&i)
		return encoded(t, i)
	}
	for name, c := range map[string]struct {
		raw     []byte
		subject string
	}{
		"no JSON":          {[]byte("\x00\xff"), subject(good)},
		"nothing":          {nil, subject(good)},
		"a list":           {[]byte("[]"), subject(good)},
		"a command":        {[]byte(strings.Replace(string(encoded(t, good)), "{", `{"command":["sh","-c","touch owned"],`, 1)), subject(good)},
		"a path":           {[]byte(strings.Replace(string(encoded(t, good)), "{", `{"scenario":"../../etc/x.yaml",`, 1)), subject(good)},
		"two items":        {append(encoded(t, good), encoded(t, good)...), subject(good)},
		"1 GB":             {[]byte(strings.Repeat(" ", 1<<20) + string(encoded(t, good))), subject(good)},
		"a deep nest":      {[]byte(strings.Repeat("[", 4000)), subject(good)},
		"another subject":  {encoded(t, good), subject(Item{"00112233445566ab", good.Job, 0, 3})},
		"another part":     {encoded(t, good), subject(Item{good.Campaign, good.Job, 0, 4})},
		"a short subject":  {encoded(t, good), "x"},
		"a wild campaign":  {with(func(i *Item) { i.Campaign = "a.>" }), subject(good)},
		"a job by a path":  {with(func(i *Item) { i.Job = "../../../etc/passwd" }), subject(good)},
		"part 0":           {with(func(i *Item) { i.Part = 0 }), subject(good)},
		"a negative row":   {with(func(i *Item) { i.Row = -1 }), subject(good)},
		"a part past all":  {with(func(i *Item) { i.Part = 1 << 40 }), subject(good)},
		"no whole numbers": {[]byte(strings.Replace(string(encoded(t, good)), `"part":3`, `"part":1e99`, 1)), subject(good)},
	} {
		_, err := decodeItem(c.raw, c.subject)
		if _, refused := errors.AsType[Refusal](err); !refused {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestJobsThatAreNoneAreRefused(t *testing.T) {
	good := Job{Format: jobFormat, Build: "b", Scenario: "name: x", Hash: "h", Variant: "v", Seed: "1", Trials: 100, Width: 40, Began: time.Unix(1, 0).UTC()}
	raw, hash, err := good.encode()
	if err != nil {
		t.Fatal(err)
	}
	if back, err := decodeJob(raw, hash); err != nil || back != good {
		t.Fatalf("%+v: %v", back, err)
	}
	if good.parts() != 3 || good.shard(2).String() != "2/3" || good.shard(2).Width != 40 {
		t.Errorf("%d parts, the second is %v", good.parts(), good.shard(2))
	}
	if one := (Job{Trials: 40, Width: 40}); one.parts() != 1 || one.shard(1).String() != "" || one.shard(1).Width != 0 {
		t.Error("a job of one part is no whole run")
	}
	if _, err := decodeJob(raw, strings.Repeat("0", 64)); err == nil {
		t.Error("a job went by the hash of another")
	}
	for name, change := range map[string]func(*Job){
		"another format": func(j *Job) { j.Format = "racebench.job/v2" },
		"no trials":      func(j *Job) { j.Trials = 0 },
		"no width":       func(j *Job) { j.Width = 0 },
		"a width past":   func(j *Job) { j.Width = -1 },
		"endless trials": func(j *Job) { j.Trials = 1 << 40 },
	} {
		bad := good
		change(&bad)
		raw, hash, err := bad.encode()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeJob(raw, hash); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
