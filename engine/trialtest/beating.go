package trialtest

import (
	"slices"
	"time"

	"github.com/racebench/racebench/engine/world"
	"github.com/racebench/racebench/targets"
)

// Beating is the toy with a task of its own that pings for ever. Beside the toy's variants it has "patient",
// whose drain ends when the hundredth ping has found nothing to do.
var Beating = func() targets.Target {
	b := Toy
	b.Name, b.Start = "beating", startBeating
	b.Variants = append(slices.Clone(Toy.Variants), targets.Variant{Name: "patient", Verdict: "partial-fix", Summary: "waits for pings"})
	return b
}()

func startBeating(t *world.Task, h targets.Host, variant string) (targets.Instance, error) {
	asked := map[string]string{"patient": "hangs"}[variant]
	if asked == "" {
		asked = variant
	}
	instance, err := startToy(t, h, asked)
	if err != nil {
		return nil, err
	}
	s := &beatingServer{toyServer: instance.(*toyServer), over: h.World.NewToken("the end of the pings")}
	pings := h.World.NewAtomic("pings", 0)
	s.pinger = t.Go("pinger", func(t *world.Task) {
		timer := h.World.NewTimer("the next ping")
		timer.Periodic = true
		for timer.Set(time.Millisecond); t.Select(s.over, timer) == 1; timer.Set(time.Millisecond) {
			if variant == "patient" && pings.Load(t) < 100 && pings.Add(t, 1) == 100 {
				s.never.Cancel(t)
			}
		}
	})
	return s, nil
}

type beatingServer struct {
	*toyServer
	over   *world.Token
	pinger *world.Task
}

func (s *beatingServer) Wait(t *world.Task) error {
	err := s.toyServer.Wait(t)
	s.over.Cancel(t)
	_ = t.Join(s.pinger)
	return err
}
