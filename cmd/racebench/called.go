package main

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime/debug"
	"strings"

	"github.com/racebench/racebench/internal/input"
	"github.com/racebench/racebench/internal/report"
)

// me is how racebench was called, as text to paste.
func me() string { return report.Called(calledHere()) }

// calledHere is how this process was called: the word, or go run PACKAGE.
func calledHere() string {
	dir, err := os.Getwd()
	if err != nil {
		dir = "" // then no go.mod is found, and the package's full name is typed
	}
	info, _ := debug.ReadBuildInfo()
	return calledAs(os.Args[0], info, dir)
}

// madeByGo matches the executables that `go run` and `go tool` make: for one run in a temporary folder, or kept in
// the build cache. Nobody types their names.
var madeByGo = regexp.MustCompile(`/go-build\d+/b\d+/exe/[^/]+$|/[0-9a-f]{2}/[0-9a-f]{64}-d/[^/]+$`)

// calledAs is what to type for a program that was started as arg in dir.
func calledAs(arg string, info *debug.BuildInfo, dir string) string {
	if !madeByGo.MatchString(filepath.ToSlash(arg)) {
		return arg
	}
	if info == nil || info.Path == "" {
		return "racebench"
	}
	below, inMain := strings.CutPrefix(info.Path, info.Main.Path+"/")
	switch root := moduleRoot(dir, info.Main.Path); {
	case inMain && info.Main.Sum != "": // it was fetched: go run PACKAGE@VERSION
		return report.GoRun + info.Path + "@" + info.Main.Version
	case inMain && root != "":
		if path, err := filepath.Rel(dir, filepath.Join(root, filepath.FromSlash(below))); err == nil {
			return report.GoRun + "./" + filepath.ToSlash(path)
		}
	}
	return report.GoRun + info.Path
}

// moduleRoot is the folder at or above dir that holds a module of this path, or empty.
func moduleRoot(dir, module string) string {
	for dir != "" {
		text, err := input.Found(filepath.Join(dir, "go.mod"), input.Text)
		if err == nil {
			for line := range strings.Lines(string(text)) {
				if words := strings.Fields(line); len(words) > 1 && words[0] == "module" && words[1] == module {
					return dir
				}
			}
			return ""
		}
		up := filepath.Dir(dir)
		if up == dir {
			return ""
		}
		dir = up
	}
	return ""
}
