package wire

import (
	"strconv"
	"strings"
)

// ClockName is the path of the task that moves the time.
const ClockName = "clock"

// A Namer gives the tasks of one schedule their paths. It must meet them in the order of their numbers.
type Namer struct {
	paths []string
	twins map[string]int
}

// Add names the next task by the function that its go statement calls, and returns its path: that of its parent, a dot
// and its own name, as in a simulated world. The first is the clock, the second makes the test's goroutine and waits for
// it; what a timer starts is below the clock. A name has no line in it, so that an edit elsewhere in a file does not
// change it.
func (n *Namer) Add(function string, parent uint32) string {
	switch len(n.paths) {
	case 0:
		n.twins = map[string]int{}
		n.paths = append(n.paths, ClockName)
		return ClockName
	case 1:
		n.paths = append(n.paths, "main")
		return "main"
	}
	path := TaskName(function)
	if parent != 1 && int(parent) < len(n.paths) {
		path = n.paths[parent] + "." + path
	}
	n.twins[path]++
	if twins := n.twins[path]; twins > 1 {
		path += "#" + strconv.Itoa(twins)
	}
	n.paths = append(n.paths, path)
	return path
}

// Paths returns the paths by the tasks' numbers.
func (n *Namer) Paths() []string { return n.paths }

// TaskName is a function's name without its package, and with no dot in it: "example.org/p.(*S).run.func1" is
// "(*S)/run/func1".
func TaskName(function string) string {
	switch function {
	case "testing.tRunner", "testing.testingSynctestTest.gowrap1":
		return "test"
	case "os/signal.rbDeliver", "os/signal.rbNotified.gowrap1", "os/signal.init.1.func1.gowrap1":
		return "signal"
	}
	// The arguments of a type may have slashes and dots of their own.
	name := function
	for {
		before, rest, found := strings.Cut(name, "[")
		if !found {
			break
		}
		name = before + rest[strings.LastIndexByte(rest, ']')+1:]
	}
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		name = name[i+1:]
	}
	if _, rest, ok := strings.Cut(name, "."); ok {
		name = rest
	}
	return strings.ReplaceAll(name, ".", "/")
}
