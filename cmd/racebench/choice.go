package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
)

// A choice is a flag that takes one of a few words. The words stand in its help, in the place of a value's name.
type choice struct {
	word  *string
	known []string
}

// String implements pflag.Value.
func (c choice) String() string {
	if c.word == nil { // pflag asks a zero choice for its default
		return ""
	}
	return *c.word
}

// Type implements pflag.Value.
func (c choice) Type() string { return strings.Join(c.known, "|") }

// Set implements pflag.Value. The word that the flag has already is taken, too: an empty one leaves the default.
func (c choice) Set(word string) error {
	if word != *c.word && !slices.Contains(c.known, word) {
		return notOneOf{word, c.known}
	}
	*c.word = word
	return nil
}

// A choiceList is a flag that takes some of a few words, with commas between them or one at a time.
type choiceList struct {
	words *[]string
	known []string
}

// String implements pflag.Value.
func (c choiceList) String() string {
	if c.words == nil {
		return ""
	}
	return strings.Join(*c.words, ",")
}

// Type implements pflag.Value.
func (c choiceList) Type() string { return "LIST" }

// Set implements pflag.Value.
func (c choiceList) Set(list string) error {
	for word := range strings.SplitSeq(list, ",") {
		switch {
		case word == "":
		case !slices.Contains(c.known, word):
			return notOneOf{word, c.known}
		default:
			*c.words = append(*c.words, word)
		}
	}
	return nil
}

// A notOneOf says that a flag's word is none of those it takes.
type notOneOf struct {
	word  string
	known []string
}

// Error says which words there are, and which was probably meant.
func (e notOneOf) Error() string {
	return fmt.Sprintf("%s: it is %s%s", e.word, alternatives(e.known), didYouMean(e.word, e.known))
}

// A shown flag shows the form of its value in its help.
type shown struct {
	pflag.Value
	form string
}

// Type implements pflag.Value.
func (s shown) Type() string { return s.form }

// show gives a flag whose value has forms of its own those in its help.
func show(fs *pflag.FlagSet, name, form string) {
	f := fs.Lookup(name)
	f.Value = shown{f.Value, form}
}

// alternatives lists words as a sentence does.
func alternatives(words []string) string {
	last := len(words) - 1
	if last == 0 {
		return words[0]
	}
	return strings.Join(words[:last], ", ") + " or " + words[last]
}
