package report

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"
)

// cleaned returns a copy of a report or a comparison whose strings cannot drive a terminal: names come from other
// people's scenario files, evidence from other people's programs. It goes over every field there is, so
// that one added later cannot be forgotten.
func cleaned[T any](r *T) *T {
	return cleanValue(reflect.ValueOf(r)).Interface().(*T)
}

func cleanValue(v reflect.Value) reflect.Value {
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	switch v.Kind() {
	case reflect.String:
		out.SetString(clean(v.String()))
	case reflect.Pointer:
		if !v.IsNil() {
			out.Set(reflect.New(v.Type().Elem()))
			out.Elem().Set(cleanValue(v.Elem()))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return out
		}
		for i := range v.NumField() {
			if out.Field(i).CanSet() {
				out.Field(i).Set(cleanValue(v.Field(i)))
			}
		}
	case reflect.Slice:
		if v.IsNil() {
			break // nothing was measured, which is not the same as none
		}
		if lines, ok := v.Interface().([]string); ok {
			out.Set(reflect.ValueOf(cleanLines(lines)))
			break
		}
		out.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			out.Index(i).Set(cleanValue(v.Index(i)))
		}
	case reflect.Map:
		if v.IsNil() {
			break
		}
		out.Set(reflect.MakeMap(v.Type()))
		for _, k := range v.MapKeys() {
			out.SetMapIndex(cleanValue(k), cleanValue(v.MapIndex(k)))
		}
	}
	return out
}

// cleanLines cleans each line, and makes several of one that holds line breaks.
func cleanLines(lines []string) []string {
	out := []string{}
	for _, text := range lines {
		for line := range strings.SplitSeq(strings.TrimRight(text, "\r\n"), "\n") {
			out = append(out, clean(strings.TrimRight(line, "\r")))
		}
	}
	return out
}

// clean makes visible what a terminal would obey: control characters, invisible ones, and those that change the
// direction of text.
func clean(s string) string {
	if !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f }) {
		return s
	}
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '\t':
			b.WriteString("    ")
		case !hidden(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}

func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
}
