package external

import (
	"bytes"
	"encoding/json"
	"net/url"
	"strconv"
	"strings"

	"github.com/racebench/racebench/scenario/spec"
)

const (
	// givenWord stands for what an answer has called a write, in what reads it back.
	givenWord = "{given}"
	// givenPlace is the answer's Location, in the place of a field of its body.
	givenPlace = "location"
	// givenAfter parts a write's own key from that; no key has it.
	givenAfter = "\n"
	// mostGivenIn is how much of an answer is looked through for it.
	mostGivenIn = 64 << 10
)

// A namer is a wireStore whose answers may name what was written.
type namer interface {
	// named is the write with that name; false: the answer does not tell it.
	named(w write, x exchange) (write, bool)
}

func (h httpStore) named(w write, x exchange) (write, bool) {
	if h.d.g.given == "" {
		return w, true
	}
	name := ""
	if h.d.g.given == givenPlace {
		if u, err := url.Parse(x.place); err == nil {
			name = u.Path[strings.LastIndex(u.Path, "/")+1:]
		}
	} else if x.body.also != nil {
		name = fieldOf(x.body.also.Bytes(), h.d.g.given)
	}
	w.key += givenAfter + name
	return w, name != "" && !strings.ContainsAny(name, "\r\n")
}

// fieldOf is the text or number of JSON at a path such as data.id or 0.id; "" where there is none.
func fieldOf(body []byte, path string) string {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var at any
	if d.Decode(&at) != nil {
		return ""
	}
	for part := range strings.SplitSeq(path, ".") {
		switch in := at.(type) {
		case map[string]any:
			at = in[part]
		case []any:
			n, err := strconv.Atoi(part)
			if err != nil || n < 0 || n >= len(in) {
				return ""
			}
			at = in[n]
		default:
			return ""
		}
	}
	switch v := at.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

func (g *group) readGiven(v spec.Value, errs *spec.Errors) {
	if v.Text == "" || strings.ContainsAny(v.Text, " \t\r\n{}") {
		errs.Addf(v, "given is location, or a field of the answer's JSON such as id or data.id")
	}
	g.given = v.Text
}
