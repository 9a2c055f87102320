package discover_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/racebench/racebench/internal/discover"
)

// A site is a server whose answers are a table. What is not in it is answered with 404.
type site map[string]discover.Answer

func (s site) ask(q discover.Question) discover.Answer {
	if q.Handshake {
		if a, ok := s["ws "+q.Path]; ok {
			return a
		}
	} else if a, ok := s[q.Path]; ok {
		return a
	}
	if a, ok := s["*"]; ok {
		return a
	}
	return discover.Answer{Status: http.StatusNotFound}
}

func answer(status int, media, body string) discover.Answer {
	return discover.Answer{Status: status, Header: http.Header{"Content-Type": {media}}, Body: []byte(body)}
}

var own = discover.Origin{"127.0.0.1:8080", "localhost:8080"}

func TestAround(t *testing.T) {
	switched := discover.Answer{Status: http.StatusSwitchingProtocols}
	for _, tc := range []struct {
		name string
		site site
		want []string
	}{
		{"nobody answers", site{"*": {Why: "no connection"}}, nil},
		{"one page", site{"/": answer(200, "text/plain", "hello /not-a-link")}, []string{"/ request"}},
		{"links", site{
			"/": answer(200, "text/html; charset=utf-8", `<a href=b>b</a> <a href="/a">a</a> <a href="http://localhost:8080/c"></a> <a href="https://elsewhere/d"></a>
				<a href="/e?page=2"></a> <a href="/log-out"></a> <a href="/gone"></a> <form action="/f"></form>`),
			"/a": answer(200, "text/plain", ""), "/b": answer(302, "", ""), "/c": answer(200, "text/event-stream", ""), "/f": answer(200, "", ""), "/e": answer(200, "", ""),
			"/log-out": answer(200, "", ""),
		}, []string{"/ request", "/a request", "/b request", "/c events", "/gone (it answers 404)", `/log-out (its name has "logout")`}},
		{"what a page's scripts ask for", site{
			"/":  answer(200, "text/html", `<script>new EventSource("/s"); fetch('/g'); fetch('/p', {method: 'POST'}); new WebSocket("ws://localhost:8080/w")</script>fetch("/text")`),
			"/g": answer(200, "", ""), "/s": answer(200, "Text/Event-Stream;charset=utf-8", ""), "/p": answer(200, "", ""), "/text": answer(200, "", ""),
			"/w": answer(http.StatusUpgradeRequired, "", ""), "ws /w": switched,
		}, []string{"/ request", "/g request", "/s events", "/w websocket"}},
		{"an answer of JSON, a page that it leads to", site{
			"/":    {Status: 307, Header: http.Header{"Location": {"api"}}},
			"/api": answer(200, "application/hal+json", `{"_links": {"jobs": {"href": "/jobs"}, "one": {"href": "/jobs/{id}"}, "own": {"href": "http://127.0.0.1:8080/own"}}, "at": "12/24"}`),
			"/own": answer(200, "", ""), "/jobs": answer(500, "", ""),
		}, []string{"/ request", "/api request", "/jobs (it answers 500)", "/own request"}},
		{"no root, OpenAPI", site{
			"/v3/api-docs": answer(200, "application/json", `{"openapi": "3.1.0", "paths": {"/a": {"get": {}}, "/b": {"post": {}}}}`),
			"/a":           answer(200, "", ""), "/b": answer(200, "", ""),
		}, []string{"/ (it answers 404)", "/a request"}},
		{"no root, nothing", site{}, []string{"/ request 404"}},
		{"no root, but health", site{"/healthz": answer(200, "", ""), "/readyz": answer(503, "", "")}, []string{"/ (it answers 404)", "/healthz request health"}},
		{"health elsewhere", site{
			"/":            answer(200, "application/json", `{"a": "/api/healthz", "b": "/actuator/health/db", "c": "/Health-Check", "d": "/healthy-food", "e": "/-/ready"}`),
			"/api/healthz": answer(200, "", ""), "/actuator/health/db": answer(200, "", ""), "/Health-Check": answer(200, "", ""),
			"/healthy-food": answer(200, "", ""), "/-/ready": answer(200, "", ""),
		}, []string{"/ request", "/-/ready request health", "/Health-Check request health", "/actuator/health/db request health", "/api/healthz request health", "/healthy-food request"}},
		{"a root for others only", site{"/": answer(401, "", "")}, []string{"/ request"}},
		{"the same is everywhere", site{"/": answer(200, "text/html", "app"), "*": answer(200, "text/html", "app")}, []string{"/ request"}},
		{"the same is everywhere but there", site{"/": answer(200, "text/html", "app"), "*": answer(200, "text/html", "app"), "/healthz": answer(200, "application/json", "{}")},
			[]string{"/ request", "/healthz request health"}},
		{"usual places of streams", site{"/events": answer(200, "text/event-stream", ""), "/": answer(200, "", ""), "ws /ws": switched}, []string{"/ request", "/events events", "/ws websocket"}},
		{"a WebSocket everywhere", site{"/": answer(200, "", ""), "ws /ws": switched, "ws /websocket": switched}, []string{"/ request", "/websocket websocket"}},
		{"what ends in no time", site{
			"/": answer(200, "text/html", `<a href=slow></a><a href=large></a>`), "/slow": {Why: "slow"},
			"/large": {Status: 200, Why: "large"},
		}, []string{"/ request", "/large (large)", "/slow (slow)"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, o := range discover.Around(own, "/", tc.site.ask) {
				words := []string{o.Path}
				switch {
				case o.As != "":
					words = append(words, string(o.As))
				default:
					words = append(words, "("+o.Why+")")
				}
				if o.Status == 404 {
					words = append(words, "404")
				}
				if o.Health {
					words = append(words, "health")
				}
				got = append(got, strings.Join(words, " "))
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("offers (-want +got):\n%s", diff)
			}
		})
	}
}

// TestNoMorePathsThanThereMayBe has a page of many links: twenty are asked for, and the root is one of them.
func TestNoMorePathsThanThereMayBe(t *testing.T) {
	var page strings.Builder
	s := site{"*": answer(200, "text/plain", "")}
	for i := range 500 {
		page.WriteString(`<a href="/z` + strings.Repeat("i", i%90) + `">`)
	}
	s["/"] = answer(200, "text/html", page.String())
	asked, root := 0, false
	for _, o := range discover.Around(own, "/", s.ask) {
		if o.As != "" {
			asked++
			root = root || o.Root
		} else if o.Why == "" {
			t.Errorf("%s is left out for no reason", o.Path)
		}
	}
	if asked != discover.MostPaths || !root {
		t.Errorf("%d paths are asked for, the root among them: %t", asked, root)
	}
}

func TestUnwanted(t *testing.T) {
	for path, want := range map[string]string{
		"/logout": "logout", "/LogOut": "logout", "/log-out": "logout", "/user/signOut": "signout", "/api/v1/jobs/delete-all": "delete", "/resetPassword": "reset", "/%64elete": "delete",
		"/SHUTDOWN": "shutdown", "/shut_down.do": "shutdown", "/removeAll": "remove", "/stopwatch": "", "/nonstop": "", "/deleted": "", "/presets": "", "/": "", "/stop2": "stop", "/debug/panic": "panic", "/pauseWorkers": "pause",
	} {
		if got := discover.Unwanted(path); got != want {
			t.Errorf("%s: %q, want %q", path, got, want)
		}
	}
}

func TestResolve(t *testing.T) {
	for link, want := range map[string]string{
		"b": "/dir/b", "../b": "/b", "/b#part": "/b", "//localhost:8080/b": "/b", "ws://127.0.0.1:8080/w": "/w", "a b": "/dir/a%20b",
		"": "", "/b?x=1": "", "/b?": "", "//elsewhere/b": "", "http://localhost:9/b": "", "mailto:a@b": "", "javascript:void(0)": "", "http://u:p@localhost:8080/": "",
		"/users/{id}": "", "/users/:id": "", "/a\nb": "", "/a\\b": "", "%zz": "", "/" + strings.Repeat("x", 300): "",
	} {
		if got, _ := own.Resolve("/dir/", link); got != want {
			t.Errorf("%q: %q, want %q", link, got, want)
		}
	}
}

func TestOpenAPI(t *testing.T) {
	for _, tc := range []struct{ name, doc, want, err string }{
		{"version 3", `{"openapi": "3.0.0", "servers": [{"url": "https://api.example.com/v1/"}], "paths": {
			"/b": {"get": {"parameters": [{"name": "q", "in": "query"}]}}, "/a": {"get": {}, "post": {}},
			"/needs": {"get": {"parameters": [{"name": "q", "required": true}]}}, "/all-need": {"parameters": [{"required": true}], "get": {}},
			"/by-name": {"get": {"parameters": [{"$ref": "#/components/parameters/Page"}]}}, "/by-name-needs": {"get": {"parameters": [{"$ref": "#/components/parameters/Tenant"}]}},
			"/unknown": {"get": {"parameters": [{"$ref": "#/components/parameters/Gone"}]}}, "/{id}": {"get": {}}, "/write": {"post": {}}},
			"components": {"parameters": {"Page": {"name": "p"}, "Tenant": {"required": true}}}}`, "/v1/a /v1/b /v1/by-name", ""},
		{"version 2", `{"swagger": "2.0", "basePath": "/api", "paths": {"/a": {"get": {"parameters": [{"$ref": "#/parameters/P"}]}}}, "parameters": {"P": {"required": false}}}`, "/api/a", ""},
		{"cycles", `{"openapi": "3.0.0", "paths": {"/a": {"get": {"parameters": [{"$ref": "#/components/parameters/A"}]}}, "/b": {"get": {"responses": {"$ref": "#/paths/~1b"}}}},
			"components": {"parameters": {"A": {"$ref": "#/components/parameters/A"}}, "schemas": {"S": {"properties": {"s": {"$ref": "#/components/schemas/S"}}}}}}`, "/b", ""},
		{"a server with a part to fill in", `{"openapi": "3.0.0", "servers": [{"url": "https://{host}/v1"}], "paths": {"/a": {"get": {}}}}`, "/a", ""},
		{"no JSON", "openapi: 3.0.0\n", "", "line 1: this is no JSON"},
		{"torn", "{\"openapi\": \"3.0.0\",\n\"paths\": {\n", "", "line 2: this is no JSON: unexpected end"},
		{"another document", `{"name": "package"}`, "", "line 1: this is no OpenAPI document"},
		{"a wrong value", "{\"openapi\": \"3.0.0\",\n\"paths\": 7}", "", "line 2: paths is a number"},
		{"a wrong path", "{\"openapi\": \"3.0.0\", \"paths\": {\n\"/a\": {\"get\": {}},\n\"/b\": [1]}}", "", `line 3: the path "/b" is not described`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := discover.OpenAPI([]byte(tc.doc))
			if joined := strings.Join(got, " "); joined != tc.want {
				t.Errorf("paths %q, want %q", joined, tc.want)
			}
			if tc.err == "" && err != nil || tc.err != "" && (err == nil || !strings.HasPrefix(err.Error(), tc.err)) {
				t.Errorf("error %v, want %q", err, tc.err)
			}
		})
	}
}

// FuzzAnswers has any answer read. Whatever is taken from it may be asked for.
func FuzzAnswers(f *testing.F) {
	f.Add("text/html", `<a href="/a">a</a><script>fetch("/b")</script>`)
	f.Add("application/json", `{"href": "/a", "b": ["http://localhost:8080/b"]}`)
	f.Add("application/json", `{"openapi": "3.0.0", "servers": [{"url": "/v1"}], "paths": {"/a": {"get": {}}}}`)
	f.Fuzz(func(t *testing.T, media, body string) {
		found := discover.Links(own, "/", media, []byte(body))
		described, err := discover.OpenAPI([]byte(body))
		if err != nil && json.Valid([]byte(body)) && strings.Contains(err.Error(), "no JSON") {
			t.Errorf("this is JSON: %v", err)
		}
		for _, path := range slices.Concat(found, described) {
			again, ok := own.Resolve("/", path)
			if !ok || again != path || !strings.HasPrefix(path, "/") || strings.ContainsAny(path, " \r\n?#{}") {
				t.Errorf("%q would be asked for", path)
			}
		}
		if !slices.IsSorted(found) || !slices.IsSorted(described) {
			t.Error("the paths have no order")
		}
	})
}
