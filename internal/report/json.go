package report

import (
	"bytes"
	"fmt"

	"github.com/racebench/racebench/engine/result"
)

// renderJSON is the stored form itself.
func renderJSON(r *result.Report, _ Options) ([]byte, error) {
	raw, err := r.Encode()
	if err != nil {
		return nil, err
	}
	return escaped(raw), nil
}

// escaped writes what JSON may hold raw and a terminal would obey or hide as an escape: it can only stand
// within strings, where both mean the same.
func escaped(raw []byte) []byte {
	var b bytes.Buffer
	for _, c := range string(raw) {
		if c >= 0x7f && c <= 0xffff && hidden(c) {
			fmt.Fprintf(&b, `\u%04x`, c)
		} else {
			b.WriteRune(c)
		}
	}
	return b.Bytes()
}
