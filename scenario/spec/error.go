package spec

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// longest is how many characters of a user's text a message repeats.
const longest = 60

// An Error says what is wrong at one place.
type Error struct {
	Pos Pos    // the zero Pos when the value came from a flag
	Msg string // lower case, without the place
}

// Error returns the message, led by line:column when there is a place.
func (e *Error) Error() string {
	if e.Pos.IsZero() {
		return e.Msg
	}
	return fmt.Sprintf("%d:%d: %s", e.Pos.Line, e.Pos.Col, e.Msg)
}

// Errorf returns an error that points at a value.
func Errorf(at Value, format string, args ...any) *Error {
	return &Error{Pos: at.Pos, Msg: fmt.Sprintf(format, args...)}
}

// Errors collects everything that is wrong, so that a reader can go on past the
// first mistake. The zero value is empty and ready.
type Errors []*Error

// Addf adds an error that points at a value.
func (e *Errors) Addf(at Value, format string, args ...any) {
	*e = append(*e, Errorf(at, format, args...))
}

// Add adds err. Nil is ignored, errors of this package keep their places, and any
// other error becomes one without a place.
func (e *Errors) Add(err error) {
	if err == nil {
		return
	}
	if many, ok := errors.AsType[*Errors](err); ok {
		*e = append(*e, *many...)
		return
	}
	if one, ok := errors.AsType[*Error](err); ok {
		if one != nil {
			*e = append(*e, one)
		}
		return
	}
	*e = append(*e, &Error{Msg: err.Error()})
}

// Sort orders the errors by place, then by message.
func (e *Errors) Sort() {
	slices.SortStableFunc(*e, func(a, b *Error) int {
		switch {
		case a.Pos.before(b.Pos):
			return -1
		case b.Pos.before(a.Pos):
			return 1
		}
		return strings.Compare(a.Msg, b.Msg)
	})
}

// Error returns one error a line.
func (e *Errors) Error() string {
	lines := make([]string, len(*e))
	for i, one := range *e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// quote shows a user's text in a message: quoted, on one line, and cut when it is
// long enough to hide the rest of the message.
func quote(s string) string {
	if utf8.RuneCountInString(s) > longest {
		s = string([]rune(s)[:longest]) + "…"
	}
	return strconv.Quote(s)
}
