package external

import (
	"errors"
	"fmt"
)

// A lookup is where a session's writes lie. What it does not give back may have been lost, or may only be late.
type lookup interface {
	// look asks for a write. missed says what is not there; it is empty when the write is.
	look(key string) (found, missed string, err error)
	// part names the part of the store that a write lies in. One proof holds for all of a part.
	part(key string) string
	// prove writes to that part once more and has it given back: what does not come then was lost. An error says
	// that nobody can tell.
	prove(key string) error
}

// proofs are the parts of a store that were proved, each with why nobody can tell what it has lost; nil: what it
// does not give back is missing.
type proofs map[string]error

// find reads a write back, as reader has it.
func (p proofs) find(in lookup, key, value string) (string, bool, error) {
	found, missed, err := in.look(key)
	if err == nil && missed != "" {
		part := in.part(key)
		why, proved := p[part]
		if !proved {
			if why = in.prove(key); errors.Is(why, errLoading) {
				return "", false, why
			}
			p[part] = why
			found, missed, err = in.look(key) // it may have come meanwhile
		}
		if why != nil && (err != nil || missed != "") {
			return "", false, fmt.Errorf("%w: %w", errUntold, why)
		}
	}
	switch {
	case err != nil || missed != "":
		return missed, false, err
	case found != value:
		return fmt.Sprintf("the message %s is %s", key, shown(found, value)), true, nil
	}
	return value, true, nil
}
