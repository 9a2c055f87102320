package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/result"
)

func duplicates(x *Index, _ Terms) []result.Breach {
	return x.oddBreach(x.repeats, "no-duplicate/subscriber/seen-twice",
		"delivery was of a message that the subscriber had seen", "deliveries were of messages that the subscriber had seen",
		func(o oddity) string { return fmt.Sprintf("saw %s again", x.messageName(o.msg)) })
}
