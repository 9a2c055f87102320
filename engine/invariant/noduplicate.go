package invariant

import "github.com/racebench/racebench/engine/invariant/breach"

func noDuplicate(x *Index, r *breach.Report) {
	x.repeats.report(x, r, "no-duplicate/subscriber/seen-twice",
		"delivery was of a message that the subscriber had seen", "deliveries were of messages that the subscriber had seen",
		func(o oddity) string { return "saw " + r.Message(o.msg) + " again" })
}
