package learn

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/racebench/racebench/internal/discover"
)

const (
	// MostRoutes is how many routes are asked for in the end.
	MostRoutes = 40
	// mostWays is how many requests of one route are kept.
	mostWays = 4
)

// A Route is a method and a path, in which the ids of things are no part of what tells it from others.
type Route struct {
	Name string
	Ways []Request // the first is asked; the next where that is not served well
	Why  string    // none is asked
	// MadeBy is the route that made what it asks for, where no other was asked for.
	MadeBy string
}

// A Request is one that is asked again.
type Request struct {
	Method, Path string
	Headers      [][2]string
	Body         string
	As           discover.As
	HTTP2        bool
	Status       string // of its good answers
	Write        *Write // a later GET gave it back; nil: none did
}

// A Write says how an acknowledged write is found again. Its texts have {id} for its own key, and {given} for what the
// answer has called it.
type Write struct{ Read, Value, Match, Given string }

// Asked is how many requests came.
func (p *Proxy) Asked() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.asked
}

// Routes are what was asked, in order. Requests that may change something are asked again with writes only. It is for
// after Close.
func (p *Proxy) Routes(writes bool) []Route {
	p.mu.Lock()
	defer p.mu.Unlock()
	var routes []Route
	for i, x := range p.all {
		name := x.route()
		at := slices.IndexFunc(routes, func(r Route) bool { return r.Name == name })
		if at < 0 {
			at, routes = len(routes), append(routes, Route{Name: name})
		}
		r := &routes[at]
		if why := p.unfit(x, writes); why != "" {
			r.Why = cmp.Or(r.Why, why)
			continue
		}
		if by := p.madeBy(i); x.safe() && by != "" {
			r.Why, r.MadeBy = cmp.Or(r.Why, "it asks for what "+by+" has made"), by
			continue
		}
		again := p.again(x)
		if !x.safe() {
			for _, w := range p.written(i) {
				r.add(again.storing(w))
			}
		}
		r.add(again)
	}
	left := MostRoutes
	for i := range routes {
		r := &routes[i]
		slices.SortStableFunc(r.Ways, func(a, b Request) int { return cmp.Compare(a.rank(), b.rank()) })
		r.Ways = r.Ways[:min(len(r.Ways), mostWays)]
		switch {
		case len(r.Ways) == 0:
		case left == 0:
			r.Ways, r.Why = nil, fmt.Sprintf("there are more than %d", MostRoutes)
		default:
			left--
			r.Why = ""
		}
	}
	return routes
}

// add keeps a way that is not there yet.
func (r *Route) add(q Request) {
	same := func(other Request) bool {
		return other.Path == q.Path && other.Body == q.Body && slices.Equal(other.Headers, q.Headers) &&
			(other.Write == nil) == (q.Write == nil) && (q.Write == nil || *other.Write == *q.Write)
	}
	if !slices.ContainsFunc(r.Ways, same) {
		r.Ways = append(r.Ways, q)
	}
}

// rank puts writes that are read back before others.
func (q Request) rank() int {
	if q.Write != nil {
		return 0
	}
	return 1
}

// safe says whether a method changes nothing.
func (x *exchange) safe() bool { return x.method == http.MethodGet || x.method == http.MethodHead }

// good says whether an exchange was answered well.
func (x *exchange) good() bool { return x.status > 0 && x.status < 400 }

// path is the target without its query.
func (x *exchange) path() string {
	path, _, _ := strings.Cut(x.target, "?")
	return path
}

// as is how it is asked for.
func (x *exchange) as() discover.As {
	switch a := (discover.Answer{Status: x.status, Header: x.answered}); {
	case x.status == http.StatusSwitchingProtocols:
		return discover.Socket
	case x.answered != nil && x.method == http.MethodGet && a.Events():
		return discover.Events
	}
	return discover.Request
}

// unfit says why a request is not asked again.
func (p *Proxy) unfit(x *exchange, writes bool) string {
	word := discover.Unwanted(x.path())
	switch {
	case strings.HasPrefix(x.header.Get("Content-Type"), "application/grpc"):
		return "it is gRPC"
	case x.status == 0:
		return "it got no answer"
	case x.status >= 400:
		return fmt.Sprintf("it was answered with %d", x.status)
	case !x.safe() && !writes:
		return "it may change something: --learn-writes asks it"
	case word != "" && (x.safe() || discover.Ends(word)):
		return fmt.Sprintf("its name has %q", word)
	case x.as() == discover.Socket && !strings.EqualFold(x.header.Get("Upgrade"), "websocket"):
		return "it asks for another protocol"
	case x.body.more:
		return fmt.Sprintf("its body is longer than %d KiB", BodyLimit>>10)
	case !text(x.body.Bytes()):
		return "its body is no text"
	case !strings.HasPrefix(x.target, "/") || !text([]byte(x.target)):
		return "its path is not asked for by others"
	}
	return ""
}

// text says whether a body can stand in a scenario.
func text(b []byte) bool {
	return utf8.Valid(b) && !strings.ContainsFunc(string(b), func(r rune) bool {
		return r != '\t' && r != '\r' && r != '\n' && (unicode.IsControl(r) || r == utf8.RuneError || r == '\ufeff')
	})
}

// again is the request as it came.
func (p *Proxy) again(x *exchange) Request {
	q := Request{Method: x.method, Path: x.target, Body: x.body.String(), As: x.as(), HTTP2: x.http2, Status: fmt.Sprintf("%dxx", x.status/100)}
	if q.As == discover.Socket {
		q.Status = ""
	}
	if x.host != "" {
		q.Headers = append(q.Headers, [2]string{"Host", x.host})
	}
	var names []string
	for name := range x.header {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		join := ", "
		if name == "Cookie" {
			join = "; "
		}
		value := strings.Join(x.header[name], join)
		if p.keeps(name, value, q.As) {
			q.Headers = append(q.Headers, [2]string{name, value})
		}
	}
	return q
}

// notAgain are headers that belong to one request, or that every client sets itself.
var notAgain = []string{
	"Accept-Encoding", "Baggage", "Connection", "Content-Length", "Expect", "Idempotency-Key", "Keep-Alive", "Sec-Fetch-Mode", "Sec-Websocket-Extensions",
	"Sec-Websocket-Key", "Sec-Websocket-Version", "Te", "Traceparent", "Tracestate", "Trailer", "Transfer-Encoding", "Upgrade", "User-Agent", "X-Correlation-Id", "X-Request-Id",
}

// keeps says whether a header is asked with again.
func (p *Proxy) keeps(name, value string, as discover.As) bool {
	switch {
	case slices.Contains(notAgain, name), strings.HasPrefix(name, "Proxy-"), !text([]byte(value)), strings.ContainsAny(value, "\r\n"):
		return false
	case name == "Accept" && (value == "*/*" || as == discover.Events):
		return false
	case name == "Accept-Language" && value == "*":
		return false
	}
	return !slices.ContainsFunc(p.ours, func(own string) bool { return strings.Contains(value, own) }) // Origin, Referer
}

// route is what an exchange has in common with others of its route.
func (x *exchange) route() string {
	path, query, asks := strings.Cut(x.target, "?")
	parts := strings.Split(path, "/")
	for i, part := range parts {
		if isID(part) {
			parts[i] = "{id}"
		}
	}
	name := x.method + " " + strings.Join(parts, "/")
	if !asks {
		return name
	}
	var names []string
	for pair := range strings.SplitSeq(query, "&") {
		key, _, _ := strings.Cut(pair, "=")
		names = append(names, key)
	}
	slices.Sort(names)
	return name + "?" + strings.Join(slices.Compact(names), "&")
}

var idForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([0-9]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|.*[-_.:][0-9]+|[0-9a-f]{8,}|[0-9A-Za-z]{20,})$`)
})

var versionForm = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z]*[-_.:]?[0-9](\.[0-9]+)*$`) })

// isID says whether a part of a path is the id of a thing.
func isID(part string) bool {
	if !strings.ContainsAny(part, "0123456789") {
		return false
	}
	if strings.Trim(part, "0123456789") != "" && versionForm().MatchString(part) && !strings.ContainsAny(part, "-_:") {
		return false // v1, 1.2
	}
	return idForm().MatchString(part)
}
