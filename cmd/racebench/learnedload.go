package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/racebench/racebench/internal/discover"
	"github.com/racebench/racebench/internal/learn"
	"github.com/racebench/racebench/scenario/spec"
)

// fewRoutes is how many routes have two clients each: of more, each has one.
const fewRoutes = 10

// learnedLoad is a load group for each route that is asked again; the first plain request has the groups that a probed path
// has. Owners say which route a group is of.
func (w *probeFlags) learnedLoad() []spec.Value {
	w.owners = map[string]int{}
	var groups []spec.Value
	routes := 0
	for _, r := range w.learned {
		if len(r.Ways) > 0 {
			routes++
		}
	}
	clients := 2
	if routes > fewRoutes {
		clients = 1
	}
	first := w.firstLearned()
	add := func(route, clients int, client, name string, more func(m *mapping)) {
		var m mapping
		m.text("client", client)
		m.put("clients", spec.Text(strconv.Itoa(clients)))
		more(&m)
		for n, base := 2, name; ; n++ {
			if _, taken := w.owners[name]; !taken {
				break
			}
			name = base + "-" + strconv.Itoa(n)
		}
		m.text("as", name)
		w.owners[name] = route
		groups = append(groups, m.Value)
	}
	for i, r := range w.learned {
		if len(r.Ways) == 0 {
			continue
		}
		q, name := r.Ways[0], groupName(r.Name)
		switch {
		case q.Write != nil:
			add(i, 1, "write-http", name, func(m *mapping) { spread(m, routes); putLearned(m, q) })
		case q.As == discover.Events:
			add(i, clients, "sse", name, func(m *mapping) { paced(m); putLearned(m, q) })
		case q.As == discover.Socket:
			add(i, clients, "websocket", name, func(m *mapping) { putLearned(m, q) })
		case q.HTTP2:
			add(i, clients, "http2", name, func(m *mapping) { spread(m, routes); putLearned(m, q) })
		case i == first:
			add(i, 4, "http-keepalive", name, func(m *mapping) { paced(m); putLearned(m, q) })
			add(i, 2, "http-oneshot", name+"-oneshot", func(m *mapping) { paced(m); putLearned(m, q) })
			add(i, 2, "http-preopened", name+"-preopened", func(m *mapping) { putLearned(m, q) })
		default:
			add(i, clients, "http-keepalive", name, func(m *mapping) { spread(m, routes); putLearned(m, q) })
		}
	}
	return groups
}

// firstLearned is the first route that is asked by plain GETs of HTTP/1.1; -1 is none.
func (w *probeFlags) firstLearned() int {
	return slices.IndexFunc(w.learned, func(r learn.Route) bool {
		return len(r.Ways) > 0 && r.Ways[0].Method == "GET" && r.Ways[0].As == discover.Request && !r.Ways[0].HTTP2
	})
}

// spread lets all routes together be no larger a load than one probed path.
func spread(m *mapping, of int) {
	m.text("shape", "slow")
	m.put("delay", spec.Text(fmt.Sprintf("%dms..%dms", 2*of, 8*of)))
}

// putLearned writes down what a request has.
func putLearned(m *mapping, q learn.Request) {
	if q.As == discover.Request && (q.Method != "GET" || q.Body != "") { // a body alone means POST
		m.text("method", q.Method)
	}
	m.text("path", q.Path)
	if len(q.Headers) > 0 {
		var h mapping
		for _, header := range q.Headers {
			h.text(header[0], header[1])
		}
		if len(h.Fields) > 0 {
			m.put("headers", h.Value)
		}
	}
	m.text("body", q.Body)
	m.text("status", q.Status)
	if q.Write != nil {
		m.text("read", q.Write.Read)
		m.text("value", q.Write.Value)
		m.text("match", q.Write.Match)
		m.text("given", q.Write.Given)
	}
}

var notInGroups = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`[^a-z0-9]+`) })

// groupName makes a load group's name of a route's.
func groupName(route string) string {
	name := strings.Trim(notInGroups().ReplaceAllString(strings.ToLower(route), "-"), "-")
	return strings.TrimRight(name[:min(len(name), 40)], "-")
}

// learnedRequests are the requests of what was learned.
func (w *probeFlags) learnedRequests() []probed {
	var all []probed
	for _, r := range w.learned {
		if len(r.Ways) > 0 && r.Ways[0].As == discover.Request && !r.Ways[0].HTTP2 {
			all = append(all, probed{method: r.Ways[0].Method, path: r.Ways[0].Path})
		}
	}
	return all
}
