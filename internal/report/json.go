package report

import (
	"bytes"
	"fmt"

	"github.com/racebench/racebench/engine/result"
)

// renderJSON is the stored form itself. What JSON may hold raw and a terminal would obey or hide is
// written as an escape: it can only stand within strings, where both mean the same.
func renderJSON(r *result.Report, _ Options) ([]byte, error) {
	raw, err := r.Encode()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	for _, c := range string(raw) {
		if c >= 0x7f && c <= 0xffff && hidden(c) {
			fmt.Fprintf(&b, `\u%04x`, c)
		} else {
			b.WriteRune(c)
		}
	}
	return b.Bytes(), nil
}
