package explore

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

func sampleFile() *File {
	return &File{
		Comments: []string{"lost wakeup", "", "  1 main  load"},
		Build:    "v1", Go: "go1.26", Target: "broker", Variant: "gate-only", Hash: "abc", Seed: "7", Index: 3,
		Ops: 4, Clients: 1, MaxSteps: 5000, Strategy: "pos", Classes: []string{"a/b/c", "d/e/f"},
		Steps: 70, Events: 65, Trace: 0xfeed, Marks: []uint64{1 << 60}, Turns: []string{"main\tload x", "clock\tsleep"},
		Scenario: "name: x\n# a comment\ntarget: broker\n",
		Deviations: []Deviation{
			{"", 0, Ended, 0, "main"}, {"main", 12, Runs, 0, `a "b" -> c`}, {"main.x#2", 3, Blocked, 2, "clock"},
		},
	}
}

func TestAFileReadsBackAsItWasWritten(t *testing.T) {
	raw := sampleFile().Marshal()
	for _, form := range [][]byte{raw, bytes.ReplaceAll(raw, []byte("\n"), []byte("\r\n"))} {
		f, err := ParseFile(form)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(f, sampleFile()) {
			t.Errorf("read %+v\nwrote %+v", f, sampleFile())
		}
	}
}

func TestABrokenFileIsRefusedWithItsLine(t *testing.T) {
	good := string(sampleFile().Marshal())
	for name, tc := range map[string]struct{ text, want string }{
		"empty":     {"", "line 0: this is not a replay file"},
		"foreign":   {"{\n}\n", "line 1: this is not a replay file"},
		"newer":     {strings.Replace(good, "replay/v1", "replay/v9", 1), `line 4: the format is "racebench.replay/v9"`},
		"misspelt":  {strings.Replace(good, "\nindex 3", "\nindx 3", 1), `line 11: "index" should stand here, not "indx 3"`},
		"no number": {strings.Replace(good, "\nindex 3", "\nindex x", 1), `line 11: index: "x" is not a count`},
		"state":     {strings.Replace(good, "12 runs", "12 walks", 1), "is not a deviation"},
		"hash":      {strings.Replace(good, "trace 0", "trace x", 1), "line 18: trace: "},
		"more":      {good + "more\n", `something follows the end: "more"`},
		"one less":  {strings.Replace(good, "deviations 3", "deviations 2", 1), `line 25: "scenario" should stand here`},
		"one more":  {strings.Replace(good, "deviations 3", "deviations 4", 1), "line 26: line 4 of 4 of deviations should be indented"},
		"end":       {strings.Replace(good, "\nend ", "\nend 9", 1), "the end counts"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseFile([]byte(tc.text))
			if err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %s", err, tc.want)
			}
		})
	}
}

func TestAFileCutOffAnywhereIsRefused(t *testing.T) {
	good := sampleFile().Marshal()
	for n := range good {
		if _, err := ParseFile(good[:n]); err == nil {
			t.Fatalf("accepted the first %d of %d bytes", n, len(good))
		} else if strings.Contains(err.Error(), "\n") {
			t.Fatalf("more than a sentence: %v", err)
		}
	}
}

func FuzzParseReplay(f *testing.F) {
	good := sampleFile().Marshal()
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte("format racebench.replay/v1\nbuild x"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		file, err := ParseFile(raw)
		if err != nil {
			return
		}
		again, err := ParseFile(file.Marshal())
		if err != nil {
			t.Fatalf("what was read cannot be read again: %v", err)
		}
		if !bytes.Equal(again.Marshal(), file.Marshal()) {
			t.Fatalf("read %+v, then %+v", file, again)
		}
	})
}
