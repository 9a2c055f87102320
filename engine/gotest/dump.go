package gotest

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
)

var (
	dumpHead  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^goroutine \d+ .*\[([^\],]+)[^\]]*\]:$`) })
	dumpPlace = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^\t(\S.*\.go):(\d+)(\s|$)`) })
)

// outside are the states of goroutines, as a dump has them, that wait for the world outside of a test, or compute.
var outside = []string{"IO wait", "syscall", "running", "runnable"}

// whereOutside finds in a process's dump where a goroutine of the test waits for the world outside or computes: what it does,
// and file and line of the user's code. Nothing is empty.
func (p *Package) whereOutside(dump string) string {
	for _, state := range outside {
		for block := range strings.SplitSeq(dump, "\n\n") {
			head, frames, _ := strings.Cut(strings.TrimLeft(block, "\n"), "\n")
			m := dumpHead().FindStringSubmatch(head)
			if m == nil || m[1] != state || !strings.Contains(head, "synctest bubble") {
				continue
			}
			function := ""
			for line := range strings.Lines(frames) {
				at := dumpPlace().FindStringSubmatch(line)
				if at == nil {
					function = strings.TrimSpace(line)
					continue
				}
				if !p.isStandard(at[1]) && !strings.HasPrefix(function, "created by ") {
					name, _, _ := strings.Cut(function, "(0x")
					return fmt.Sprintf("%s, at %s:%s (%s)", base(strings.TrimSuffix(strings.TrimSuffix(name, "()"), "(...)")), filepath.Base(at[1]), at[2], state)
				}
			}
		}
	}
	return ""
}
