package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger"
)

// A meeting is two uses of the backend that met.
type meeting struct{ late, here ledger.Access }

// exclusiveWrites finds writes that were in the backend together with a read or another write. It goes by
// the order of the records alone: a use is recorded after it was let in and before it lets the next one in.
func exclusiveWrites(x *Index, r *breach.Report) {
	var readers, writers []ledger.Access // inside, in the order they came
	var met breach.Groups[meeting]
	overReader, intoWrite := met.Class("exclusive-writes/backend/write-over-reader"), met.Class("exclusive-writes/backend/into-a-write")
	for _, a := range x.e.Accesses {
		if a.Ended {
			readers, writers = without(readers, a.Number), without(writers, a.Number)
			continue
		}
		switch a.Kind {
		case ledger.WriteAccess:
			if len(readers) > 0 {
				overReader.Add(meeting{a, readers[0]})
			} else if len(writers) > 0 {
				intoWrite.Add(meeting{a, writers[0]})
			}
			writers = append(writers, a)
		case ledger.ReadAccess:
			if len(writers) > 0 {
				intoWrite.Add(meeting{a, writers[0]})
			}
			readers = append(readers, a)
		}
	}
	for g := range met.Found() {
		late, here, summary := g.Example.late, g.Example.here, "a write began while a reader was in the backend"
		if g == intoWrite {
			summary = "a use of the backend began while a write was in it"
		}
		r.Add(g.Class, g.N, 0, fmt.Sprintf("%s, %d times", summary, g.N),
			r.Story("one of %d: a %s for %s", g.N, late.Kind, r.Message(late.Msg)).
				At(here.At, "backend", fmt.Sprintf("a %s for %s begins", here.Kind, r.Message(here.Msg))).
				At(late.At, "backend", fmt.Sprintf("a %s for %s begins; the other one has not ended", late.Kind, r.Message(late.Msg))))
	}
}

func without(list []ledger.Access, number uint64) []ledger.Access {
	for i := range list {
		if list[i].Number == number {
			return append(list[:i], list[i+1:]...)
		}
	}
	return list
}
