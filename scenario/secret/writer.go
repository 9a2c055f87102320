package secret

import (
	"io"
	"sync"
)

// mostHeld is how much may wait for what follows it, as it may be the beginning of a secret.
const mostHeld = 64 << 10

// A Writer takes the secrets that were noted out of what is written through it, also where one comes in pieces. What may
// be the beginning of one waits for what follows it.
type Writer struct {
	To io.Writer

	mu   sync.Mutex
	held []byte
}

// Write implements io.Writer.
func (w *Writer) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.held = append(w.held, p...)
	n := Whole(w.held)
	if len(w.held)-n > mostHeld {
		n = len(w.held)
	}
	return len(p), w.pass(n)
}

// Close passes on what has waited: nothing follows it any more. What was written to stays open.
func (w *Writer) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.pass(len(w.held))
}

// pass passes on the beginning of what is held.
func (w *Writer) pass(n int) error {
	if n == 0 {
		return nil
	}
	_, err := w.To.Write(Scrub(w.held[:n]))
	w.held = append(w.held[:0], w.held[n:]...)
	return err
}
