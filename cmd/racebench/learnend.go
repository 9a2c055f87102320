package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/racebench/racebench/scenario/secret"
)

// A failedLesson is how a command failed, and the last that it printed.
type failedLesson struct {
	error
	words string
}

// Unwrap returns how it failed.
func (f *failedLesson) Unwrap() error { return f.error }

// judge says how the command ended. What it asked is asked again, whatever it thinks of the answers.
func (s *lesson) judge(ran error, ended bool) error {
	how, remedy, words := "", "have it ask the address in $BASE_URL, or write {url} where it is to stand", ""
	var failed *failedLesson
	if errors.As(ran, &failed) && failed.words != "" {
		words = "; its last lines: " + strings.ReplaceAll(failed.words, "\n", " / ")
	}
	var exit *exec.ExitError
	switch {
	case ended, errors.Is(ran, context.Canceled): // it was only lent as long as it ran, and who saw its end first is chance
		how = "the program ended while it ran"
	case ran == nil:
	case errors.Is(ran, context.DeadlineExceeded):
		how = fmt.Sprintf("it had not ended after %s and was ended (--timeout gives it more: a third of that time)", s.limit.Round(time.Second))
	case errors.As(ran, &exit):
		how = "it ended with " + exit.String()
	default:
		return notTestedError{fmt.Errorf("--learn %s: %w", s.w.learn, ran)}
	}
	if s.asked == 0 {
		if how != "" {
			how = " (" + how + words + ")"
		}
		return usagef("--learn %s asked nothing of the program%s: %s", s.w.learn, how, remedy)
	}
	if how != "" {
		s.told = append(s.told, fmt.Sprintf("--learn: %s; what it had asked by then is asked again%s", how, words))
	}
	return s.nothing()
}

// lastLines keeps the end of what a command prints.
type lastLines struct {
	mu  sync.Mutex
	end []byte
}

// mostWords is how much of it is kept, and mostLines how many lines of that are shown.
const (
	mostWords = 4 << 10
	mostLines = 5
)

// Write implements io.Writer.
func (l *lastLines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.end = append(l.end, p...); len(l.end) > 2*mostWords {
		l.end = append([]byte(nil), l.end[len(l.end)-mostWords:]...)
	}
	return len(p), nil
}

// String are the last lines that are not empty.
func (l *lastLines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var lines []string
	for line := range bytes.Lines(l.end) {
		if text := strings.TrimSpace(strings.ToValidUTF8(string(line), "?")); text != "" {
			lines = append(lines, secret.ScrubText(text))
		}
	}
	return strings.Join(lines[max(0, len(lines)-mostLines):], "\n")
}
