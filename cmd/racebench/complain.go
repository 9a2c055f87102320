package main

import (
	"cmp"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/racebench/racebench/internal/console"
)

// complain prints an error. It may have several lines of its own; a name in it that the user typed or a folder holds
// begins none.
func (a *app) complain(err error) {
	text := err.Error()
	names := slices.Concat(a.args, namesIn(err))
	slices.SortFunc(names, func(x, y string) int { return cmp.Compare(len(y), len(x)) }) // one may be within another
	for _, name := range names {
		if line := console.Line(name); line != name && len(name) > 1 {
			text = strings.ReplaceAll(text, name, line)
		}
	}
	_, _ = io.WriteString(a.stderr, "racebench: "+text+"\n")
}

// namesIn are the names of files and programs that the errors of an error are about.
func namesIn(err error) []string {
	var names []string
	switch e := err.(type) {
	case *fs.PathError:
		names = append(names, e.Path)
	case *os.LinkError:
		names = append(names, e.Old, e.New)
	case *exec.Error:
		names = append(names, e.Name)
	}
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		if within := e.Unwrap(); within != nil {
			names = append(names, namesIn(within)...)
		}
	case interface{ Unwrap() []error }:
		for _, within := range e.Unwrap() {
			names = append(names, namesIn(within)...)
		}
	}
	return names
}
