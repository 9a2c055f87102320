package invariant

import (
	"fmt"
	"strings"
	"time"

	"github.com/racebench/racebench/engine/ledger"
)

// counted puts a number before its noun, and what is said of one or of several.
func counted(n int64, one, several string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, several)
}

// plain strips what differs between two trials of one bug from a name, so that both give one class:
// "mailbox of laggards-3" becomes "mailbox-of-laggards".
func plain(name string) string {
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

func causeName(c ledger.Cause) string {
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

func ms(d time.Duration) string { return fmt.Sprintf("%.2f ms", float64(d)/float64(time.Millisecond)) }

// relative is a time around the signal, in milliseconds.
func relative(d time.Duration) string {
	return fmt.Sprintf("%+.2f ms", float64(d)/float64(time.Millisecond))
}

func round(d time.Duration) time.Duration {
	if d > 10*time.Millisecond {
		return d.Round(time.Millisecond)
	}
	return d.Round(10 * time.Microsecond)
}
