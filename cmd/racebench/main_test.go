package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/engine/trial"
	"github.com/racebench/racebench/engine/trialtest"
	"github.com/racebench/racebench/internal/custody"
	"github.com/racebench/racebench/internal/rpc/rpctest"
	"github.com/racebench/racebench/targets/all"
)

// TestMain lets the test binary be racebench itself, and the child of racebench's trials.
func TestMain(m *testing.M) {
	custody.Main()
	trial.MaybeChild(trial.Config{Catalog: all.Targets()})
	_ = flag.Set("test.parallel", "6") // most scripts wait for programs; -parallel on the command line comes after this
	testscript.Main(m, map[string]func(){"racebench": main, "testserver": testServer, "rpcserver": rpctest.Main})
}

// Scripts find the scenarios of testdata/scenario in their working directory.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(e *testscript.Env) error {
			e.Setenv("CI", "")
			e.Setenv("XDG_STATE_HOME", filepath.Join(e.WorkDir, ".tmp", "state")) // testscript has no home
			// The race detector would let a test server that exits serve for another second.
			e.Setenv("GORACE", "atexit_sleep_ms=0")
			return os.CopyFS(e.WorkDir, os.DirFS(filepath.Join("testdata", "scenario")))
		},
		Condition: func(name string) (bool, error) {
			if name == "race" {
				return trialtest.RaceBuild, nil
			}
			return false, fmt.Errorf("unknown condition %s", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status":   scriptStatus,
			"json":     scriptJSON,
			"conform":  scriptConform,
			"keep":     scriptKeep,
			"cut":      scriptCut,
			"sparse":   scriptSparse,
			"timeless": scriptTimeless,
		},
	})
}

// scriptStatus runs a command that must end with an exit status: status N racebench run …
func scriptStatus(ts *testscript.TestScript, neg bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("run %s: %v", args[1], err)
		}
		got = exit.ExitCode()
	}
	if neg || got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// scriptJSON checks that a file holds one JSON value, and that fields are what they should be:
// json stdout verdict=breached results.0.trials.run=2
func scriptJSON(ts *testscript.TestScript, _ bool, args []string) {
	v := decode(ts, args[0])
	for _, arg := range args[1:] {
		path, want, _ := strings.Cut(arg, "=")
		if got := field(ts, v, path); got != want {
			ts.Fatalf("%s: %s is %s, want %s", args[0], path, got, want)
		}
	}
}

// decode reads the one JSON value of a file.
func decode(ts *testscript.TestScript, file string) any {
	dec := json.NewDecoder(strings.NewReader(ts.ReadFile(file)))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		ts.Fatalf("%s is not JSON: %v", file, err)
	}
	if dec.More() {
		ts.Fatalf("%s: something follows the JSON", file)
	}
	return v
}

// field follows a path such as results.0.verdict and returns what is there as text; "len" is how many.
func field(ts *testscript.TestScript, v any, path string) string {
	for _, step := range strings.Split(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			if step == "len" {
				return strconv.Itoa(len(at))
			}
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(at) {
				ts.Fatalf("%s: there is no element %s of %d", path, step, len(at))
			}
			v = at[i]
		default:
			ts.Fatalf("%s: %v has no %s", path, v, step)
		}
	}
	text, err := json.Marshal(v)
	ts.Check(err)
	return strings.Trim(string(text), `"`)
}

// scriptConform checks a file against the schema of results.
func scriptConform(ts *testscript.TestScript, _ bool, args []string) {
	v, err := jsonschema.UnmarshalJSON(strings.NewReader(ts.ReadFile(args[0])))
	if err != nil {
		ts.Fatalf("%s is not JSON: %v", args[0], err)
	}
	schema, err := compileSchema(result.SchemaJSON())
	ts.Check(err)
	if err := schema.Validate(v); err != nil {
		ts.Fatalf("%s: %v", args[0], err)
	}
}

func compileSchema(text []byte) (*jsonschema.Schema, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("schema.json")
}

// scriptKeep puts what a pattern captures in a file into a variable: keep NAME PATTERN FILE
func scriptKeep(ts *testscript.TestScript, _ bool, args []string) {
	found := regexp.MustCompile(args[1]).FindStringSubmatch(ts.ReadFile(args[2]))
	if found == nil {
		ts.Fatalf("%s holds nothing like %s", args[2], args[1])
	}
	ts.Setenv(args[0], found[1])
}

// scriptCut leaves of a file so many percent: cut FILE 50
func scriptCut(ts *testscript.TestScript, _ bool, args []string) {
	path := ts.MkAbs(args[0])
	info, err := os.Stat(path)
	ts.Check(err)
	percent, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	ts.Check(os.Truncate(path, info.Size()*percent/100))
}

// scriptTimeless copies a result without what another run has otherwise: times, and where it was stored.
func scriptTimeless(ts *testscript.TestScript, _ bool, args []string) {
	text, err := json.MarshalIndent(timeless(decode(ts, args[0])), "", "  ")
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[1]), text, 0o644))
}

// runName is what the folder of a run is called.
var runName = regexp.MustCompile(`\d{8}-\d{6}-[0-9a-f]{6}`)

func timeless(v any) any {
	switch at := v.(type) {
	case map[string]any:
		for name, inner := range at {
			if slices.Contains([]string{"started", "elapsed_ns", "per_second"}, name) {
				delete(at, name)
				continue
			}
			at[name] = timeless(inner)
		}
	case string:
		return runName.ReplaceAllString(at, "RUN")
	case []any:
		for i := range at {
			at[i] = timeless(at[i])
		}
	}
	return v
}

// scriptSparse makes a file of so many MiB that takes no room: sparse FILE 100
func scriptSparse(ts *testscript.TestScript, _ bool, args []string) {
	mib, err := strconv.ParseInt(args[1], 10, 64)
	ts.Check(err)
	path := ts.MkAbs(args[0])
	ts.Check(os.WriteFile(path, nil, 0o644))
	ts.Check(os.Truncate(path, mib<<20))
}
