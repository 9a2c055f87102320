package external

import (
	"bytes"
	"slices"

	"github.com/racebench/racebench/scenario/spec"
)

const (
	// longestEnd is how long what whole answers end with may be, in bytes.
	longestEnd = 256
	// blanksKept is how many bytes more of an answer's end are kept: blanks and line ends after it do not count.
	blanksKept = 64
	// blanks are what does not count there.
	blanks = " \t\r\n"
)

func (g *group) readEnds(v spec.Value, errs *spec.Errors) {
	if n := len(bytes.TrimRight([]byte(v.Text), blanks)); n == 0 || n > longestEnd {
		errs.Addf(v, "ends of %d bytes without the blanks at its end: write the 1 to %d last bytes of a whole answer", n, longestEnd)
	}
	g.ends = v.Text
}

// A tail is the end of an answer's body, as far as it has come. Where nothing is looked for, nothing is kept.
type tail struct {
	want []byte
	kept []byte
}

func tailOf(want string) tail { return tail{want: bytes.TrimRight([]byte(want), blanks)} }

func (t *tail) add(p []byte) {
	most := len(t.want) + blanksKept
	switch over := len(t.kept) + len(p) - most; {
	case len(t.want) == 0:
	case len(p) >= most:
		t.kept = append(t.kept[:0], p[len(p)-most:]...)
	default:
		t.kept = append(slices.Delete(t.kept, 0, max(0, over)), p...)
	}
}

// ended says whether the body ends with what is looked for.
func (t *tail) ended() bool { return bytes.HasSuffix(bytes.TrimRight(t.kept, blanks), t.want) }
