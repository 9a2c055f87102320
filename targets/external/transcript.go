package external

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/racebench/racebench/scenario/secret"
)

const (
	// keptOutput is how much of what a program prints is kept: its beginning in the trial's folder, and as
	// much of its end in memory.
	keptOutput = 256 << 10
	lastWords  = 16 << 10
)

// A transcript is what the program prints: kept up to a bound, and searched as it comes. All of it but head is without
// the secrets that were noted: they are taken out before anything is cut.
type transcript struct {
	r    *os.File
	file io.Writer // the trial's own
	now  func() time.Duration
	done chan struct{}

	mu    sync.Mutex
	head  strings.Builder // as it came, as far as ready: {log} may look
	plain secret.Writer   // to the rest
	total int64
	tail  []byte
	line  []byte    // that has no end yet
	fatal string    // the first line that looks like a crash
	said  stopWords // since heed was called
}

func newTranscript(r *os.File, now func() time.Duration) *transcript {
	o := &transcript{r: r, file: os.Stderr, now: now, done: make(chan struct{})}
	o.plain.To = sink(o.keep)
	return o
}

// A sink takes all that is written to it.
type sink func([]byte)

// Write implements io.Writer.
func (s sink) Write(b []byte) (int, error) {
	s(b)
	return len(b), nil
}

// read takes what the program prints until nobody holds its end of the pipe.
func (o *transcript) read() {
	defer close(o.done)
	buf := make([]byte, 32<<10)
	for {
		n, err := o.r.Read(buf)
		o.take(buf[:n])
		if err != nil {
			o.end()
			return
		}
	}
}

// awaitEnd waits until nobody holds the pipe and all that was printed has been taken.
func (o *transcript) awaitEnd(limit time.Duration) {
	select {
	case <-o.done:
	case <-time.After(limit):
	}
}

// take takes what was printed.
func (o *transcript) take(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.head.Write(b[:max(0, min(len(b), keptOutput-o.head.Len()))])
	_, _ = o.plain.Write(b)
}

// end takes what nothing follows any more: it may be the middle of a line.
func (o *transcript) end() {
	o.mu.Lock()
	defer o.mu.Unlock()
	_ = o.plain.Close()
	o.scan([]byte{'\n'})
}

// keep keeps what is without secrets.
func (o *transcript) keep(b []byte) {
	room := keptOutput - o.total
	o.total += int64(len(b))
	if room > 0 {
		_, _ = o.file.Write(b[:min(int64(len(b)), room)])
	}
	o.tail = append(o.tail, b...)
	if over := len(o.tail) - lastWords; over > 0 {
		o.tail = append(o.tail[:0], o.tail[over:]...)
	}
	o.scan(b)
}

// scan looks at whole lines for one that tells of a crash.
func (o *transcript) scan(b []byte) {
	for _, c := range b {
		if c != '\n' {
			if len(o.line) < 400 {
				o.line = append(o.line, c)
			}
			continue
		}
		if o.fatal == "" && isFatal(string(o.line)) {
			o.fatal = strings.TrimSpace(string(o.line))
		}
		o.said.take(string(o.line), o.now())
		o.line = o.line[:0]
	}
}

// isFatal knows how the runtimes of several languages begin to tell of a crash of the whole program.
func isFatal(line string) bool {
	for _, begin := range []string{"panic: ", "fatal error: ", "FATAL ERROR: ", "Segmentation fault", "*** stack smashing", "Assertion failed"} {
		if strings.HasPrefix(line, begin) {
			return true
		}
	}
	return strings.HasPrefix(line, "thread '") && strings.Contains(line, "' panicked at ")
}

// says whether the program has printed a text.
func (o *transcript) says(text string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return strings.Contains(o.head.String(), text)
}

// crash is the line in which the program told of its crash; empty when it told of none.
func (o *transcript) crash() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.fatal
}

// heed keeps the telling ones of the lines that come from now on.
func (o *transcript) heed() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.said.heeded = true
}

// told are the lines since heed that tell what happened.
func (o *transcript) told() []said {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.said.told()
}

// uncaught is the error that ended the program with this status, if its runtime's report of one is the last that
// it printed.
func (o *transcript) uncaught(status int) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return uncaught(string(o.tail), status)
}

// last are the program's last words, on one line.
func (o *transcript) last() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	var lines []string
	for line := range strings.Lines(string(o.tail)) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	if len(lines) == 0 {
		return "it printed nothing"
	}
	text := strings.Join(lines[max(0, len(lines)-3):], " | ")
	if len(text) > 400 {
		text = "…" + text[len(text)-400:]
	}
	return fmt.Sprintf("its last words: %s", strings.ToValidUTF8(text, "?"))
}

// close ends the reading, whoever still holds the pipe, and writes the end of a long transcript. What racebench
// says next begins a line of its own.
func (o *transcript) close() {
	_ = o.r.Close()
	<-o.done
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.total > keptOutput {
		fmt.Fprintf(o.file, "\n… racebench left out some of %d bytes; the last ones:\n", o.total)
		_, _ = o.file.Write(o.tail)
	}
	if n := len(o.tail); n > 0 && o.tail[n-1] != '\n' {
		fmt.Fprintln(o.file)
	}
}
