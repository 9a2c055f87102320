package trial

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/racebench/racebench/engine/result/void"
	"github.com/racebench/racebench/internal/rundir"
	"github.com/racebench/racebench/targets"
)

// A startError is why a target did not start.
type startError struct {
	of  string // target and variant
	err error
}

// Error implements error.
func (e *startError) Error() string { return fmt.Sprintf("start %s: %v", e.of, e.err) }

// Unwrap returns the target's own error.
func (e *startError) Unwrap() error { return e.err }

// whyNotStarted is the reason of a trial whose process did not serve.
func whyNotStarted(err error) void.Reason {
	code, words := void.NotStarted, err
	if errors.Is(err, targets.ErrCannotRun) {
		code = void.CannotRun
	}
	if own, ok := errors.AsType[*startError](err); ok {
		words = own.err
	}
	return code.Because(words)
}

// complain leaves in the trial's directory why the child ends without having done its work. A failure to write it
// leaves the words on standard error, which come first.
func complain(dir rundir.TrialDir, err error) {
	raw, broken := json.Marshal(failure{whyNotStarted(err), err.Error()})
	if broken == nil {
		_ = rundir.WriteFile(dir.Failure(), append(raw, '\n'))
	}
}

// A failure is what a child complained of.
type failure struct {
	Why   void.Reason `json:"why"`   // of a trial in which nothing was served
	Error string      `json:"error"` // of racebench itself
}

// failureOf reads what a child complained of. One that crashed had no time to: how its process ended says why.
func failureOf(dir rundir.TrialDir) failure {
	var f failure
	if raw, err := os.ReadFile(dir.Failure()); err == nil && json.Unmarshal(raw, &f) == nil && f.Why.Code != "" {
		return f
	}
	words := crashWords(dir.Stderr())
	return failure{void.NotStarted.Because(words), words}
}

// crashWords is how the Go runtime begins to tell of a crash, and the line after it; else how the text begins.
func crashWords(path string) string {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(raw)), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "panic:") || strings.HasPrefix(line, "fatal error:") {
			lines = lines[i:]
			break
		}
	}
	return strings.Join(lines[:min(len(lines), 2)], "; ")
}
