package external

import (
	"fmt"
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

// A transcript is what the program prints: kept up to a bound, and searched as it comes.
type transcript struct {
	r    *os.File
	now  func() time.Duration
	done chan struct{}

	mu    sync.Mutex
	total int64
	head  strings.Builder // as far as ready: {log} may look
	tail  []byte
	fatal string    // the first line that looks like a crash
	said  stopWords // since heed was called
}

func newTranscript(r *os.File, now func() time.Duration) *transcript {
	return &transcript{r: r, now: now, done: make(chan struct{})}
}

// read takes what the program prints until nobody holds its end of the pipe.
func (o *transcript) read() {
	defer close(o.done)
	buf := make([]byte, 32<<10)
	var line []byte
	for {
		n, err := o.r.Read(buf)
		o.take(buf[:n])
		line = o.scan(line, buf[:n])
		if err != nil {
			o.scan(line, []byte{'\n'}) // it may have ended in the middle of one
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

func (o *transcript) take(b []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	room := keptOutput - o.total
	o.total += int64(len(b))
	if room > 0 {
		kept := b[:min(int64(len(b)), room)]
		o.head.Write(kept)
		_, _ = os.Stderr.Write(secret.Scrub(kept)) // the trial's own file
	}
	o.tail = append(o.tail, b...)
	if over := len(o.tail) - lastWords; over > 0 {
		o.tail = append(o.tail[:0], o.tail[over:]...)
	}
}

// scan looks at whole lines for one that tells of a crash.
func (o *transcript) scan(line, b []byte) []byte {
	for _, c := range b {
		if c != '\n' {
			if len(line) < 400 {
				line = append(line, c)
			}
			continue
		}
		o.mu.Lock()
		if o.fatal == "" && isFatal(string(line)) {
			o.fatal = strings.TrimSpace(string(line))
		}
		o.said.take(string(line), o.now())
		o.mu.Unlock()
		line = line[:0]
	}
	return line
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
		fmt.Fprintf(os.Stderr, "\n… racebench left out some of %d bytes; the last ones:\n", o.total)
		_, _ = os.Stderr.Write(secret.Scrub(o.tail))
	}
	if n := len(o.tail); n > 0 && o.tail[n-1] != '\n' {
		fmt.Fprintln(os.Stderr)
	}
}
