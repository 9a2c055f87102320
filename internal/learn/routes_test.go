package learn

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// seen is an exchange: what was asked with which body, and what came.
func seen(asked, body string, status int, answer string, headers ...string) *exchange {
	method, target, _ := strings.Cut(asked, " ")
	x := &exchange{method: method, target: target, header: http.Header{}, status: status, answered: http.Header{}, done: true}
	x.body.take([]byte(body))
	x.answer.take([]byte(answer))
	for i := 0; i+1 < len(headers); i += 2 {
		if headers[i] == "Location" || headers[i] == "Content-Type" && strings.HasPrefix(headers[i+1], "text/event-stream") {
			x.answered.Set(headers[i], headers[i+1])
		} else {
			x.header.Set(headers[i], headers[i+1])
		}
	}
	return x
}

// told are the routes of exchanges, in short.
func told(writes bool, all ...*exchange) []string {
	p := Proxy{all: all, ours: []string{"127.0.0.1:4000"}}
	var lines []string
	for _, r := range p.Routes(writes) {
		line := r.Name
		if len(r.Ways) == 0 {
			line += ": " + r.Why
		}
		for _, q := range r.Ways {
			line += fmt.Sprintf(" | %s %s %s", q.As, q.Path, q.Status)
			if q.Body != "" {
				line += " " + q.Body
			}
			if q.Write != nil {
				line += fmt.Sprintf(" %+v", *q.Write)
			}
		}
		lines = append(lines, line)
	}
	return lines
}

func same(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestRoutesAreAskedOnce(t *testing.T) {
	same(t, told(false,
		seen("GET /items/17", "", 200, "a"), seen("GET /items/18", "", 200, "b"), seen("GET /items/17", "", 200, "a"),
		seen("GET /search?q=a&page=1", "", 200, ""), seen("GET /search?page=2&q=b", "", 200, ""), seen("GET /search?q=c", "", 304, ""),
		seen("HEAD /v1/items", "", 200, ""), seen("GET /v2/items", "", 200, ""), seen("GET /users/3d8f0c52-4e64-4e1a-9d7e-0b6a2b1f7c11", "", 302, ""),
		seen("GET /events", "", 200, "", "Content-Type", "text/event-stream"),
	),
		"GET /items/{id} | request /items/17 2xx | request /items/18 2xx",
		"GET /search?page&q | request /search?q=a&page=1 2xx | request /search?page=2&q=b 2xx",
		"GET /search?q | request /search?q=c 3xx",
		"HEAD /v1/items | request /v1/items 2xx", "GET /v2/items | request /v2/items 2xx",
		"GET /users/{id} | request /users/3d8f0c52-4e64-4e1a-9d7e-0b6a2b1f7c11 3xx", "GET /events | events /events 2xx",
	)
}

func TestWhatDoesNotFitIsNamed(t *testing.T) {
	same(t, told(false,
		seen("GET /nothing", "", 404, ""), seen("GET /log-out", "", 200, ""), seen("POST /orders", "{}", 201, ""), seen("GET /dead", "", 0, ""),
		seen("GET /delete/7", "", 200, ""), seen("GET /body", "x", 200, ""), seen("POST /pkg.Service/Method", "", 200, "", "Content-Type", "application/grpc"),
		seen("GET /sometimes", "", 500, ""), seen("GET /sometimes", "", 200, ""),
	),
		"GET /nothing: it was answered with 404", `GET /log-out: its name has "logout"`,
		"POST /orders: it may change something: --learn-writes asks it", "GET /dead: it got no answer", `GET /delete/{id}: its name has "delete"`,
		"GET /body | request /body 2xx x", "POST /pkg.Service/Method: it is gRPC", "GET /sometimes | request /sometimes 2xx",
	)
	same(t, told(true,
		seen("POST /shutdown", "", 200, ""), seen("POST /orders/7/cancel", "", 200, ""), seen("POST /bytes", "\x00\xff", 200, ""), seen("POST /long", strings.Repeat("x", BodyLimit+1), 200, ""),
		seen("DELETE /orders/7", "", 204, ""),
	),
		`POST /shutdown: its name has "shutdown"`, "POST /orders/{id}/cancel | request /orders/7/cancel 2xx", "POST /bytes: its body is no text",
		"POST /long: its body is longer than 64 KiB", "DELETE /orders/{id} | request /orders/7 2xx",
	)
}

func TestTooManyRoutesAreNamed(t *testing.T) {
	var all []*exchange
	for i := range MostRoutes + 2 {
		all = append(all, seen("GET /"+strings.Repeat("a", i+1), "", 200, ""))
	}
	got := told(false, all...)
	if want := "GET /" + strings.Repeat("a", MostRoutes+1) + ": there are more than 40"; got[MostRoutes] != want || !strings.Contains(got[MostRoutes-1], "| request") {
		t.Errorf("%s", got[MostRoutes])
	}
}

// TestWritesThatAreGivenBack has each way in which a later GET shows what was written.
func TestWritesThatAreGivenBack(t *testing.T) {
	for name, c := range map[string]struct {
		all  []*exchange
		want string
	}{
		"a key of the path, as it was sent": {
			[]*exchange{seen("PUT /kv/alpha", "hello", 204, ""), seen("GET /kv/alpha", "", 200, "hello")},
			"PUT /kv/alpha | request /kv/{id} 2xx hello {Read:/kv/{id} Value: Match: Given:} | request /kv/alpha 2xx hello",
		},
		"a key that the body has, too": {
			[]*exchange{seen("PUT /users/ada", `{"name": "ada", "mail": "ada@example.com"}`, 200, ""), seen("GET /users/ada", "", 200, `{"mail":"ada@example.com","name":"ada"}`)},
			`PUT /users/ada | request /users/{id} 2xx {"name": "{id}", "mail": "ada@example.com"} {Read:/users/{id} Value:"ada@example.com" Match: Given:} | request /users/ada 2xx {"name": "ada", "mail": "ada@example.com"}`,
		},
		"what the answer calls it": {
			[]*exchange{seen("POST /orders", `{"item":"a book"}`, 201, `{"data":{"id":17}}`), seen("GET /orders/17", "", 200, `{"id":17,"item":"a book"}`)},
			`POST /orders | request /orders 2xx {"item":"a book"} {Read:/orders/{given} Value:"a book" Match: Given:data.id} | request /orders 2xx {"item":"a book"}`,
		},
		"its Location": {
			[]*exchange{seen("POST /orders", `{"item":"a book"}`, 201, "", "Location", "/orders/17"), seen("GET /orders/17?full=1", "", 200, `{"item":"a book"}`)},
			`POST /orders | request /orders 2xx {"item":"a book"} {Read:/orders/{given}?full=1 Value: Match: Given:location} | request /orders 2xx {"item":"a book"}`,
		},
		"a text in a list": {
			[]*exchange{seen("GET /members", "", 200, "[]"), seen("POST /members", `{"name":"Ada"}`, 201, "{}"), seen("GET /members", "", 200, `["Ada"]`)},
			`POST /members | request /members 2xx {"name":"{id}"} {Read:/members Value: Match:{id}(\D|$) Given:} | request /members 2xx {"name":"Ada"}`,
		},
		"a form": {
			[]*exchange{seen("POST /members", "name=Ada&role=x", 303, "", "Content-Type", "application/x-www-form-urlencoded"), seen("GET /members", "", 200, "<li>Ada</li>")},
			`POST /members | request /members 3xx name={id}&role=x {Read:/members Value: Match:{id}(\D|$) Given:} | request /members 3xx name=Ada&role=x`,
		},
		"nothing": {
			[]*exchange{seen("POST /ping", `{"text":"hello"}`, 200, ""), seen("GET /members", "", 200, "[]")},
			`POST /ping | request /ping 2xx {"text":"hello"}`,
		},
		"what was there before": {
			[]*exchange{seen("GET /members", "", 200, `["Ada"]`), seen("POST /members", `{"name":"Ada"}`, 201, "{}"), seen("GET /members", "", 200, `["Ada"]`)},
			`POST /members | request /members 2xx {"name":"Ada"}`,
		},
		"a password": {
			[]*exchange{seen("POST /login", `{"password":"Sesame"}`, 200, "{}"), seen("GET /members", "", 200, `["Sesame"]`)},
			`POST /login | request /login 2xx {"password":"Sesame"}`,
		},
		"an answer that failed": {
			[]*exchange{seen("PUT /kv/alpha", "hello", 204, ""), seen("GET /kv/alpha", "", 404, "hello")},
			"PUT /kv/alpha | request /kv/alpha 2xx hello",
		},
	} {
		t.Run(name, func(t *testing.T) {
			if got := told(true, c.all...); !slices.Contains(got, c.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), c.want)
			}
		})
	}
}

// TestWhatAWriteHasMadeIsNotAskedAlone has what a fresh program does not have, and what it has.
func TestWhatAWriteHasMadeIsNotAskedAlone(t *testing.T) {
	same(t, told(false,
		seen("GET /orders/1", "", 200, ""), seen("POST /orders", "", 201, `{"id":17,"qty":3}`), seen("GET /orders/17", "", 200, ""), seen("GET /orders/1", "", 200, ""),
		seen("GET /items/17", "", 200, ""), seen("PUT /kv/alpha", "", 200, ""), seen("GET /kv/alpha", "", 200, ""),
	),
		"GET /orders/{id} | request /orders/1 2xx", "POST /orders: it may change something: --learn-writes asks it", "GET /items/{id} | request /items/17 2xx",
		"PUT /kv/alpha: it may change something: --learn-writes asks it", "GET /kv/alpha: it asks for what PUT /kv/alpha has made",
	)
}

func TestHeadersThatAreAskedWith(t *testing.T) {
	x := seen("GET /a", "", 200, "", "Authorization", "Bearer x", "Accept", "*/*", "Accept-Encoding", "gzip", "Origin", "http://127.0.0.1:4000", "User-Agent", "test", "X-Request-Id", "7",
		"Traceparent", "0", "Accept-Language", "de", "If-None-Match", "x")
	x.header["Cookie"] = []string{"a=1", "b=2"}
	x.host = "shop.example"
	p := Proxy{all: []*exchange{x}, ours: []string{"127.0.0.1:4000", "localhost:4000"}}
	want := [][2]string{{"Host", "shop.example"}, {"Accept-Language", "de"}, {"Authorization", "Bearer x"}, {"Cookie", "a=1; b=2"}, {"If-None-Match", "x"}}
	if got := p.Routes(false)[0].Ways[0].Headers; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

// FuzzRoutes takes whatever a test may have sent and a program answered.
func FuzzRoutes(f *testing.F) {
	f.Add("POST", "/orders", `{"id":"a1","item":"book"}`, "/orders/a1", `{"item":"book"}`)
	f.Add("PUT", "/a/b?c=d", "a=b&c=%zz", "//", "[[[{")
	f.Fuzz(func(t *testing.T, method, target, body, read, answer string) {
		p := Proxy{all: []*exchange{seen(method+" "+target, body, 200, answer), seen("GET "+read, "", 200, answer), seen("GET "+read, "", 200, body)}}
		for _, r := range p.Routes(true) {
			for _, q := range r.Ways {
				if !text([]byte(q.Path+q.Body)) || !strings.HasPrefix(q.Path, "/") {
					t.Errorf("%q is asked again with %q", q.Path, q.Body)
				}
			}
		}
		_ = ofJSON(bytes.TrimSpace([]byte(body)))
	})
}
