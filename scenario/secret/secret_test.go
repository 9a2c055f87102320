package secret

import (
	"strings"
	"testing"
)

func TestCalled(t *testing.T) {
	for _, name := range []string{"Authorization", "X-Api-Key", "Private-Token", "apiKey", "DB_PASSWORD", "--password", "Set-Cookie", "sessionid", "X-Signature", "AWS_SECRET_ACCESS_KEY", "credentials", "passwd", "tokens"} {
		if !Called(name) {
			t.Errorf("%s is called a secret's", name)
		}
	}
	for _, name := range []string{"Accept", "--signal", "author", "LOG_LEVEL", "monkey", "PORT", "keepalive", "Content-Type", "passes"} {
		if Called(name) {
			t.Errorf("%s is no secret's name", name)
		}
	}
	if !Called("X-Tenant", "x-tenant") || Called("X-Tenant", "y") {
		t.Error("a name that the user lists is a secret's, and no other")
	}
}

func TestLooks(t *testing.T) {
	for _, value := range []string{
		"AKIAIOSFODNN7EXAMPLE", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N",
		"3d8f0c52-4e64-4e1a-9d7e-0b6a2b1f7c11", "9f86d081884c7d659a2feaa0c55ad015",
	} {
		if !Looks(value) {
			t.Errorf("%s looks like a secret", value)
		}
	}
	for _, value := range []string{
		"application/json", "racebench-message-12", "/usr/share/nginx/html/index.html", "certs/2026-server-certificate-of-test.pem", "http://127.0.0.1:18471/a/b",
		"2026-11-21T10:15:30Z", "a text with many words in it 1", "two-phase-commit-reference", "18446744073709551615", "../bin/x86_64-linux-gnu-0123456789abc",
	} {
		if Looks(value) {
			t.Errorf("%s looks like no secret", value)
		}
	}
}

// left is a text with its secrets left out.
func left(text string, spans []Span) string {
	return Replace(text, spans, func(s Span) string { return Placeholder(s.Name) })
}

func TestText(t *testing.T) {
	for text, want := range map[string]string{
		"http://u:p%40x@127.0.0.1:1/?a=1&token=abc#x":                                     "http://{secret:URL_USER}:{secret:URL_PASSWORD}@127.0.0.1:1/?a=1&token={secret:TOKEN}#x",
		"postgres://me@db/x?sslkey=client.key":                                            "postgres://{secret:URL_USER}@db/x?sslkey={secret:SSLKEY}",
		"/orders?page=2&api_key=k&sig=x":                                                  "/orders?page=2&api_key={secret:API_KEY}&sig={secret:SIG}",
		"/orders?x=9f86d081884c7d659a2feaa0c55ad015":                                      "/orders?x={secret:X}",
		"/orders/{id}?token={id}":                                                         "/orders/{id}?token={id}",
		"http://127.0.0.1:{port}/?token={secret:TOKEN}":                                   "http://127.0.0.1:{port}/?token={secret:TOKEN}",
		`{"name": "Ada", "password":"hunter2", "apiToken" : "a\"b", "key": "k1", "n": 1}`: `{"name": "Ada", "password":"{secret:PASSWORD}", "apiToken" : "{secret:APITOKEN}", "key": "k1", "n": 1}`,
		`{"id": "{id}", "token": "{id}"}`:                                                 `{"id": "{id}", "token": "{id}"}`,
		`{"key": "9f86d081884c7d659a2feaa0c55ad015"}`:                                     `{"key": "{secret:KEY}"}`,
		"name=Ada&password=hunter2":                                                       "name=Ada&password={secret:PASSWORD}",
		"password=hunter2":                                                                "password={secret:PASSWORD}",
		"no url, a=b&token=x":                                                             "no url, a=b&token=x",
	} {
		if got := left(text, Text(text)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestValue(t *testing.T) {
	for _, c := range [][3]string{
		{"X-Api-Key", "short", "{secret:X_API_KEY}"}, {"Accept", "text/plain", "text/plain"},
		{"X-Request", "9f86d081884c7d659a2feaa0c55ad015", "{secret:X_REQUEST}"}, {"TLS_KEY", "./server.key", "./server.key"},
		{"Idempotency-Key", "order-{id}", "order-{id}"}, {"DATABASE", "postgres://u:p@h/d", "postgres://{secret:URL_USER}:{secret:URL_PASSWORD}@h/d"},
	} {
		if got := left(c[1], Value(c[0], c[1])); got != c[2] {
			t.Errorf("%s: %s: %s, want %s", c[0], c[1], got, c[2])
		}
	}
}

func TestWords(t *testing.T) {
	for text, want := range map[string]string{
		"./server|--port|{port}|--password|hunter2|-v":                                              "./server|--port|{port}|--password|{secret:PASSWORD}|-v",
		"./server|--api-key=abc|--tls-key=./a.key":                                                  "./server|--api-key={secret:API_KEY}|--tls-key=./a.key",
		"env|TOKEN=abc|./server":                                                                    "env|TOKEN={secret:TOKEN}|./server",
		"curl|-H|X-Api-Key: abc|http://127.0.0.1/?token=x":                                          "curl|-H|X-Api-Key: {secret:X_API_KEY}|http://127.0.0.1/?token={secret:TOKEN}",
		"curl|-HAuthorization: Bearer abc|-u|me:pw":                                                 "curl|-HAuthorization: {secret:AUTHORIZATION}|-u|{secret:PASSWORD}",
		"racebench|--signal|SIGTERM|--seed|18446744073709551615":                                    "racebench|--signal|SIGTERM|--seed|18446744073709551615",
		`sh|-c|export TOKEN=abc; ./server --password 'a b' && curl -H "X-Api-Key: k" http://u:p@h/`: `sh|-c|export TOKEN={secret:TOKEN}; ./server --password '{secret:PASSWORD}' && curl -H "X-Api-Key: {secret:X_API_KEY}" http://{secret:URL_USER}:{secret:URL_PASSWORD}@h/`,
		"./server|9f86d081884c7d659a2feaa0c55ad015":                                                 "./server|{secret:ARGUMENT}",
	} {
		words := strings.Split(text, "|")
		for i, spans := range Words(words) {
			words[i] = left(words[i], spans)
		}
		if got := strings.Join(words, "|"); got != want {
			t.Errorf("%s:\n%s, want\n%s", text, got, want)
		}
	}
}

func TestScrub(t *testing.T) {
	Note(`canary-9f8"e7/d6`, "CANARY")
	Note("postgres", "PASSWORD") // as common a word as any
	Note("a1", "SHORT")
	Note("AKIAIOSFODNN7EXAMPLE", "KEY")
	Note("4929113355770042", "NUMBER")
	for text, want := range map[string]string{
		`said canary-9f8"e7/d6 twice canary-9f8"e7/d6`: "said {secret:CANARY} twice {secret:CANARY}",
		`{"x":"canary-9f8\"e7/d6"}`:                    `{"x":"{secret:CANARY}"}`,
		"?q=canary-9f8%22e7%2Fd6":                      "?q={secret:CANARY}",
		"postgres a1":                                  "postgres a1",
		"AKIAIOSFODNN7EXAMPLE 4929113355770042":        "{secret:KEY} {secret:NUMBER}",
	} {
		if got := ScrubText(text); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestFill(t *testing.T) {
	got, names := Fill("a {secret:X_Y} b {secret:Z}", strings.ToLower)
	if got != "a x_y b z" || strings.Join(names, " ") != "X_Y Z" {
		t.Errorf("%q %q", got, names)
	}
}

// TestNothingIsCutInASecret takes secrets out of a text that comes in two pieces, wherever it is cut: nothing of it differs
// from the text as one.
func TestNothingIsCutInASecret(t *testing.T) {
	for _, value := range []string{"first-Secret-1", "first-Secret-1-and-More", "Secret-1-overlaps", "two\nlines-of-A-key", "aBaBaBaBa"} {
		Note(value, "TOKEN")
	}
	for _, text := range []string{
		"with first-Secret-1 in it", "with first-Secret-1-and-More in it", "first-Secret-1", "first-Secret-1-overlaps", "first-first-Secret-1",
		"two\nlines-of-A-key", "no secret: first-Secret", "two\n", "aBaBaBaBaBaBaBaBaBaBaBaBa", "",
	} {
		want := ScrubText(text)
		for cut := range len(text) {
			n := Whole([]byte(text[:cut]))
			if got := ScrubText(text[:n]) + ScrubText(text[n:]); got != want {
				t.Errorf("%q, of which %q came first: %q, want %q", text, text[:cut], got, want)
			}
			if n < cut-len("first-Secret-1-and-More") && !strings.HasPrefix(text, "aBaB") {
				t.Errorf("%q waits for more from %d on", text[:cut], n)
			}
		}
	}
	if plain := []byte("nothing begins here"); Whole(plain) != len(plain) {
		t.Errorf("%q waits for more", plain)
	}
}

// TestAWriterWaits writes a byte at a time: what begins a secret waits for what follows it, and nothing else does.
func TestAWriterWaits(t *testing.T) {
	Note("Waits-for-All-9", "WAITED")
	var got strings.Builder
	w := Writer{To: &got}
	for _, step := range []struct{ more, want string }{
		{"x Wa", "x "}, {"it", "x "}, {"er", "x Waiter"}, {" Waits-for-All-", "x Waiter "}, {"9, Waits-", "x Waiter {secret:WAITED}, "},
	} {
		for _, b := range []byte(step.more) {
			if n, err := w.Write([]byte{b}); n != 1 || err != nil {
				t.Fatal(n, err)
			}
		}
		if got.String() != step.want {
			t.Errorf("after %q it is %q, want %q", step.more, got.String(), step.want)
		}
	}
	if err := w.Close(); err != nil || got.String() != "x Waiter {secret:WAITED}, Waits-" {
		t.Errorf("at the end it is %q, %v", got.String(), err)
	}
}
