// Package discover finds out what a server can be asked for that nobody has described: from its own answers. It asks for
// nothing itself: whoever calls it does.
package discover

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// As is how a path is asked for.
type As string

// The ways of asking. The empty one is not at all.
const (
	Request As = "request"
	Events  As = "events"
	Socket  As = "websocket"
	HTTP2   As = "http2"
	Call    As = "grpc"
)

// An Offer is a path that was looked at.
type Offer struct {
	Path   string `json:"path"`
	As     As     `json:"as,omitempty"`
	Status int    `json:"status,omitempty"` // that is a good answer of it, because it has no other
	Health bool   `json:"health,omitempty"` // it tells of the server's own state, so that any status may be right
	Root   bool   `json:"root,omitempty"`   // it is asked for whatever it answers
	Why    string `json:"why,omitempty"`    // it is not asked for
	// Method says that it is one of gRPC's, which the server has named: calling it may change something.
	Method bool `json:"method,omitempty"`
}

// A Question is one GET.
type Question struct {
	Path      string
	Limit     int64 // of the answer's body
	Handshake bool  // it asks for a WebSocket
}

// An Answer is what came. Of a stream of events and of a WebSocket it is the head alone.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
	Why    string // no whole answer came
}

// Limits of a look.
const (
	MostPaths    = 20 // that are asked for in the end
	mostAsked    = 60
	PageLimit    = 1 << 20
	OpenAPILimit = 16 << 20
)

// eventStream is the media type of a stream of events.
const eventStream = "text/event-stream"

// Usual places.
var (
	openAPIPlaces = []string{"/openapi.json", "/swagger.json", "/v3/api-docs"}
	healthPlaces  = []string{"/health", "/health/live", "/health/ready", "/healthz", "/livez", "/ready", "/readyz"}
	eventPlaces   = []string{"/events", "/sse", "/stream"}
	socketPlaces  = []string{"/socket", "/websocket", "/ws"}
	// nowhere is a path that no server has: what is answered there is answered everywhere.
	nowhere = "/racebench-asks-for-what-is-not-there"
)

// A look is one look around.
type look struct {
	ask     func(Question) Answer
	own     Origin
	nowhere Answer
	offers  []Offer
	asked   map[string]bool
}

// Around asks for the root, for what its answer names and for the usual places, and returns what there is, in the order
// of the paths. It returns nothing where the root is not answered.
func Around(own Origin, root string, ask func(Question) Answer) []Offer {
	l := look{ask: ask, own: own, asked: map[string]bool{root: true}}
	first := ask(Question{Path: root, Limit: PageLimit})
	if first.Status == 0 {
		return nil
	}
	l.nowhere = ask(Question{Path: nowhere, Limit: PageLimit})
	named := l.namedBy(root, first)
	for _, path := range openAPIPlaces {
		doc := ask(Question{Path: path, Limit: OpenAPILimit})
		if doc.Status != http.StatusOK || doc.Why != "" {
			continue
		}
		if found, err := OpenAPI(doc.Body); err == nil {
			named = append(named, found...)
			break
		}
	}
	slices.Sort(named)
	for _, path := range slices.Compact(named) {
		l.consider(path)
	}
	for _, path := range healthPlaces {
		l.guess(path, true)
	}
	for _, path := range eventPlaces {
		l.guess(path, false)
	}
	for _, path := range socketPlaces {
		if !l.asked[path] && l.sockets(path) {
			l.add(Offer{Path: path, As: Socket})
			break // one that takes them everywhere is asked once
		}
	}
	l.root(root, first)
	slices.SortFunc(l.offers, func(a, b Offer) int { return strings.Compare(a.Path, b.Path) })
	return bounded(l.offers)
}

// namedBy are the paths that the root's answer names: its own, or those of the page that it leads to.
func (l *look) namedBy(root string, a Answer) []string {
	if a.Status >= 300 && a.Status < 400 {
		to, ok := l.own.Resolve(root, a.Header.Get("Location"))
		if !ok || to == root {
			return nil
		}
		page := l.ask(Question{Path: to, Limit: PageLimit})
		return append(Links(l.own, to, page.Header.Get("Content-Type"), page.Body), to)
	}
	return Links(l.own, root, a.Header.Get("Content-Type"), a.Body)
}

// consider asks for a path that the server has named. What is wrong with it is told.
func (l *look) consider(path string) {
	if l.asked[path] {
		return
	}
	if word := Unwanted(path); word != "" {
		l.add(Offer{Path: path, Why: fmt.Sprintf("its name has %q", word)})
		return
	}
	if len(l.asked) > mostAsked {
		l.add(Offer{Path: path, Why: "there are too many"})
		return
	}
	a := l.ask(Question{Path: path, Limit: PageLimit})
	l.add(l.judge(path, a))
}

// judge says how a path is asked for.
func (l *look) judge(path string, a Answer) Offer {
	o := Offer{Path: path, Health: tellsHealth(path)}
	switch {
	case a.Status == 0:
		o.Why = a.Why
	case a.Events():
		o.As = Events
	case a.wantsUpgrade():
		if o.Why = "it asks for an upgrade"; l.sockets(path) {
			o.As, o.Why = Socket, ""
		}
	case a.Status >= 400:
		o.Why = fmt.Sprintf("it answers %d", a.Status)
	case a.Why != "":
		o.Why = a.Why
	default:
		o.As = Request
	}
	return o
}

// healthWords are what parts of paths are called that tell of the server's own state.
var healthWords = []string{"alive", "health", "healthcheck", "healthz", "heartbeat", "live", "liveness", "livez", "readiness", "ready", "readyz"}

// tellsHealth says whether a path is called as one that tells of the server's own state.
func tellsHealth(path string) bool {
	plain := strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(path))
	return slices.ContainsFunc(strings.Split(plain, "/"), func(part string) bool { return slices.Contains(healthWords, part) })
}

// guess asks for a usual place. That it is not there is nothing to tell.
func (l *look) guess(path string, health bool) {
	if l.asked[path] {
		return
	}
	a := l.ask(Question{Path: path, Limit: PageLimit})
	if a.Status == l.nowhere.Status && a.Status < 400 && a.Header.Get("Content-Type") == l.nowhere.Header.Get("Content-Type") {
		return // everything is there, and none of it is what its name says
	}
	if o := l.judge(path, a); o.As != "" && (o.As != Request || a.Status < 300) {
		o.Health = health
		l.add(o)
	}
}

// sockets says whether a path takes a WebSocket.
func (l *look) sockets(path string) bool {
	return l.ask(Question{Path: path, Handshake: true}).Status == http.StatusSwitchingProtocols
}

func (l *look) add(o Offer) {
	l.asked[o.Path] = true
	l.offers = append(l.offers, o)
}

// root decides of the root. One that is not there is an answer where nothing else gives one.
func (l *look) root(path string, a Answer) {
	o := l.judge(path, a)
	o.Root = true
	others := slices.ContainsFunc(l.offers, func(o Offer) bool { return o.As == Request })
	switch {
	case o.As != "", others && a.Status >= 400:
	case a.Status == http.StatusNotFound:
		o.As, o.Status, o.Why = Request, a.Status, ""
	default:
		o.As, o.Why = Request, "" // the run without a signal says what is wrong with it
	}
	l.add(o)
}

// bounded leaves out what is more than a probe asks for. The root stays.
func bounded(offers []Offer) []Offer {
	left := MostPaths
	for i := range offers {
		if offers[i].Root && offers[i].As != "" {
			left--
		}
	}
	for i := range offers {
		o := &offers[i]
		switch {
		case o.As == "" || o.Root:
		case left == 0:
			o.As, o.Why = "", fmt.Sprintf("there are more than %d", MostPaths)
		default:
			left--
		}
	}
	return offers
}

// Events says whether it is a stream of events, whose end nobody awaits.
func (a Answer) Events() bool {
	return a.Status < 300 && strings.HasPrefix(strings.ToLower(a.Header.Get("Content-Type")), eventStream)
}

// wantsUpgrade says whether an answer asks for another protocol in the place of HTTP.
func (a Answer) wantsUpgrade() bool {
	if a.Status == http.StatusUpgradeRequired {
		return true
	}
	said := strings.ToLower(a.Header.Get("Upgrade") + " " + string(a.Body))
	return a.Status == http.StatusBadRequest && strings.Contains(said, "websocket")
}
