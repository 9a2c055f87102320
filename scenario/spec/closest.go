package spec

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// fewKnown is up to how many known words an error lists when none is close.
const fewKnown = 13

// longestWord is beyond how many characters a word is not compared: nobody meant a
// name that long, and the comparison takes quadratic time.
const longestWord = 64

// Closest returns the known word that was probably meant: the one with the fewest
// slips of the finger (a letter wrong, missing, too many, or two swapped), at most
// one slip in three letters, or the only one that word begins. It reports false when
// nothing is close. Ties go to the first in alphabetical order.
func Closest(word string, known []string) (string, bool) {
	word = strings.ToLower(word)
	length := utf8.RuneCountInString(word)
	if length < 2 || length > longestWord {
		return "", false
	}
	known = slices.Sorted(slices.Values(known))
	best, bestSlips := "", max(1, length/3)+1
	for _, k := range known {
		if d := slips(word, strings.ToLower(k)); d < bestSlips {
			best, bestSlips = k, d
		}
	}
	if best != "" {
		return best, true
	}
	begun := slices.DeleteFunc(known, func(k string) bool { return !strings.HasPrefix(strings.ToLower(k), word) })
	if begun = slices.Compact(begun); len(begun) == 1 {
		return begun[0], true
	}
	return "", false
}

// Unknown returns the error for a word that is none of the known ones. What says
// what kind of word it is, such as "field" or "op". The message proposes the closest
// known word, else lists the known ones when they are few.
func Unknown(at Value, what string, known []string) *Error {
	msg := fmt.Sprintf("unknown %s %s", what, at.found())
	if at.Kind != Scalar {
		msg = fmt.Sprintf("%s is not the name of a known %s", at.found(), what)
	}
	if near, ok := Closest(at.Text, known); ok {
		return Errorf(at, "%s (did you mean %q?)", msg, near)
	}
	if len(known) == 0 || len(known) > fewKnown {
		return Errorf(at, "%s", msg)
	}
	return Errorf(at, "%s (known: %s)", msg, strings.Join(slices.Sorted(slices.Values(known)), ", "))
}

// slips is the optimal string alignment distance: insertions, deletions,
// substitutions and swaps of neighbours each count one.
func slips(a, b string) int {
	s, t := []rune(a), []rune(b)
	if len(t) > longestWord {
		return longestWord
	}
	older, prev, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			cost := 1
			if s[i-1] == t[j-1] {
				cost = 0
			}
			row[j] = min(prev[j]+1, row[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], older[j-2]+1)
			}
		}
		older, prev, row = prev, row, older
	}
	return prev[len(t)]
}
