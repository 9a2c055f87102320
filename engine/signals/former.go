package signals

import (
	"slices"
	"strconv"
	"strings"
)

// Reports once named eleven signals and called the others by their numbers: signal-10 is SIGUSR1 on Linux. Classes
// of breaches that end so stand in scenarios and stored results.

// former begins the word that reports once had for a signal.
const former = "signal-"

// alwaysNamed are the signals that reports have always named.
var alwaysNamed = []string{
	"SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGABRT", "SIGFPE", "SIGKILL", "SIGSEGV", "SIGPIPE", "SIGALRM", "SIGTERM",
}

// Current returns a class as reports write it today.
func Current(class string) string {
	before, digits, ok := cutFormer(class)
	number, err := strconv.Atoi(digits)
	if !ok || err != nil || number < 1 || number > highest {
		return class
	}
	return before + Name(number)
}

// Former returns a class as reports once wrote it.
func Former(class string) string {
	at := strings.LastIndex(class, prefix)
	if at < 0 || slices.Contains(alwaysNamed, class[at:]) {
		return class
	}
	number, ok := Number(class[at:])
	if !ok {
		return class
	}
	return class[:at] + former + strconv.Itoa(number)
}

// IsFormer says whether a class, or what stands before the * of a pattern, names a signal by its number.
func IsFormer(class string) bool {
	_, digits, ok := cutFormer(class)
	return ok && strings.Trim(digits, "0123456789") == ""
}

func cutFormer(class string) (before, digits string, ok bool) {
	at := strings.LastIndex(class, former)
	if at < 0 {
		return "", "", false
	}
	return class[:at], class[at+len(former):], true
}
