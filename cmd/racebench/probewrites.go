package main

import (
	"regexp"
	"strings"

	"github.com/spf13/pflag"
)

// probeWrites are the flags of what must be there after a restart, once it was acknowledged.
type probeWrites struct {
	writes, reads []string
	value, match  string
}

func (p *probeWrites) register(fs *pflag.FlagSet) {
	fs.StringArrayVar(&p.writes, "write", nil, "a `REQUEST` that stores something, such as 'POST /orders/{id}', with {id} as a key of its own in the path or in -d: what was acknowledged must be there after a restart (may be repeated)")
	fs.StringArrayVar(&p.reads, "read", nil, "the `PATH` where a write of --write is read back (default: its own path; one each where it is repeated)")
	fs.StringVar(&p.value, "value", "", "the `TEXT` that a write of --write is found by; {id} and {value} are filled in (default: as it was sent)")
	fs.StringVar(&p.match, "match", "", "the same as a regular expression `RE`")
}

// check refuses flags of writes that say too little, or too much.
func (p *probeWrites) check(body string) error {
	if len(p.writes) == 0 {
		name := ""
		switch {
		case len(p.reads) > 0:
			name = "read"
		case p.value != "":
			name = "value"
		case p.match != "":
			name = "match"
		default:
			return nil
		}
		return usagef("--%s belongs to a write: name one, such as --write 'POST /orders/{id}'", name)
	}
	if len(p.reads) > 0 && len(p.reads) != len(p.writes) {
		return usagef("%d --read for %d --write: give one for each, in their order, or none", len(p.reads), len(p.writes))
	}
	for _, path := range p.reads {
		if !strings.HasPrefix(path, "/") {
			return usagef("--read %s: a path begins with /, such as '/orders/{id}'", path)
		}
	}
	if p.value != "" && p.match != "" {
		return usagef("--value and --match say the same in two ways: leave one out")
	}
	if _, err := regexp.Compile(strings.NewReplacer("{id}", "x", "{value}", "x").Replace(p.match)); err != nil {
		return usagef("--match %s is no regular expression of Go's: %w", p.match, err)
	}
	for _, line := range p.writes {
		method, path, ok := strings.Cut(line, " ")
		switch {
		case !ok || strings.ContainsFunc(method, func(r rune) bool { return r < 'A' || r > 'Z' }) || !strings.HasPrefix(path, "/") || strings.Contains(path, " "):
			return usagef("--write %q: write a method and a path, such as 'POST /orders/{id}'", line)
		case method == "GET" || method == "HEAD":
			return usagef("--write %q: a %s stores nothing; write a method such as POST or PUT", line, method)
		case !strings.Contains(path+body, "{id}"):
			return usagef("--write %q: neither its path nor -d has {id}, so that no write could be told from another", line)
		}
	}
	return nil
}

// each calls add with the load group of each write.
func (p *probeWrites) each(body string, add func(client string, clients int, more func(m *mapping))) {
	for i, line := range p.writes {
		method, path, _ := strings.Cut(line, " ")
		add("write-http", 2, func(m *mapping) {
			paced(m)
			m.text("method", method)
			m.text("path", path)
			m.text("body", body)
			if len(p.reads) > 0 {
				m.text("read", p.reads[i])
			}
			m.text("value", p.value)
			m.text("match", p.match)
		})
	}
}
