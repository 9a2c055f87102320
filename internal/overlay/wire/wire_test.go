package wire

import (
	"encoding/binary"
	"encoding/json"
	"slices"
	"testing"
	"unsafe"
)

// A test process that was built before this racebench would read other bytes than were meant.
func TestTheMemoryLiesWhereItIsSaidTo(t *testing.T) {
	var m Memory
	for _, c := range []struct {
		what      string
		got, want uintptr
	}{
		{"magic", unsafe.Offsetof(m.Magic), 0},
		{"index", unsafe.Offsetof(m.Index), 8},
		{"phase", unsafe.Offsetof(m.Phase), 16},
		{"serial", unsafe.Offsetof(m.Serial), 20},
		{"n", unsafe.Offsetof(m.N), 24},
		{"last", unsafe.Offsetof(m.Last), 28},
		{"state", unsafe.Offsetof(m.State), 32},
		{"step", unsafe.Offsetof(m.Step), 36},
		{"choice", unsafe.Offsetof(m.Choice), 40},
		{"tasks", unsafe.Offsetof(m.Tasks), 44},
		{"devs", unsafe.Offsetof(m.Devs), 48},
		{"events", unsafe.Offsetof(m.Events), 52},
		{"now", unsafe.Offsetof(m.Now), 56},
		{"slack", unsafe.Offsetof(m.Slack), 64},
		{"used", unsafe.Offsetof(m.Used), 72},
		{"hash", unsafe.Offsetof(m.Hash), 80},
		{"decisions", unsafe.Offsetof(m.Decisions), 88},
		{"preempts", unsafe.Offsetof(m.Preempts), 92},
		{"tired", unsafe.Offsetof(m.Tired), 96},
		{"early", unsafe.Offsetof(m.Early), 100},
		{"holder", unsafe.Offsetof(m.Holder), 104},
		{"stop", unsafe.Offsetof(m.Stop), 108},
		{"max steps", unsafe.Offsetof(m.MaxSteps), 112},
		{"logging", unsafe.Offsetof(m.Logging), 116},
		{"text address", unsafe.Offsetof(m.TextAddress), 120},
		{"signals", unsafe.Offsetof(m.Signals), 128},
		{"races", unsafe.Offsetof(m.Races), 132},
		{"head", unsafe.Offsetof(m.Head), 136},
		{"tail", unsafe.Offsetof(m.Tail), 140},
		{"text length", unsafe.Offsetof(m.TextLength), 144},
		{"changed", unsafe.Offsetof(m.Changed), 148},
		{"main", unsafe.Offsetof(m.Main), 152},
		{"left", unsafe.Offsetof(m.Left), 156},
		{"unused", unsafe.Offsetof(m.Unused), 160},
		{"run", unsafe.Offsetof(m.Run), 4096},
		{"task", unsafe.Offsetof(m.Task), 8192},
		{"dev", unsafe.Offsetof(m.Dev), 270336},
		{"result", unsafe.Offsetof(m.Result), 532480},
		{"text", unsafe.Offsetof(m.Text), 663552},
		{"event", unsafe.Offsetof(m.Event), 729088},
		{"the end", unsafe.Sizeof(m), 4923392},
		{"size of a task", unsafe.Sizeof(Task{}), 64},
		{"size of a deviation", unsafe.Sizeof(Dev{}), 16},
		{"size of a result", unsafe.Sizeof(Result{}), 32},
		{"size of an event", unsafe.Sizeof(Event{}), 128},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
	if text := string(binary.LittleEndian.AppendUint64(nil, Magic)); text != "RBGOTST1" {
		t.Errorf("the magic reads %q", text)
	}
}

func TestResultsAreTakenInTheOrderTheyWerePut(t *testing.T) {
	m := new(Memory)
	if _, ok := m.Take(); ok {
		t.Fatal("taken from an empty ring")
	}
	next := uint64(0)
	for round := range 3 { // the ring goes round
		for i := range uint64(MaxResults) {
			if !m.Put(Result{Index: uint64(round)*MaxResults + i, Verdict: Leak}) {
				t.Fatalf("round %d: no room for result %d", round, i)
			}
		}
		if m.Put(Result{}) {
			t.Fatal("put into a full ring")
		}
		for r, ok := m.Take(); ok; r, ok = m.Take() {
			if r.Index != next || r.Verdict != Leak {
				t.Fatalf("took %v, want index %d", r, next)
			}
			next++
		}
	}
	if next != 3*MaxResults {
		t.Errorf("took %d results", next)
	}
}

func TestMemoryRefusesOtherSizes(t *testing.T) {
	if _, err := At(make([]byte, Size-1)); err == nil {
		t.Error("memory that is too small was taken")
	}
	words := make([]uint64, Size/8)
	m, err := At(unsafe.Slice((*byte)(unsafe.Pointer(&words[0])), Size))
	if err != nil {
		t.Fatal(err)
	}
	m.Serial = 7
	if words[2] != 7<<32 {
		t.Errorf("serial was written elsewhere: %x", words[2])
	}
	copy(m.Text[:], "hello, world")
	if m.TextLength = 5; m.Written() != "hello" {
		t.Errorf("written: %q", m.Written())
	}
	if m.TextLength = MaxText + 9; len(m.Written()) != MaxText {
		t.Error("a length beyond the text was believed")
	}
}

func TestNamesOfTasks(t *testing.T) {
	for function, want := range map[string]string{
		"example.org/some.thing/p.(*S).run":   "(*S)/run",
		"example.org/p.TestStop.func1":        "TestStop/func1",
		"p.worker":                            "worker",
		"p.each[example.org/q.T].func2":       "each/func2",
		"example.org/p.run.(*Group).Go.func3": "run/(*Group)/Go/func3",
		"testing.tRunner":                     "test",
		"example.org/p.(*S[...]).loop":        "(*S)/loop",
		"gopkg.in/yaml%2ev3.parse":            "parse",
		"example.org/p.TestStop.gowrap1":      "TestStop/gowrap1",
	} {
		if got := TaskName(function); got != want {
			t.Errorf("%s is named %q, want %q", function, got, want)
		}
	}
	var n Namer
	n.Add("", 0)
	n.Add("testing/internal/testdeps.rbSchedule.func1", Clock)
	n.Add("testing.tRunner", 1)
	n.Add("p.worker", 2)
	n.Add("p.worker", 2)
	n.Add("p.worker", 3)
	n.Add("p.late", Clock)
	want := []string{"clock", "main", "test", "test.worker", "test.worker#2", "test.worker.worker", "clock.late"}
	if !slices.Equal(n.Paths(), want) {
		t.Errorf("paths: %q, want %q", n.Paths(), want)
	}
}

// The first byte tells a line from a question.
func TestMessagesAreLinesOfJSON(t *testing.T) {
	c := Command{Do: DoSearch, To: 9, Seed: 1 << 63, Hints: &Hints{Steps: 90}, Chance: 5}
	raw, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if raw[0] == Question || raw[0] == Reply {
		t.Errorf("a command begins with %q", raw[0])
	}
	var back Command
	if err := json.Unmarshal(raw, &back); err != nil || back.Seed != 1<<63 || back.Hints.Steps != 90 || back.Chance != 5 {
		t.Errorf("%s was read as %+v: %v", raw, back, err)
	}
	if Chance(1, 0) == Chance(1, 1) || Chance(1, 0) == Chance(2, 0) || Chance(0, 0) == 0 {
		t.Error("two schedules have one chance")
	}
	for v := Passed; v <= Void; v++ {
		if v.String() == "" {
			t.Errorf("verdict %d has no name", v)
		}
	}
}
