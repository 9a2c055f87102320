package loadgen

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// read feeds an answer in pieces of a size.
func read(a *answer, text []byte, size int) (n int, done bool, err error) {
	for n < len(text) && !done && err == nil {
		var took int
		took, done, err = a.feed(text[n:min(n+size, len(text))])
		n += took
	}
	return n, done, err
}

func TestAnswers(t *testing.T) {
	for _, c := range []struct {
		name, text string
		head       bool // the request was a HEAD
		status     int
		rest       string // what is left for the next answer
		last, ends bool   // the connection carries no more; its end is the body's
	}{
		{"a length", "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\n\r\nhello", false, 200, "", false, false},
		{"no body", "HTTP/1.1 204 No Content\r\n\r\n", false, 204, "", false, false},
		{"no reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", false, 200, "", false, false},
		{"the answer to HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", true, 200, "", false, false},
		{"not modified", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", false, 304, "", false, false},
		{"only line feeds", "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi", false, 200, "", false, false},
		{"chunks", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n", false, 200, "", false, false},
		{"trailers", "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\nA: b\r\nC: d\r\n\r\n", false, 200, "", false, false},
		{"to be closed", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", false, 200, "", true, false},
		{"version 1.0", "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", false, 200, "", true, false},
		{"version 1.0, kept", "HTTP/1.0 200 OK\r\nConnection: Keep-Alive\r\nContent-Length: 2\r\n\r\nhi", false, 200, "", false, false},
		{"until the end", "HTTP/1.1 200 OK\r\n\r\nhello", false, 200, "", true, true},
		{"informed first", "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\nx", false, 404, "", false, false},
		{"two answers", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1 500", false, 200, "HTTP/1.1 500", false, false},
		{"upgraded", "HTTP/1.1 101 Switching Protocols\r\n\r\n\x81\x00", false, 101, "\x81\x00", true, false},
	} {
		for _, size := range []int{1, 2, 7, len(c.text)} {
			var a answer
			a.reset(!c.head)
			n, done, err := read(&a, []byte(c.text), size)
			if err != nil || a.status != c.status || a.last != c.last || a.ended() != c.ends || done == c.ends {
				t.Errorf("%s in pieces of %d: status %d, last %v, done %v, %v", c.name, size, a.status, a.last, done, err)
			}
			if got := c.text[n:]; got != c.rest {
				t.Errorf("%s in pieces of %d: %q is left, want %q", c.name, size, got, c.rest)
			}
		}
	}
}

func TestGarbage(t *testing.T) {
	for _, text := range []string{
		"220 mail\r\n", "HTTP/2 200 OK\r\n\r\n", "HTTP/1.1 2000 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "HTTP/1.1 099 x\r\n\r\n",
		"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 9999999999999999999\r\n\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1111111111111111\r\n",
		"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("y", maxHead), "\x16\x03\x01",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + strings.Repeat("y", maxHead+1),
	} {
		for _, size := range []int{1, len(text)} {
			var a answer
			a.reset(true)
			if _, done, err := read(&a, []byte(text), size); !errors.Is(err, errGarbage) {
				t.Errorf("%.60q in pieces of %d: done %v, %v", text, size, done, err)
			}
			if len(a.carry) > maxHead {
				t.Errorf("%.60q: %d bytes are kept", text, len(a.carry))
			}
		}
	}
}

// Reading does not allocate.
func TestAnswersCostNoMemory(t *testing.T) {
	text := []byte(hello)
	var a answer
	if n := testing.AllocsPerRun(100, func() {
		a.reset(true)
		if _, done, err := a.feed(text); !done || err != nil {
			t.Fatal(done, err)
		}
	}); n > 0 {
		t.Errorf("%v allocations an answer", n)
	}
}

// FuzzAnswer holds that an answer is read alike in whatever pieces it comes, that nothing but its head is kept, and that
// what net/http takes to be a whole answer with a length or in chunks is one here.
func FuzzAnswer(f *testing.F) {
	real, err := filepath.Glob("testdata/answers/*")
	if err != nil || len(real) == 0 {
		f.Fatal("the answers of real servers are missing", err)
	}
	for _, name := range real {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text, uint8(3), false)
	}
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\nA: b\r\n\r\n"), uint8(1), true)
	f.Fuzz(func(t *testing.T, text []byte, size uint8, head bool) {
		var once, pieces answer
		once.reset(!head)
		pieces.reset(!head)
		n, done, err := read(&once, text, max(1, len(text)))
		m, alsoDone, alsoErr := read(&pieces, text, int(size)+1)
		if (err == nil) != (alsoErr == nil) {
			t.Fatalf("at once: %v; in pieces: %v", err, alsoErr)
		}
		if err == nil && (done != alsoDone || n != m || once.status != pieces.status || once.last != pieces.last || once.at != pieces.at) {
			t.Fatalf("at once: %d bytes, done %v, %+v; in pieces: %d, %v, %+v", n, done, once, m, alsoDone, pieces)
		}
		if n > len(text) || m > len(text) || len(pieces.carry) > maxHead {
			t.Fatalf("%d and %d of %d bytes, %d kept", n, m, len(text), len(pieces.carry))
		}
		sameAsNetHTTP(t, text, head, &once, n, done, err)
	})
}

// sameAsNetHTTP compares with a reader that is trusted, where both take a text.
func sameAsNetHTTP(t *testing.T, text []byte, head bool, a *answer, n int, done bool, err error) {
	method := "GET"
	if head {
		method = "HEAD"
	}
	r := bufio.NewReaderSize(bytes.NewReader(text), len(text)+16)
	res, theirErr := http.ReadResponse(r, &http.Request{Method: method})
	if theirErr != nil || err != nil || !done || res.StatusCode < 200 {
		return
	}
	if _, err := io.Copy(io.Discard, res.Body); err != nil {
		return
	}
	if res.StatusCode != a.status {
		t.Fatalf("status %d, and net/http reads %d", a.status, res.StatusCode)
	}
	if theirs := len(text) - r.Buffered(); theirs != n && res.ContentLength >= 0 {
		t.Fatalf("%d bytes, and net/http takes %d", n, theirs)
	}
}
