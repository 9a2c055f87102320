//go:build unix

package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/racebench/racebench/internal/console"
	"github.com/racebench/racebench/internal/report"
)

// hostile is a name that would set a window's title, clear the screen, begin a line, and be a command of a CI system.
const hostile = "a\n::error file=x::b\x1b]0;title\x07\x1b[2J\r##[error]c\u202e\u009b31m ::add-mask::d ##vso[task]e"

// obeyed returns what of an output a terminal or a CI system would obey. Annotations are racebench's own.
func obeyed(text string, annotated bool) string {
	for _, c := range text {
		if c != '\n' && c != '\t' && (unicode.IsControl(c) || console.Hidden(c)) {
			return "a control character: " + string(c)
		}
	}
	for line := range strings.Lines(text) {
		start := strings.TrimLeftFunc(line, unicode.IsSpace)
		own := annotated && (strings.HasPrefix(line, "::error ") || strings.HasPrefix(line, "::warning ") || strings.HasPrefix(line, "::notice ")) &&
			strings.Contains(line, "title=")
		if strings.HasPrefix(start, "::") && !own || strings.Contains(line, "##[") || strings.Contains(line, "##vso[") {
			return "a command: " + line
		}
	}
	return ""
}

// printed runs racebench and checks what it prints.
func printed(t *testing.T, args ...string) (out string, status int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	status = run(context.Background(), args, &stdout, &stderr)
	annotated := slices.Contains(args, "github")
	for _, text := range []string{stdout.String(), stderr.String()} {
		if what := obeyed(text, annotated); what != "" {
			t.Errorf("racebench %q, status %d, prints %q:\n%q", args, status, what, text)
		}
	}
	return stdout.String() + stderr.String(), status
}

// Every command, every argument and every flag of it refuses a name without obeying it.
func TestHostileArguments(t *testing.T) {
	t.Chdir(t.TempDir())
	a := &app{}
	tried := 0
	var walk func(cmd *cobra.Command, path []string)
	walk = func(cmd *cobra.Command, path []string) {
		for _, sub := range cmd.Commands() {
			if sub.Name() == "demo" || sub.Name() == "doctor" {
				continue // they take time, and no names
			}
			walk(sub, append(slices.Clone(path), sub.Name()))
		}
		printed(t, append(slices.Clone(path), hostile)...)
		printed(t, append(slices.Clone(path), "--"+hostile)...)
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if f.Name != "help" && f.Value.Type() != "bool" {
				tried++
				printed(t, append(slices.Clone(path), "--"+f.Name+"="+hostile)...)
				printed(t, append(slices.Clone(path), "--"+f.Name+"="+hostile, hostile)...)
			}
		})
	}
	walk(a.root(), nil)
	if tried < 50 {
		t.Errorf("only %d flags were tried", tried)
	}
	for _, args := range [][]string{
		{"load", "http://" + hostile}, {"load", "http://127.0.0.1:1/", "http://" + hostile + "/"}, {"probe", "--", hostile},
		{"probe", "--", "./" + hostile}, {"gate", "--baseline", hostile}, {"gate", "--against", hostile}, {"init", "--from", hostile},
		{"list", "variants", hostile}, {"run", "broker/" + hostile}, {"fuzz", "broker/" + hostile}, {"help", hostile}, {"init", "--ci", hostile},
	} {
		if out, status := printed(t, args...); status != 2 && status != 3 || out == "" {
			t.Errorf("racebench %q: status %d:\n%s", args, status, out)
		}
	}
}

// So it is with files of that name, whatever is in them, and with what a file says.
func TestHostileFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.ReplaceAll(hostile, "/", ""))
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	name := strings.ReplaceAll(hostile, "/", "")
	quoted := `"a\n::error file=x::b\e]0;title\a\e[2J\r##[error]c ::add-mask::d"`
	texts := map[string]string{
		"garbage": hostile + "\n" + hostile, "empty": "", "key": quoted + ": 1\nname: x\ntarget: broker\n",
		"values": "name: " + quoted + "\ntarget: " + quoted + "\nvariants: [" + quoted + "]\nexpect: [" + quoted + "]\nload: [{op: " + quoted + ", shape: " + quoted +
			"}]\ninject: [{signal: " + quoted + ", at: " + quoted + "}]\nthresholds: [" + quoted + "]\nknown: [{variant: " + quoted + ", class: " + quoted + "}]\nwiden: {" + quoted + ": " + quoted + "}\n",
		"external":  "name: x\ntarget: external\nexternal: {command: [" + quoted + "], url: " + quoted + ", cwd: " + quoted + ", preset: " + quoted + ", exit: [" + quoted + "]}\n",
		"json":      `{"schema": ` + strings.NewReplacer(`\e`, `\u001b`, `\a`, `\u0007`).Replace(quoted) + `}`,
		"truncated": `{"schema": "racebench.result/v1", "results": [`,
	}
	for what, text := range texts {
		for _, ext := range []string{".yaml", ".json", ".replay"} {
			file := what + name + ext
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, args := range [][]string{{"validate"}, {"run"}, {"fuzz"}, {"replay"}, {"judge"}, {"report"}, {"compare", file}, {"gate", "--baseline", file}, {"init", "--from"}} {
				if _, status := printed(t, append(args, file)...); status != 2 && status != 3 {
					t.Errorf("racebench %q of %s: status %d", args, what, status)
				}
			}
		}
	}
	for _, args := range [][]string{{"replay", "."}, {"judge", "."}, {"report", dir}, {"replay", dir}, {"run", dir}} {
		printed(t, args...)
	}
}

// A report of a scenario whose words are hostile, in every format; and the replay of what it found, with comments of
// somebody else.
func TestHostileResults(t *testing.T) {
	name := strings.ReplaceAll(hostile, "/", "")
	dir := filepath.Join(t.TempDir(), name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Chdir(dir)
	file := name + ".yaml"
	scenario := "name: x\ntarget: broker\nvariants: [timeout-drain]\nengine: sim\nseed: 7\nowner: \"@a ::error::c ##[error]d\"\n" +
		"known: [{variant: timeout-drain, class: \"no-ghost/*\", until: " + time.Now().AddDate(0, 0, 30).Format(time.DateOnly) + ", why: \"a\\n::error::b\\e[2J ::error::c ##[error]d\"}]\n"
	if err := os.WriteFile(file, []byte(scenario), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, status := printed(t, "fuzz", "--trials", "300", "-o", "github", "--dir", name+"runs", file); status != 1 {
		t.Fatalf("status %d:\n%s", status, out)
	}
	for _, format := range report.Formats() {
		printed(t, "report", "-o", format, "--verbose", filepath.Join(name+"runs", "latest", "result.json"))
	}
	found, _ := filepath.Glob(filepath.Join("*runs", "latest", "trials", "*", "*.replay"))
	if len(found) == 0 {
		t.Fatal("nothing to replay")
	}
	raw, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	first, rest, _ := strings.Cut(string(raw), "\n")
	sent := name + ".replay"
	comments := "# ::error::b\n# \x1b]0;title\x07\x1b[2J##[error]c\n"
	if err := os.WriteFile(sent, []byte(first+"\n"+comments+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, status := printed(t, "replay", sent); status != 1 || !strings.Contains(out, `\x3a:error::b`) || !strings.Contains(out, `\x1b]0;title\x07`) {
		t.Errorf("status %d:\n%s", status, out)
	}
}
