package report

import (
	"bytes"
	"fmt"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/racebench/racebench/engine/result"
	"github.com/racebench/racebench/internal/console"
)

// renderJSON is the stored form itself.
func renderJSON(r *result.Report, _ Options) ([]byte, error) {
	raw, err := r.Encode()
	if err != nil {
		return nil, err
	}
	return escaped(raw), nil
}

// escaped writes what JSON may hold raw and a terminal or a CI system would obey or hide as an escape: it can only stand
// within strings, where both mean the same.
func escaped(raw []byte) []byte {
	raw = bytes.ReplaceAll(raw, []byte("##"), []byte(`#\u0023`)) // what a CI system looks for anywhere in a line
	b := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		plain := bytes.IndexFunc(raw, func(c rune) bool { return c >= 0x7f })
		if plain < 0 {
			return append(b, raw...)
		}
		b, raw = append(b, raw[:plain]...), raw[plain:]
		c, size := utf8.DecodeRune(raw)
		switch high, low := utf16.EncodeRune(c); {
		case !console.Hidden(c):
			b = append(b, raw[:size]...)
		case c <= 0xffff:
			b = fmt.Appendf(b, `\u%04x`, c)
		default:
			b = fmt.Appendf(b, `\u%04x\u%04x`, high, low)
		}
		raw = raw[size:]
	}
	return b
}
