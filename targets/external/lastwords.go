package external

import (
	"regexp"
	"slices"
	"strings"
	"sync"
)

// A language is one whose runtime ends a program for an error that nobody caught, and reports it in words of its own.
type language struct {
	statuses []int // with which its runtime ends a program
	// report returns the line that names the error where the lines end with the runtime's report; else "".
	report func(lines []string) string
}

var languages = []language{
	{[]int{1, 7}, nodeReport},
	{[]int{1}, pythonReport},
	{[]int{1}, jvmReport},
	{[]int{1}, rubyReport},
}

// uncaught returns the line that names the error which ended a program, if the last that it printed is its runtime's
// report of an uncaught error and the status is that runtime's. Anything printed after the report, or another status,
// says that the program went on.
func uncaught(printed string, status int) string {
	lines := strings.Split(strings.TrimRight(printed, " \t\r\n"), "\n")
	for _, r := range languages {
		if slices.Contains(r.statuses, status) {
			if said := r.report(lines); said != "" {
				return strings.TrimSpace(said)
			}
		}
	}
	return ""
}

var nodeVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^Node\.js v\d+\.\d+\.\d+\s*$`) })

// nodeReport: the place in the source, a line of carets, the error with its stack, and the version.
func nodeReport(lines []string) string {
	last := len(lines) - 1
	if last < 0 || !nodeVersion().MatchString(lines[last]) {
		return ""
	}
	for i := last - 1; i >= 0; i-- {
		mark := strings.TrimSpace(lines[i])
		if mark == "" || strings.Trim(mark, "^") != "" {
			continue
		}
		for _, line := range lines[i+1 : last] {
			if strings.TrimSpace(line) != "" {
				return line
			}
		}
	}
	return ""
}

var (
	pythonError = regexp.MustCompile(`^[A-Za-z_][\w.]*(:.*)?$`)
	// pythonAsked are what Python raises in a program that was told to stop.
	pythonAsked = regexp.MustCompile(`^([\w.]*\.)?(KeyboardInterrupt|CancelledError|SystemExit)\b`)
)

const pythonTrace = "Traceback (most recent call last):"

// pythonReport: the trace to its end, and the error. A trace in a thread, or of what is ignored, ends no program.
func pythonReport(lines []string) string {
	last := len(lines) - 1
	begin := last
	for begin >= 0 && strings.TrimRight(lines[begin], "\r") != pythonTrace {
		begin--
	}
	if begin < 0 || begin >= last-1 || pythonAsked.MatchString(lines[last]) || !pythonError.MatchString(strings.TrimRight(lines[last], "\r")) {
		return ""
	}
	for _, line := range lines[begin+1 : last] {
		if !strings.HasPrefix(line, "  ") {
			return ""
		}
	}
	if begin > 0 && (strings.HasPrefix(lines[begin-1], "Exception in thread ") || strings.HasPrefix(lines[begin-1], "Exception ignored in")) {
		return ""
	}
	return lines[last]
}

var jvmRest = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(\s+at |\s+\.\.\. \d+ (more|common frames omitted)|\s*Caused by: |\s*Suppressed: )`)
})

// jvmReport: the main thread's exception and its stack.
func jvmReport(lines []string) string {
	for i := len(lines) - 1; i >= 0; i-- {
		if strings.HasPrefix(lines[i], `Exception in thread "main" `) {
			return lines[i]
		}
		if !jvmRest().MatchString(lines[i]) {
			return ""
		}
	}
	return ""
}

var (
	rubyError   = regexp.MustCompile("^[^\\s:][^:]*:\\d+:in ['`].*\\([A-Z][\\w:]*\\)\\s*$")
	rubyAsked   = regexp.MustCompile(`\((Interrupt|SignalException|SystemExit)\)\s*$`)
	rubyCallers = "\tfrom "
)

// rubyReport: the error with its place, and those who called.
func rubyReport(lines []string) string {
	for i := len(lines) - 1; i >= 0; i-- {
		switch {
		case rubyError.MatchString(lines[i]) && !rubyAsked.MatchString(lines[i]):
			return lines[i]
		case !strings.HasPrefix(lines[i], rubyCallers):
			return ""
		}
	}
	return ""
}
