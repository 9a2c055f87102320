package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/console"
	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/report"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/scenario/secret"
)

// An output is standard output. A reader who has left is no error: the rest goes nowhere and the exit
// status stays the verdict. Any other error ends the writing and is kept for the end of the program, so
// that nobody who prints has to look.
type output struct {
	w    io.Writer
	gone bool
	err  error
}

// Write writes p, or drops it. It never returns an error.
func (o *output) Write(p []byte) (int, error) {
	if o.gone {
		return len(p), nil
	}
	if _, err := o.w.Write(secret.Scrub(p)); err != nil {
		o.gone = true
		if !isClosedPipe(err) {
			o.err = fmt.Errorf("write to standard output: %w", pathless(err))
		}
	}
	return len(p), nil
}

// A hearing passes on what a program of the user's prints: whole lines, without secrets.
type hearing struct {
	secret.Writer
	lines io.WriteCloser
}

// hear returns a hearing that passes on to standard error.
func hear(stderr *console.Writer) *hearing {
	h := &hearing{lines: stderr.Lines()}
	h.To = h.lines
	return h
}

// Close passes on what has no end. The errors of standard error have nowhere to go.
func (h *hearing) Close() {
	_ = h.Writer.Close()
	_ = h.lines.Close()
}

// pathless leaves out the name that the system has for a file which the message names better.
func pathless(err error) error {
	if e, ok := err.(*fs.PathError); ok {
		return e.Err
	}
	return err
}

// A destination is one -o: a format, and the file it goes to. Without a file it goes to stdout.
type destination struct{ format, file string }

// destinations reads the -o flags. At most one goes to stdout; without one the text does. Files come
// first, so that one that cannot be written leaves stdout empty.
func (f *runFlags) destinations() ([]destination, error) {
	asked := slices.Clone(f.outputs.asked)
	if f.asJSON {
		asked = append(asked, "json")
	}
	var files []destination
	toStdout := ""
	for _, o := range asked {
		format, file, named := strings.Cut(o, "=")
		named = named && file != "-"
		switch {
		case !slices.Contains(f.outputs.known, format):
			return nil, usagef("-o %s: there is no format %q%s: formats are %s", o, format,
				didYouMean(format, f.outputs.known), strings.Join(f.outputs.known, ", "))
		case named && file == "":
			return nil, usagef("-o %s names no file after the =", o)
		case !named && toStdout != "":
			return nil, usagef("-o %s and -o %s both go to stdout: give one a file, such as -o json=result.json", toStdout, format)
		case !named:
			toStdout = format
			continue
		case slices.ContainsFunc(files, func(d destination) bool { return filepath.Clean(d.file) == filepath.Clean(file) }):
			return nil, usagef("-o %s: %s is written twice", o, file)
		}
		files = append(files, destination{format, file})
	}
	if toStdout == "" {
		toStdout = "text"
	}
	return append(files, destination{format: toStdout}), nil
}

// checkFiles refuses, before anything is run, files of -o that could not be written after it.
func checkFiles(to []destination) error {
	for _, d := range to {
		if d.file == "" {
			continue
		}
		if info, err := os.Stat(d.file); err == nil && info.IsDir() {
			return usagef("-o %s=%s: it is a directory: name a file in it", d.format, d.file)
		}
		if isSpecial(d.file) {
			continue
		}
		dir := filepath.Dir(d.file)
		temp, err := os.CreateTemp(dir, "."+filepath.Base(d.file)+"-*")
		if err != nil {
			return usagef("-o %s=%s: no file can be written in %s: %w", d.format, d.file, dir, pathless(err))
		}
		_ = temp.Close()
		_ = os.Remove(temp.Name())
	}
	return nil
}

// isSpecial reports whether path is there and no regular file: a device, a pipe, a link to one. Such a thing
// is written to, not replaced.
func isSpecial(path string) bool {
	info, err := os.Lstat(path)
	return err == nil && !info.Mode().IsRegular()
}

// finish prints the report wherever it is wanted and sets the exit status.
func (a *app) finish(rep *result.Report, f runFlags) error {
	a.status = rep.Status()
	if a.status == statusPassed {
		a.alsoFailed = alsoFails(rep, f.failOn)
	}
	err := a.printAll(f, func(format string, o report.Options) ([]byte, error) { return report.Render(format, rep, o) })
	if err != nil {
		return err
	}
	if len(a.alsoFailed) > 0 {
		a.status = statusFinding
	}
	var replays []string
	for _, row := range rep.Results {
		replays = append(replays, row.Replay)
	}
	a.hintArtifact(replays)
	return nil
}

// alsoFails returns a sentence for every reason of --fail-on that a result without a finding fails for.
func alsoFails(rep *result.Report, failOn []string) []string {
	var why []string
	for _, row := range rep.Results {
		name := fmt.Sprintf("%s %s/%s", row.Scenario, row.Target, row.Variant)
		if slices.Contains(failOn, "warnings") {
			for _, w := range row.Warnings {
				why = append(why, fmt.Sprintf("by --fail-on warnings: %s: %s", name, w.Summary))
			}
		}
		var crossed int64
		for _, x := range row.Crossed {
			if result.OnTheWire(x.Kind) {
				crossed += x.Count
			}
		}
		why = append(why, crossedOrUnseen(name, crossed, row.Unseen, failOn)...)
	}
	return why
}

// crossedOrUnseen says why one result fails by --fail-on crossed and unseen.
func crossedOrUnseen(name string, crossed int64, unseen, failOn []string) []string {
	var why []string
	if crossed > 0 && slices.Contains(failOn, "crossed") {
		why = append(why, fmt.Sprintf("by --fail-on crossed: %s: %d crossed on the wire", name, crossed))
	}
	if len(unseen) > 0 && slices.Contains(failOn, "unseen") {
		why = append(why, fmt.Sprintf("by --fail-on unseen: %s: no trial showed %s", name, strings.Join(unseen, ", ")))
	}
	return why
}

// printAll renders in every format that is asked for and writes each to where it belongs.
func (a *app) printAll(f runFlags, render func(format string, o report.Options) ([]byte, error)) error {
	to, err := f.destinations()
	if err != nil {
		return err
	}
	root, _ := os.Getwd() // without it no stack names a file of the project
	for _, d := range to {
		opts := report.Options{
			Dir: f.dir, Verbose: f.verbose, CutShort: a.cutShort, Worked: a.worked, AlsoFailed: a.alsoFailed, Root: root,
			NoTrials: !exists(filepath.Join(f.dir, "latest", "trials")),
		}
		if d.file == "" {
			opts.Width, opts.Color = terminal(a.out.w, f.color)
		}
		raw, err := render(d.format, opts)
		if err == nil {
			err = a.write(d, raw)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// write puts one rendering where it is wanted.
func (a *app) write(d destination, raw []byte) error {
	switch {
	case d.file == "":
		return a.stdout.Raw(raw)
	case d.file == "/dev/stdout": // opening it would cut off what is there, where it is a file
		return a.stdout.Raw(raw)
	case d.file == "/dev/stderr":
		return a.stderr.Raw(raw)
	case isSpecial(d.file):
		return writeThrough(d.file, raw)
	case d.file == os.Getenv("GITHUB_STEP_SUMMARY"):
		return addTo(d.file, raw)
	}
	return rundir.WriteShared(d.file, raw)
}

// addTo appends to a file that several commands of one step write to.
func addTo(path string, raw []byte) error {
	before, err := input.Found(path, input.Result)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write %s: %w", path, pathless(err))
	}
	return rundir.WriteShared(path, append(before, raw...))
}

func writeThrough(path string, raw []byte) error {
	if err := os.WriteFile(path, secret.Scrub(raw), 0o644); err != nil && !isClosedPipe(err) {
		return fmt.Errorf("write %s: %w", path, pathless(err))
	}
	return nil
}

// terminal returns the width of the output, 0 when it is no terminal, and whether it may be coloured.
func terminal(w any, color string) (width int, colored bool) {
	file, ok := w.(*os.File)
	tty := ok && term.IsTerminal(int(file.Fd()))
	if tty {
		width = columns(file)
	}
	return width, wantsColor(color, tty)
}

// columns is the width of a terminal; of one that does not tell, the traditional 80.
func columns(tty *os.File) int {
	if w, _, err := term.GetSize(int(tty.Fd())); err == nil && w > 0 {
		return w
	}
	return 80
}

// wantsColor follows the conventions of the terminal world: an empty NO_COLOR counts as unset.
func wantsColor(flag string, tty bool) bool {
	switch {
	case flag == "always":
		return true
	case flag == "never", os.Getenv("NO_COLOR") != "":
		return false
	case os.Getenv("FORCE_COLOR") != "", os.Getenv("CLICOLOR_FORCE") != "":
		return true
	}
	return tty && os.Getenv("TERM") != "dumb" && os.Getenv("CI") == ""
}
