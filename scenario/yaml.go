package scenario

// This file is the only one that knows YAML: values come out of it, values go into it.

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
	"go.yaml.in/yaml/v4/plugin/loaderlimits"

	"github.com/racebench/racebench/scenario/spec"
)

// maxDepth is how deep lists and maps may nest.
const maxDepth = 64

// maxAliased is how many values aliases may bring in. It stops the few lines that
// expand to millions.
const maxAliased = 10_000

// decodeYAML turns the one document of data into a value. Every place counts
// characters, as the YAML library does. Errors that end reading are the last of errs;
// others (a key twice, a tag) are noted and stepped over. whenEmpty is what is said of a file without any value.
func decodeYAML(data []byte, errs *spec.Errors, whenEmpty string) (spec.Value, bool) {
	if at, msg := forbidden(data); msg != "" {
		errs.Addf(spec.Value{Pos: at}, "%s", msg)
		return spec.Value{}, false
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data),
		yaml.WithPlugin(loaderlimits.New(loaderlimits.DepthValue(maxDepth))))
	if err != nil {
		errs.Add(err)
		return spec.Value{}, false
	}
	var doc, second yaml.Node
	err = loader.Load(&doc)
	if errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0 {
		errs.Add(&spec.Error{Msg: whenEmpty})
		return spec.Value{}, false
	}
	if err == nil {
		err = loader.Load(&second)
		if err == nil {
			errs.Addf(spec.Value{Pos: position(&second)}, "a second document begins here: a file holds one, so put this one into a file of its own")
			return spec.Value{}, false
		}
	}
	if err != nil && !errors.Is(err, io.EOF) {
		errs.Add(syntaxError(err, data))
		return spec.Value{}, false
	}
	c := converter{errs: errs, open: map[*yaml.Node]bool{}}
	v := c.value(doc.Content[0])
	return v, !c.overrun
}

// forbidden finds what no YAML file may hold, and the line breaks that editors and YAML
// count differently.
func forbidden(data []byte) (spec.Pos, string) {
	at := spec.Pos{Line: 1, Col: 1}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	for i := 0; i < len(data); {
		r, n := utf8.DecodeRune(data[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			return at, fmt.Sprintf("byte %#02x is not UTF-8: save the file as UTF-8", data[i])
		case r == 0:
			return at, "a NUL byte: this is not a text file"
		case r < ' ' && r != '\t' && r != '\n' && r != '\r', r == 0x7f, r >= 0x80 && r < 0xa0:
			return at, fmt.Sprintf("control character U+%04X: write it as an escape in double quotes", r)
		case r == '\u2028', r == '\u2029':
			return at, fmt.Sprintf("line separator U+%04X: write it as an escape in double quotes", r)
		}
		at.Col++
		if r == '\n' || r == '\r' && !bytes.HasPrefix(data[i+n:], []byte("\n")) {
			at = spec.Pos{Line: at.Line + 1, Col: 1}
		}
		i += n
	}
	return spec.Pos{}, ""
}

// converter turns nodes into values.
type converter struct {
	errs    *spec.Errors
	open    map[*yaml.Node]bool // the aliased nodes being converted, to notice one inside itself
	aliased int                 // values made inside aliases
	overrun bool                // an alias cannot be followed; the rest is not read
}

func position(n *yaml.Node) spec.Pos { return spec.Pos{Line: n.Line, Col: n.Column} }

func (c *converter) value(n *yaml.Node) spec.Value {
	v := spec.Value{Pos: position(n)}
	if c.overrun {
		return v
	}
	if len(c.open) > 0 {
		if c.aliased++; c.aliased > maxAliased {
			c.overrun = true
			c.errs.Addf(v, "aliases expand to more than %d values: write them out or leave them out", maxAliased)
			return v
		}
	}
	if n.Style&yaml.TaggedStyle != 0 && n.Tag != "!!str" {
		c.errs.Addf(v, "tag %s: tags are not used here, write the value alone", clip(n.Tag))
	}
	switch n.Kind {
	case yaml.AliasNode:
		return c.alias(n, v)
	case yaml.SequenceNode:
		v.Kind = spec.List
		for _, item := range n.Content {
			v.Items = append(v.Items, c.value(item))
		}
	case yaml.MappingNode:
		v.Kind = spec.Map
		c.fields(n, &v)
	default:
		v.Kind, v.Text = spec.Scalar, n.Value
		quoted := yaml.DoubleQuotedStyle | yaml.SingleQuotedStyle | yaml.LiteralStyle | yaml.FoldedStyle
		v.Quoted = n.Style&quoted != 0 || n.Tag == "!!str" && n.Style&yaml.TaggedStyle != 0
		if n.Tag == "!!null" && !v.Quoted {
			v.Kind = spec.Null
		}
	}
	return v
}

// alias converts what an alias stands for. A single value takes the place of the alias, where its reader stumbles over
// it. A list or a map keeps its own, as what it holds does: what is wrong with it is wrong once.
func (c *converter) alias(n *yaml.Node, v spec.Value) spec.Value {
	if c.open[n.Alias] {
		c.overrun = true // what it stands for is not there: nothing more can be said of the file
		c.errs.Addf(v, "alias *%s stands inside what it names", n.Value)
		return v
	}
	c.open[n.Alias] = true
	target := c.value(n.Alias)
	delete(c.open, n.Alias)
	if target.Kind == spec.Scalar || target.Kind == spec.Null {
		target.Pos = v.Pos
	}
	return target
}

func (c *converter) fields(n *yaml.Node, v *spec.Value) {
	first := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := c.value(n.Content[i]), c.value(n.Content[i+1])
		line, twice := first[key.Text]
		switch {
		case key.Kind != spec.Scalar:
			c.errs.Addf(key, "a field's name is a word, not %s", key.Kind)
		case n.Content[i].Tag == "!!merge":
			c.errs.Addf(key, "merge keys are not read: write the fields out")
		case twice:
			c.errs.Addf(key, "field %s is written twice: the first is on line %d", clip(key.Text), line)
		default:
			first[key.Text] = key.Pos.Line
			v.Fields = append(v.Fields, spec.Field{Key: key, Value: value})
		}
	}
}

// plainer puts what the YAML library says of common slips into words that say what to
// do. Other messages are kept.
var plainer = []struct{ says, better string }{
	{"found character that cannot start any token", "this character cannot begin a value: put the text in quotes"},
	{"mapping values are not allowed in this context", "a colon that begins no field: check the indentation, or put a text with \": \" in quotes"},
	{"exceeded max depth", fmt.Sprintf("nested deeper than %d levels", maxDepth)},
	{"did not find expected ',' or ']'", "a , or the closing ] is missing before this"},
	{"did not find expected ',' or '}'", "a , or the closing } is missing before this"},
	{"did not find expected key", "a field or the end of this block is expected here: check the indentation"},
	{"did not find expected '-' indicator", "a list item that begins with - is expected here: check the indentation"},
	{"could not find expected ':'", "a : is missing after this field's name"},
	{"did not find expected <document start>", "text after the end of what the file holds: check the indentation"},
	{"found a tab character", "a tab: YAML is indented with spaces"},
	{"unknown anchor", "an alias (*) of what no anchor (&) names before it"},
}

// syntaxError rewrites an error of the YAML library. It names neither the library nor
// its stages.
func syntaxError(err error, data []byte) *spec.Error {
	var load *yaml.LoadError
	if !errors.As(err, &load) {
		return &spec.Error{Msg: "this is not YAML: " + strings.TrimPrefix(err.Error(), "yaml: ")}
	}
	msg, mark := strings.TrimPrefix(load.Message, "yaml: "), load.Mark
	for _, p := range plainer {
		if strings.HasPrefix(msg, p.says) {
			msg = p.better
			break
		}
	}
	if mark.Line < 1 || msg == "found unexpected end of stream" {
		mark = load.ContextMark // where it began says more than where the file ends
	}
	at := spec.Pos{Line: max(mark.Line, 0), Col: max(mark.Column, 0)}
	switch characterAt(data, at) {
	case '\t':
		msg = "a tab: YAML is indented with spaces"
	case '"', '\'':
		if load.Mark != mark {
			msg = "this quote is not closed"
		}
	}
	return &spec.Error{Pos: at, Msg: msg}
}

// characterAt is the character at a place, 0 when there is none.
func characterAt(data []byte, at spec.Pos) rune {
	lines := splitLines(string(data))
	if at.Line < 1 || at.Line > len(lines) {
		return 0
	}
	if line := []rune(lines[at.Line-1]); at.Col >= 1 && at.Col <= len(line) {
		return line[at.Col-1]
	}
	return 0
}

// encodeYAML writes a value in block style, with short maps on one line.
func encodeYAML(v spec.Value) ([]byte, error) {
	return yaml.Dump(node(v, false), yaml.WithIndent(2), yaml.WithLineWidth(-1))
}

// node turns a value into a node. Inline is whether it stands inside a list, where a map
// of scalars reads best on one line.
func node(v spec.Value, inline bool) *yaml.Node {
	switch v.Kind {
	case spec.List:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		flat := true
		for _, item := range v.Items {
			n.Content = append(n.Content, node(item, true))
			flat = flat && item.Kind == spec.Scalar && !strings.Contains(item.Text, " ")
		}
		if flat {
			n.Style = yaml.FlowStyle
		}
		return n
	case spec.Map:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		flat := true
		for _, f := range v.Fields {
			n.Content = append(n.Content, node(f.Key, false), node(f.Value, false))
			flat = flat && f.Value.Kind == spec.Scalar
		}
		if len(v.Fields) == 0 || flat && inline {
			n.Style = yaml.FlowStyle
		}
		return n
	case spec.Null:
		return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!null", Value: "null"}
	}
	// A command line may hold bytes that are no text, which YAML cannot write.
	n := &yaml.Node{Kind: yaml.ScalarNode, Value: strings.ToValidUTF8(v.Text, "\ufffd")}
	if v.Quoted || !plainSafe(v.Text) {
		n.Tag, n.Style = "!!str", yaml.DoubleQuotedStyle
	}
	return n
}

// plainSafe reports whether a text without quotes comes back as that text wherever it
// stands. It errs on the side of quotes.
func plainSafe(s string) bool {
	switch strings.ToLower(s) {
	case "", "~", "null", "<<", "=", "-", "---", "...":
		return false
	}
	if strings.TrimSpace(s) != s || strings.ContainsAny(s[:1], "-?:,[]{}#&*!|>'\"%@`.") {
		return false
	}
	return !strings.ContainsFunc(s, func(r rune) bool {
		return r < ' ' || r >= 0x7f || strings.ContainsRune(":#,[]{}\"", r)
	})
}
