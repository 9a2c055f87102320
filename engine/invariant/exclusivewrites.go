package invariant

import (
	"fmt"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// exclusiveWrites finds writes that were in the backend together with a read or another write. It goes by
// the order of the records alone: a use is recorded after it was let in and before it lets the next one in.
func exclusiveWrites(x *Index, _ Terms) []result.Breach {
	var readers, writers []ledger.Access // inside, in the order they came
	var overReader, intoWrite meeting
	for _, a := range x.e.Accesses {
		if a.Ended {
			readers, writers = without(readers, a.Number), without(writers, a.Number)
			continue
		}
		switch a.Kind {
		case ledger.WriteAccess:
			if len(readers) > 0 {
				overReader.add(a, readers[0])
			} else if len(writers) > 0 {
				intoWrite.add(a, writers[0])
			}
			writers = append(writers, a)
		case ledger.ReadAccess:
			if len(writers) > 0 {
				intoWrite.add(a, writers[0])
			}
			readers = append(readers, a)
		}
	}
	return append(x.metBreach(overReader, "write-over-reader", "a write began while a reader was in the backend"),
		x.metBreach(intoWrite, "into-a-write", "a use of the backend began while a write was in it")...)
}

// A meeting counts uses that met, and keeps the first two.
type meeting struct {
	n          int64
	late, here ledger.Access
}

func (m *meeting) add(late, here ledger.Access) {
	if m.n++; m.n == 1 {
		m.late, m.here = late, here
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

func (x *Index) metBreach(m meeting, cause, summary string) []result.Breach {
	if m.n == 0 {
		return nil
	}
	s := x.newStory()
	s.title("one of %d: a %s for %s", m.n, m.late.Kind, x.messageName(m.late.Msg))
	s.strike()
	s.at(m.here.At, "backend", fmt.Sprintf("a %s for %s begins", m.here.Kind, x.messageName(m.here.Msg)))
	s.at(m.late.At, "backend", fmt.Sprintf("a %s for %s begins; the other one has not ended", m.late.Kind, x.messageName(m.late.Msg)))
	return []result.Breach{{
		Invariant: "exclusive-writes", Class: "exclusive-writes/backend/" + cause, Verdict: result.Breached, Count: m.n,
		Summary: fmt.Sprintf("%s, %d times", summary, m.n), Evidence: s.lines(),
	}}
}
