package learn

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/racebench/racebench/scenario/secret"
)

// Words that are filled in.
const (
	idWord    = "{id}"
	givenWord = "{given}"
	// givenPlace is the answer's Location, among what may give a name.
	givenPlace = "location"
	// idFound finds a key that no digit follows: another's may begin with it.
	idFound = idWord + `(\D|$)`
)

// A form is a way to store something of one's own and to find it again.
type form struct {
	path, body string
	write      Write
}

// storing is the request as a write.
func (q Request) storing(f form) Request {
	q.Path, q.Body, q.Write = f.path, f.body, &f.write
	return q
}

// written are the ways in which what an exchange has stored can be found again, the surest first: by a key of its path, by
// what its answer calls it, in a list. The caller holds mu.
func (p *Proxy) written(at int) []form {
	x := p.all[at]
	var forms []form
	for _, find := range []func(w, r *exchange, earlier []*exchange) (form, bool){byPath, byAnswer, inList} {
		for _, later := range p.all[at+1:] {
			if later.method != "GET" || later.status/100 != 2 || !later.done || later.answer.more || !text(later.answer.Bytes()) {
				continue
			}
			if f, ok := find(x, later, p.all[:at]); ok {
				forms = append(forms, f)
				break
			}
		}
	}
	return forms
}

// replaced puts a word in the place of a part of a path.
func replaced(target, part, word string) string {
	path, query, asks := strings.Cut(target, "?")
	parts := strings.Split(path, "/")
	for i := range parts {
		if parts[i] == part {
			parts[i] = word
		}
	}
	path = strings.Join(parts, "/")
	if asks {
		return path + "?" + query
	}
	return path
}

// byPath is a write whose path ends with a key that a later GET names.
func byPath(w, r *exchange, _ []*exchange) (form, bool) {
	parts := strings.Split(strings.TrimSuffix(w.path(), "/"), "/")
	key := parts[len(parts)-1]
	if len(parts) < 3 || key == "" || w.method != "PUT" && !isID(key) || !slices.Contains(strings.Split(r.path(), "/"), key) {
		return form{}, false
	}
	quoted := strconv.Quote(key)
	f := form{
		path: replaced(w.target, key, idWord), body: strings.ReplaceAll(w.body.String(), quoted, strconv.Quote(idWord)),
		write: Write{Read: replaced(r.target, key, idWord)},
	}
	var ok bool
	if f.write.Value, ok = inBoth(w, r, key); ok {
		return f, true
	}
	if f.write.Match = idFound; strings.Contains(r.answer.String(), key) {
		return f, true
	}
	return form{}, false
}

// byAnswer is a write whose answer has a name for what was stored, under which a later GET asks for it.
func byAnswer(w, r *exchange, earlier []*exchange) (form, bool) {
	for _, given := range names(w) {
		parts := strings.Split(r.path(), "/")
		if !slices.Contains(parts, given.text) || slices.Contains(strings.Split(w.path(), "/"), given.text) {
			continue
		}
		if slices.ContainsFunc(earlier, func(e *exchange) bool { return e.method == "GET" && e.good() && e.path() == r.path() }) {
			continue // it was there before
		}
		value, ok := inBoth(w, r, given.text)
		if !ok {
			continue
		}
		return form{
			path: w.target, body: w.body.String(),
			write: Write{Read: replaced(r.target, given.text, givenWord), Value: value, Given: given.name},
		}, true
	}
	return form{}, false
}

// names are what an answer may call the thing that was stored: the end of its Location, and the texts and numbers of its
// JSON.
func names(w *exchange) []leaf {
	var all []leaf
	if to, err := url.Parse(w.answered.Get("Location")); err == nil && to.Path != "" {
		if end := to.Path[strings.LastIndex(to.Path, "/")+1:]; end != "" {
			all = append(all, leaf{name: givenPlace, text: end})
		}
	}
	for _, l := range ofJSON(w.answer.Bytes()) {
		if l.text != "" && l.name != givenPlace && (nameWord().MatchString(l.name) || len(l.text) >= longID && isID(l.text)) {
			all = append(all, l)
		}
	}
	return all
}

// madeBy is the route of the earlier write that has made what a GET asks for; "" is none.
func (p *Proxy) madeBy(at int) string {
	x := p.all[at]
	parts := strings.Split(x.path(), "/")
	for i, w := range p.all[:at] {
		if w.safe() || w.method == "DELETE" || w.status/100 != 2 {
			continue
		}
		if slices.ContainsFunc(p.all[:i], func(e *exchange) bool { return e.safe() && e.good() && e.path() == x.path() }) {
			return "" // it was there before
		}
		below := strings.HasPrefix(x.path(), strings.TrimSuffix(w.path(), "/")+"/")
		made := w.method == "PUT" && (below || w.path() == x.path()) || slices.ContainsFunc(names(w), func(l leaf) bool {
			return slices.Contains(parts, l.text) && !slices.Contains(strings.Split(w.path(), "/"), l.text) && (below || len(l.text) >= longID)
		})
		if made {
			return w.route()
		}
	}
	return ""
}

// longID is from how many letters an id belongs to one thing alone.
const longID = 8

// nameWord is what a field is called that holds the name of a thing.
var nameWord = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|\.|_|-|[a-z])(id|key|uuid|guid|slug|code|name|number)$`)
})

// inList is a write of which a later GET shows a text that was not there before.
func inList(w, r *exchange, earlier []*exchange) (form, bool) {
	if w.method != "POST" { // the next to the same place takes the place of this one
		return form{}, false
	}
	answer := r.answer.String()
	for _, l := range leavesOf(w) {
		if l.number || !free().MatchString(l.text) || secret.Called(l.name) || !strings.Contains(answer, l.text) {
			continue
		}
		if slices.ContainsFunc(earlier, func(e *exchange) bool { return e.method == "GET" && strings.Contains(e.answer.String(), l.text) }) {
			continue
		}
		body := strings.ReplaceAll(w.body.String(), l.raw, strings.Replace(l.raw, l.text, idWord, 1))
		if strings.Contains(body, idWord) {
			return form{path: w.target, body: body, write: Write{Read: r.target, Match: idFound}}, true
		}
	}
	return form{}, false
}

// free is a text that may as well be another.
var free = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{2,60}$`) })

// inBoth is what a later answer has of what was written: all of it, or its longest text that is not the key. An empty one is
// all of it.
func inBoth(w, r *exchange, key string) (string, bool) {
	answer := r.answer.String()
	if sent := w.body.String(); len(sent) > 2 && sent != key && strings.Contains(answer, sent) {
		return "", true
	}
	best := ""
	for _, l := range leavesOf(w) {
		shown := l.text
		if quoted := quotedJSON(l.text); !l.number && strings.Contains(answer, quoted) {
			shown = quoted
		}
		if l.text != key && len(l.text) > 2 && len(shown) > len(best) && !secret.Called(l.name) && !strings.Contains(shown, "{") && strings.Contains(answer, shown) {
			best = shown
		}
	}
	return best, best != ""
}

func quotedJSON(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		return s
	}
	return string(b)
}

// A leaf is a single value within a body. Its name is where it is, with dots; raw is how it stands there.
type leaf struct {
	name, text, raw string
	number          bool
}

// leavesOf are those of what a request carries: JSON or a form.
func leavesOf(x *exchange) []leaf {
	if strings.HasPrefix(x.header.Get("Content-Type"), "application/x-www-form-urlencoded") {
		return ofForm(x.body.String())
	}
	return ofJSON(x.body.Bytes())
}

func ofForm(body string) []leaf {
	var all []leaf
	for pair := range strings.SplitSeq(body, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if text, err := url.QueryUnescape(value); err == nil && text == value {
			all = append(all, leaf{name: name, text: text, raw: pair})
		}
	}
	return all
}

// mostLeaves is how many values of one body are looked at.
const mostLeaves = 200

func ofJSON(body []byte) []leaf {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var all []leaf
	if err := walk(d, "", &all); err != nil {
		return nil
	}
	if _, err := d.Token(); err != io.EOF {
		return nil // more than one value: it is no JSON as such
	}
	return all
}

// walk reads one value.
func walk(d *json.Decoder, name string, all *[]leaf) error {
	t, err := d.Token()
	if err != nil {
		return err
	}
	within := func(part string) string { return strings.TrimPrefix(name+"."+part, ".") }
	switch t := t.(type) {
	case json.Delim:
		for i := 0; d.More(); i++ {
			part := strconv.Itoa(i)
			if t == '{' {
				key, err := d.Token()
				if err != nil {
					return err
				}
				part = fmt.Sprint(key)
			}
			if err := walk(d, within(part), all); err != nil {
				return err
			}
		}
		_, err = d.Token()
		return err
	case string:
		keep(all, leaf{name: name, text: t, raw: quotedJSON(t)})
	case json.Number:
		keep(all, leaf{name: name, text: t.String(), raw: t.String(), number: true})
	}
	return nil
}

func keep(all *[]leaf, l leaf) {
	if len(*all) < mostLeaves {
		*all = append(*all, l)
	}
}
