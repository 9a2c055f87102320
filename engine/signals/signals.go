// Package signals names signals. Everything that prints the name of a signal, or reads one, asks here, so that
// a name that a report prints can be written in a scenario.
package signals

import (
	"strconv"
	"strings"
)

// prefix begins every name. A number follows it where the system has no name for the signal.
const prefix = "SIG"

// highest is the largest number of a signal that any system knows.
const highest = 64

// Name returns the name of a signal, in one word: SIGTERM, or SIG40 where the system has no name.
func Name(number int) string {
	if name := nameOf(number); name != "" {
		return name
	}
	return prefix + strconv.Itoa(number)
}

// Number returns the signal of a name, in capitals or not.
func Number(name string) (int, bool) {
	name = strings.ToUpper(name)
	if number := numberOf(name); number != 0 {
		return number, true
	}
	digits, ok := strings.CutPrefix(name, prefix)
	number, err := strconv.Atoi(digits)
	ok = ok && err == nil && number > 0 && number <= highest && Name(number) == name
	if !ok {
		return 0, false
	}
	return number, true
}
