package measure

import (
	"time"

	"github.com/racebench/racebench/engine/ledger"
	"github.com/racebench/racebench/engine/result"
)

// Answers counts the answers of an external program by group, phase and status, and what got none for want of a
// connection. An answer belongs to the drain when it came at or after the strike.
func Answers(e *ledger.Evidence, struck time.Duration, hasStruck bool) (answers []result.Answer, failures []result.Failure) {
	if len(e.Processes) == 0 {
		return nil, nil
	}
	var sum result.Row
	for lane, ops := range e.Ops {
		info := e.Lanes[lane]
		for i := range ops {
			op := &ops[i]
			phase := result.Steady
			if hasStruck && op.Ended >= struck {
				phase = result.Drain
			}
			switch {
			case op.Code != 0:
				sum.AddAnswers([]result.Answer{{Op: info.Op, Group: info.Group, Phase: phase, Status: int(op.Code), Count: 1}}, nil)
			case op.Outcome == ledger.Refused && op.Cause == ledger.Closed:
				sum.AddAnswers(nil, []result.Failure{{Op: info.Op, Group: info.Group, Phase: phase, Class: "refused", Count: 1}})
			}
		}
	}
	return sum.Answers, sum.Failures
}
