package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/racebench/racebench/engine/result"
)

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version and the build",
		Example: "  racebench version",
		Args:    noArgs,
		RunE: func(*cobra.Command, []string) error {
			a.stdout.Say(versionLine())
			return nil
		},
	}
}

func versionLine() string {
	tool := toolInfo()
	return fmt.Sprintf("racebench %s (build %s, %s, %s/%s)", tool.Version, tool.Build, tool.Go, tool.OS, tool.Arch)
}

// release is the version of a released build, such as v0.1.0: its linker sets it (-X main.release=…). Other builds have
// the version that the go command recorded.
var release string

// toolInfo says what program this is. The build is the revision where the toolchain recorded one.
func toolInfo() result.Tool {
	tool := result.Tool{Version: "devel", Build: "devel", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return tool
	}
	if v := info.Main.Version; v != "" && v != "(devel)" {
		tool.Version = v
	}
	if release != "" {
		tool.Version = release
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			tool.Build = s.Value
		case "vcs.modified":
			if s.Value == "true" {
				tool.Build += "+changed"
			}
		}
	}
	return tool
}
