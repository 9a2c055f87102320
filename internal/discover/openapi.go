package discover

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// A document is what is read of OpenAPI, of its versions 2 and 3.
type document struct {
	OpenAPI    string                     `json:"openapi"`
	Swagger    string                     `json:"swagger"`
	BasePath   string                     `json:"basePath"`
	Servers    []struct{ URL string }     `json:"servers"`
	Paths      map[string]json.RawMessage `json:"paths"`
	Parameters map[string]parameter       `json:"parameters"`
	Components struct {
		Parameters map[string]parameter `json:"parameters"`
	} `json:"components"`
}

type parameter struct {
	Ref      string `json:"$ref"`
	Required bool   `json:"required"`
}

type operation struct {
	Parameters []parameter `json:"parameters"`
}

type pathItem struct {
	operation
	Get *operation `json:"get"`
}

// A LineError is about a line of a document.
type LineError struct {
	Line int
	Err  error
}

// Error implements error.
func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns what is wrong with the line.
func (e *LineError) Unwrap() error { return e.Err }

// OpenAPI returns the paths of a document's GET operations that need no parameter, in order. Schemas are not read, so
// what they refer to each other by does not matter.
func OpenAPI(raw []byte) ([]string, error) {
	var d document
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, located(raw, err)
	}
	if d.OpenAPI == "" && d.Swagger == "" {
		return nil, &LineError{1, errors.New("this is no OpenAPI document: it has neither openapi nor swagger, which say its version")}
	}
	var paths []string
	for _, name := range slices.Sorted(maps.Keys(d.Paths)) {
		item := d.Paths[name]
		var p pathItem
		if err := json.Unmarshal(item, &p); err != nil {
			at := max(0, bytes.Index(raw, item))
			return nil, &LineError{lineOf(raw, at), fmt.Errorf("the path %q is not described by an object with its methods", name)}
		}
		if p.Get == nil || d.needs(p.Parameters) || d.needs(p.Get.Parameters) {
			continue
		}
		if path, ok := Origin(nil).Resolve("/", d.prefix()+"/"+strings.TrimPrefix(name, "/")); ok {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths), nil
}

// prefix stands before all paths.
func (d *document) prefix() string {
	text := d.BasePath
	if len(d.Servers) > 0 {
		text = d.Servers[0].URL
	}
	u, err := url.Parse(text)
	if err != nil || strings.Contains(text, "{") {
		return ""
	}
	if path := strings.Trim(u.EscapedPath(), "/"); path != "" {
		return "/" + path
	}
	return ""
}

// needs says whether a request must bring one of the parameters. One that is described elsewhere and not found may be.
func (d *document) needs(all []parameter) bool {
	return slices.ContainsFunc(all, func(p parameter) bool {
		if p.Ref == "" {
			return p.Required
		}
		name := p.Ref[strings.LastIndex(p.Ref, "/")+1:]
		for _, known := range []map[string]parameter{d.Components.Parameters, d.Parameters} {
			if q, ok := known[name]; ok && q.Ref == "" {
				return q.Required
			}
		}
		return true
	})
}

// located says where a document is wrong.
func located(raw []byte, err error) error {
	var syntax *json.SyntaxError
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return &LineError{lineOf(raw, int(syntax.Offset)), fmt.Errorf("this is no JSON: %w", syntax)}
	case errors.As(err, &wrong):
		return &LineError{lineOf(raw, int(wrong.Offset)), fmt.Errorf("%s is a %s, and OpenAPI has another value there", wrong.Field, wrong.Value)}
	}
	return &LineError{1, err}
}

// lineOf is the line of an offset, from 1.
func lineOf(raw []byte, offset int) int {
	return 1 + bytes.Count(raw[:min(max(offset-1, 0), len(raw))], []byte("\n"))
}
