package console

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"sync"
)

// A Writer is a stream that people read. What is written to it becomes Text on its way.
type Writer struct {
	mu     sync.Mutex
	out    io.Writer
	within bool // the last write ended within a line
}

// New returns a writer to out.
func New(out io.Writer) *Writer { return &Writer{out: out} }

// Write writes lines of text.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.out.Write(text(p, w.within))
	w.note(p)
	return len(p), err
}

// Raw writes what has rules of its own as it is: a rendering, or what moves racebench's own line of progress.
func (w *Writer) Raw(p []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	_, err := w.out.Write(p)
	w.note(p)
	return err
}

func (w *Writer) note(p []byte) {
	if len(p) > 0 {
		w.within = p[len(p)-1] != '\n'
	}
}

// Sayf writes a format. Its texts and errors stay within their line: a name that somebody chose begins none.
func (w *Writer) Sayf(format string, args ...any) { _, _ = fmt.Fprintf(w, format, lined(args)...) }

// Say writes a line.
func (w *Writer) Say(args ...any) { _, _ = fmt.Fprintln(w, lined(args)...) }

// lined makes lines of texts.
func lined(args []any) []any {
	out := make([]any, len(args))
	for i, arg := range args {
		switch arg := arg.(type) {
		case string:
			out[i] = Line(arg)
		case error:
			out[i] = Line(arg.Error())
		case fmt.Stringer:
			out[i] = Line(arg.String())
		default:
			out[i] = arg
		}
	}
	return out
}

// File is the file that is written to, where it is one.
func (w *Writer) File() (*os.File, bool) {
	file, ok := w.out.(*os.File)
	return file, ok
}

// Lines returns a writer for what a program prints: it passes on whole lines, because a command of a CI system is one,
// in however many pieces it comes. Close passes on what has no end.
func (w *Writer) Lines() io.WriteCloser { return &lines{w: w} }

// longestLine is how much of a line is waited for.
const longestLine = 64 << 10

type lines struct {
	mu   sync.Mutex
	w    *Writer
	held []byte
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.held = append(l.held, p...)
	end := bytes.LastIndexByte(l.held, '\n') + 1
	if end == 0 && len(l.held) > longestLine {
		end = len(l.held)
	}
	if end == 0 {
		return len(p), nil
	}
	_, err := l.w.Write(l.held[:end])
	l.held = append(l.held[:0], l.held[end:]...)
	return len(p), err
}

// Close implements io.Closer.
func (l *lines) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.held) == 0 {
		return nil
	}
	_, err := l.w.Write(append(l.held, '\n'))
	l.held = nil
	return err
}
