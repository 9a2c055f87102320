package draw

import (
	"slices"

	"github.com/racebench/racebench/engine/signals"
)

// What a world may take part in beside ops, knobs and windows.
const (
	partStartup = "a signal at start-up"
	partSecond  = "a second signal"
	partThird   = "a third signal"
	partStops   = "clients that stop at the signal"
)

func opPart(name string) string          { return "op " + name }
func knobPart(name, value string) string { return "knob " + name + " " + value }
func crashPart(how string) string        { return "crash " + how }

// WindowPart is a signal that strikes while a task is in the window of that name.
func WindowPart(name string) string { return "window " + name }

// Parts lists everything that the worlds of a source may take part in.
func (s *Source) Parts() []string {
	var all []string
	target := s.program.Target
	for _, g := range s.groups {
		if part := opPart(s.opOf(g).Name); !slices.Contains(all, part) {
			all = append(all, part)
		}
	}
	for _, k := range target.Knobs {
		for _, value := range slices.Concat(k.Small, k.Faults) {
			all = append(all, knobPart(k.Name, value))
		}
	}
	for _, w := range target.Windows {
		all = append(all, WindowPart(w.Name))
	}
	for _, signal := range target.StopSignals {
		all = append(all, signals.Name(int(signal)))
	}
	all = append(all, partStartup, partSecond, partThird, partStops)
	if target.Auditor != nil {
		all = append(all, crashPart("kill"), crashPart("power"))
	}
	return all
}
