package breach

import (
	"fmt"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/ledger"
)

// Counted puts a number before its noun, and what is said of one or of several.
func Counted(n int64, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

// Plain strips what differs between two trials of one bug from a name, so that both give one class:
// "mailbox of laggards-3" becomes "mailbox-of-laggards".
func Plain(name string) string {
	words := strings.FieldsFunc(name, func(r rune) bool { return r == ' ' || r == '-' || r == '/' })
	var kept []string
	for _, w := range words {
		w = strings.Trim(w, "0123456789#")
		if w != "" {
			kept = append(kept, w)
		}
	}
	return strings.Join(kept, "-")
}

// Cause says why a call was refused.
func Cause(c ledger.Cause) string {
	switch c {
	case ledger.Closed:
		return "closed"
	case ledger.Timeout:
		return "timeout"
	case ledger.Overloaded:
		return "overloaded"
	case ledger.Cancelled:
		return "cancelled"
	case ledger.OtherCause:
		return "another reason"
	}
	return "no reason given"
}

// Milliseconds is a duration in words.
func Milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond))
}

// Relative is a time around the signal, in milliseconds.
func Relative(d time.Duration) string {
	return fmt.Sprintf("%+.2f ms", float64(d)/float64(time.Millisecond))
}

// Round leaves out the digits of a duration that say nothing.
func Round(d time.Duration) time.Duration {
	if d > 10*time.Millisecond {
		return d.Round(time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}

// Message names a message for people: its sender and its number there.
func (r *Report) Message(m ledger.MsgID) string {
	return fmt.Sprintf("%s#%d", r.e.LaneName(m.Lane()), m.Seq())
}

// Sender is who sent a message.
func (r *Report) Sender(m ledger.MsgID) string { return r.e.LaneName(m.Lane()) }
