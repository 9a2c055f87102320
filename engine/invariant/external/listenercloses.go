package external

import (
	"fmt"

	"github.com/racebench/racebench/engine/invariant/breach"
	"github.com/racebench/racebench/engine/ledger/extern"
)

// ListenerCloses looks whether the address still took connections when the program had stopped.
func ListenerCloses(p *Program, r *breach.Report) {
	listens, ok := p.process(extern.ProcessListens)
	end, ended := p.process(extern.ProcessEnded)
	if !ok || !ended || !p.struck {
		return
	}
	r.Add("listener-closes/address/still-accepts", 1, 0,
		fmt.Sprintf("%s, which got the signal, has ended, and the address still accepts connections", pid(end)),
		r.Story("").At(end.At, pid(end), EndOf(end)+p.leftWords()).At(listens.At, "address", "took a new connection"))
}
