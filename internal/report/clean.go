package report

import (
	"reflect"
	"strings"
	"time"

	"github.com/racebench/racebench/internal/console"
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

// clean makes visible what a terminal or a CI system would obey.
func clean(s string) string { return console.Line(s) }
