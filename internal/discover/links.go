package discover

import (
	"bytes"
	"encoding/json"
	"mime"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/net/html"
)

const (
	// mostLinks is how many links of one answer are looked at.
	mostLinks = 1000
	// longestPath is the longest path that is asked for.
	longestPath = 200
)

// Links are the paths on the same server that an answer names, in order and each once: links of a page, texts of JSON that
// are paths or addresses.
func Links(own Origin, from, media string, body []byte) []string {
	kind, _, _ := mime.ParseMediaType(media)
	var raw []string
	switch {
	case kind == "text/html" || kind == "application/xhtml+xml":
		raw = ofHTML(body)
	case kind == "application/json" || strings.HasSuffix(kind, "+json"):
		raw = ofJSON(body)
	}
	var paths []string
	for _, link := range raw[:min(len(raw), mostLinks)] {
		if path, ok := own.Resolve(from, link); ok && path != from {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// linksOf are the elements that lead to another page, and the attribute that says where.
var linksOf = map[string]string{"a": "href", "area": "href", "iframe": "src"}

// inScripts finds what a page's own scripts ask for by GET.
var inScripts = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?:new\s+(?:EventSource|WebSocket)\(\s*|\bfetch\(\s*)["'\x60]([^"'\x60\s]+)["'\x60]\s*\)`)
})

func ofHTML(body []byte) []string {
	var links []string
	z := html.NewTokenizer(bytes.NewReader(body))
	script := false
	for len(links) < mostLinks {
		switch z.Next() {
		case html.ErrorToken:
			return links
		case html.TextToken:
			if script {
				for _, m := range inScripts().FindAllSubmatch(z.Raw(), mostLinks) {
					links = append(links, string(m[1]))
				}
			}
		case html.EndTagToken:
			script = false
		case html.StartTagToken, html.SelfClosingTagToken:
			t := z.Token()
			script = t.Data == "script"
			for _, a := range t.Attr {
				if a.Key == linksOf[t.Data] && a.Key != "" {
					links = append(links, a.Val)
				}
			}
		}
	}
	return links
}

func ofJSON(body []byte) []string {
	var links []string
	d := json.NewDecoder(bytes.NewReader(body))
	for len(links) < mostLinks {
		t, err := d.Token()
		if err != nil {
			return links
		}
		if s, ok := t.(string); ok && (strings.HasPrefix(s, "/") || strings.Contains(s, "://")) {
			links = append(links, s)
		}
	}
	return links
}

// An Origin is the addresses, host and port, under which a server may name itself.
type Origin []string

// Resolve makes a path of a link on a page: one on the same server, without a query and without a part that is to be
// filled in.
func (own Origin) Resolve(from, link string) (string, bool) {
	link = strings.TrimSpace(link)
	if link == "" || strings.ContainsAny(link, "{}<>*\\") || strings.ContainsFunc(link, unicode.IsControl) {
		return "", false
	}
	u, err := url.Parse(link)
	if err != nil || u.Opaque != "" || u.User != nil || u.RawQuery != "" || u.ForceQuery {
		return "", false
	}
	if u.Scheme != "" && !slices.Contains([]string{"http", "https", "ws", "wss"}, u.Scheme) {
		return "", false
	}
	base := &url.URL{Scheme: "http", Host: here, Path: from}
	to := base.ResolveReference(u)
	if to.Host != here && !slices.Contains(own, to.Host) {
		return "", false
	}
	path := to.EscapedPath()
	if !strings.HasPrefix(path, "/") || strings.HasPrefix(path, "//") || len(path) > longestPath || strings.Contains(path, "/:") {
		return "", false
	}
	return path, true
}

// here stands for the server's own address in links that name none.
const here = "server.invalid"

// words are those that a path which is asked for without being told must not have: it might do what they say.
var words = []string{
	"abort", "cancel", "clear", "crash", "deactivate", "delete", "destroy", "disable", "drain", "drop", "exit", "flush", "kill", "logoff", "logout", "panic", "pause", "purge", "quit",
	"reboot", "reload", "remove", "reset", "restart", "revoke", "shutdown", "signout", "stop", "suspend", "terminate", "unsubscribe", "wipe",
}

// ends are those of the words that say that a server, or somebody's session, comes to an end or is held up.
var ends = []string{
	"abort", "crash", "drain", "exit", "kill", "logoff", "logout", "panic", "pause", "quit", "reboot", "reload", "restart", "revoke", "shutdown", "signout", "stop", "suspend", "terminate",
}

// Ends says whether a word that Unwanted has found says so: what such a path does, it does to all other requests.
func Ends(word string) bool { return slices.Contains(ends, word) }

// Unwanted is the first word of a path for which it is not asked, or "".
func Unwanted(path string) string {
	plain, err := url.PathUnescape(path)
	if err != nil {
		plain = path
	}
	var parts []string
	var part []rune
	end := func() {
		if len(part) > 0 {
			parts, part = append(parts, strings.ToLower(string(part))), nil
		}
	}
	for _, c := range plain {
		switch {
		case !unicode.IsLetter(c):
			end()
			continue
		case unicode.IsUpper(c) && len(part) > 0 && unicode.IsLower(part[len(part)-1]):
			end()
		}
		part = append(part, c)
	}
	end()
	for i, word := range parts {
		if slices.Contains(words, word) {
			return word
		}
		if i > 0 && slices.Contains(words, parts[i-1]+word) { // log-out, shutDown
			return parts[i-1] + word
		}
	}
	return ""
}
