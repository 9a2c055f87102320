package external

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// mostTold is how many lines of a program's stop are kept that tell what happened, and how many of the last
	// ones where none does.
	mostTold = 5
	// mostPanics is of how many clients' connections the panic is kept.
	mostPanics = 64
)

// A said is a line that the program printed.
type said struct {
	at   time.Duration
	text string
	port int // of the client that it is about; 0 where it names none
}

// stopWords are the lines of a program that may tell what happened in its stop.
type stopWords struct {
	heeded  bool
	tracing bool // a trace of Python's goes on
	telling []said
	panics  []said // of handlers, each with its client
	last    []said
}

// servingPanic is how Go's net/http tells of a handler that panicked.
var servingPanic = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`http: panic serving \S*:(\d+): `) })

// tellingParts are in lines that say why requests were lost or a stop failed.
var tellingParts = []string{
	"UnhandledPromiseRejection", "unhandledRejection", "Unhandled rejection", "Uncaught ",
	"Permission denied", "permission denied", "EACCES", "context canceled",
}

// take looks at a line.
func (w *stopWords) take(line string, at time.Duration) {
	line = strings.TrimRight(strings.ToValidUTF8(line, "?"), " \t\r")
	if !w.heeded || line == "" {
		return
	}
	l := said{at: at, text: strings.TrimSpace(line)}
	if m := servingPanic().FindStringSubmatch(line); m != nil {
		l.port, _ = strconv.Atoi(m[1])
		if len(w.panics) < mostPanics {
			w.panics = append(w.panics, l)
		}
		return
	}
	if w.tells(line) && len(w.telling) < mostTold {
		w.telling = append(w.telling, l)
	}
	if strings.HasPrefix(line, " ") && strings.HasPrefix(l.text, "at ") {
		return // a stack says less than what stands above it
	}
	w.last = append(w.last, l)
	if over := len(w.last) - mostTold; over > 0 {
		w.last = append(w.last[:0], w.last[over:]...)
	}
}

// tells says whether a line is one of those that are looked for: of a trace of Python's, its head and its error.
func (w *stopWords) tells(line string) bool {
	if w.tracing && !strings.HasPrefix(line, " ") {
		w.tracing = false
		return true
	}
	if strings.Contains(line, pythonTrace) {
		w.tracing = true
		return true
	}
	if isFatal(line) {
		return true
	}
	for _, part := range tellingParts {
		if strings.Contains(line, part) {
			return true
		}
	}
	return false
}

// told are the telling lines; where there is none, the last ones.
func (w *stopWords) told() []said {
	if len(w.telling)+len(w.panics) == 0 {
		return w.last
	}
	return append(append([]said(nil), w.telling...), w.panics...)
}
