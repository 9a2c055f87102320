package batch

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/racebench/racebench/scenario/spec"
)

// TestTheRuntimeIsKnownFromTheExecutable of programs that are named after it, linked to it, scripts of it, and Go's.
func TestTheRuntimeIsKnownFromTheExecutable(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
		return path
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "server")
	if err := os.Symlink(write("python3.12", "\x7fELF"), link); err != nil {
		t.Skipf("no link can be made here: %v", err)
	}
	list := func(words ...string) spec.Value {
		v := spec.Value{Kind: spec.List}
		for _, w := range words {
			v.Items = append(v.Items, spec.Text(w))
		}
		return v
	}
	for _, c := range []struct {
		command spec.Value
		want    string
	}{
		{list(self, "-x"), "go"}, {list("node", "server.js"), "node"}, {list("/usr/bin/nodejs", "x"), "node"}, {list(link), "python"},
		{list(write("start", "#!/usr/bin/env -S FOO=1 node --flag\n")), "node"}, {list(write("serve", "#!/usr/bin/python3\n")), "python"},
		{spec.Text("java -jar x.jar"), "java"}, {list("sh", "-c", "exec ./x"), ""}, {list(write("run.sh", "#!/bin/sh\nexec node x\n")), ""},
		{list(filepath.Join(dir, "absent")), ""}, {list(dir), ""}, {list(write("empty", "")), ""}, {list("rubygems-like"), ""}, {list("nodemon"), ""},
	} {
		external := spec.Value{Kind: spec.Map, Fields: []spec.Field{{Key: spec.Text("command"), Value: c.command}}}
		if got := runtimeOf(&external); got != c.want {
			t.Errorf("%+v: %q, want %q", c.command, got, c.want)
		}
	}
	inFolder := spec.Value{Kind: spec.Map, Fields: []spec.Field{{Key: spec.Text("cwd"), Value: spec.Text(dir)}, {Key: spec.Text("command"), Value: list("./start")}}}
	if got := runtimeOf(&inFolder); got != "node" {
		t.Errorf("of a script in another folder: %q", got)
	}
	if runtimeOf(nil) != "" {
		t.Error("a server inside racebench has the runtime of a program")
	}
}
