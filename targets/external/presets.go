package external

import "github.com/racebench/racebench/scenario/spec"

// A Preset is what is known of a server that many people run: what its signals mean and how it ends.
type Preset struct {
	Name, Summary string
	// Drains is the signal that asks it to finish its work; its SIGTERM may do something else.
	Drains string
	exits  []int // statuses of a clean stop
}

// presets is the table of them.
var presets = []Preset{
	{"nginx", "SIGTERM cuts everything off; SIGQUIT drains, without a limit of its own", "SIGQUIT", []int{0}},
	{"haproxy", "SIGTERM cuts everything off; SIGUSR1 drains, without a limit of its own", "SIGUSR1", []int{0}},
	{"lighttpd", "SIGTERM cuts everything off, with status 1; SIGINT drains", "SIGINT", []int{0}},
	{"node", "without a handler SIGTERM ends it at once", "SIGTERM", []int{0, 143}},
	{"go", "without a handler SIGTERM ends it at once", "SIGTERM", []int{0, 143}},
	{"python", "without a handler SIGTERM ends it at once", "SIGTERM", []int{0, 143}},
	{"jvm", "a shutdown hook that works ends with status 143", "SIGTERM", []int{0, 143}},
	{"redis", "SIGTERM saves what it is configured to save", "SIGTERM", []int{0}},
	{"nats", "SIGTERM stops; SIGUSR2 is lame-duck mode", "SIGTERM", []int{0, 1}},
}

func (c *config) usePreset(v spec.Value, errs *spec.Errors) {
	var names []string
	for _, p := range presets {
		names = append(names, p.Name)
		if p.Name == v.Text {
			c.exits = p.exits
			return
		}
	}
	errs.Add(spec.Unknown(v, "preset", names))
}
