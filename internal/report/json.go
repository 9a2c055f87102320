package report

import (
	"bytes"
	"fmt"
	"unicode/utf8"

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
	b := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		plain := bytes.IndexFunc(raw, func(c rune) bool { return c >= 0x7f })
		if plain < 0 {
			return append(b, raw...)
		}
		b, raw = append(b, raw[:plain]...), raw[plain:]
		c, size := utf8.DecodeRune(raw)
		if c <= 0xffff && hidden(c) {
			b = fmt.Appendf(b, `\u%04x`, c)
		} else {
			b = append(b, raw[:size]...)
		}
		raw = raw[size:]
	}
	return b
}
