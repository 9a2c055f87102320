package ledger

import (
	"fmt"
	"unicode/utf8"

	"github.com/racebench/racebench/scenario/secret"
)

// A Name is an interned text of one ledger. Zero is the empty text.
type Name uint32

// Name returns the name of a text, the same for the same text. A text of more than 64 KiB is cut and
// says so at its end. The name is 0 when there is no room.
func (w *Writer) Name(text string) Name {
	w.mu.Lock()
	defer w.mu.Unlock()
	if n, ok := w.names[text]; ok {
		return n
	}
	n := Name(len(w.names))
	kept := cutText(secret.ScrubText(text))
	first := uint64(flagFirst) << flagShift
	for left := kept; left != ""; {
		rec := record{uint64(kindText) | first, uint64(n) | uint64(len(left))<<32}
		size := copy(rec.text()[:], left)
		if !w.put(&rec) {
			return 0
		}
		left, first = left[size:], 0
	}
	w.names[text] = n
	return n
}

func cutText(text string) string {
	if len(text) <= maxText {
		return text
	}
	note := fmt.Sprintf(" … (cut: %d bytes in all)", len(text))
	end := maxText - len(note)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + note
}

// pendingText is a text of which some slots have been read.
type pendingText struct {
	bytes []byte
	left  int
}

// textSlot takes a piece of a text. A text is complete or, where its process was killed, absent; its
// number is then given to the next.
func (r *reader) textSlot(rec *record) string {
	left := int(rec[1] >> 32)
	first := rec.flags()&flagFirst != 0
	if int(uint32(rec[1])) != len(r.e.texts) || left == 0 || left > maxText || !first && left != r.text.left {
		return "a piece of a text that is out of place"
	}
	if first {
		r.text.bytes, r.text.left = r.text.bytes[:0], left
	}
	size := min(left, slotText)
	r.text.bytes = append(r.text.bytes, rec.text()[:size]...)
	r.text.left -= size
	if r.text.left == 0 {
		r.addText(r.text.bytes)
	}
	return ""
}

// addText gives a text the next number. One trial's texts are mostly those of the trial read before, in the
// same order: what stands there still is taken again.
func (r *reader) addText(text []byte) {
	n := len(r.e.texts)
	if room := r.e.texts[:cap(r.e.texts)]; n < len(room) && room[n] == string(text) {
		r.e.texts = room[:n+1]
		return
	}
	r.e.texts = append(r.e.texts, string(text))
}
