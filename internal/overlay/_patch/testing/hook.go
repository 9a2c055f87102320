package testing

import _ "unsafe"

var rbHook func(t *T, name string, f func(*T))

//go:linkname rbhook
func rbhook(h func(t *T, name string, f func(*T))) { rbHook = h }

// rbbody runs a test's body in a bubble that is there.
//
//go:linkname rbbody
func rbbody(t *T, f func(*T)) (failed, skipped bool) {
	var inner *T
	ok := testingSynctestTest(t, func(t *T) {
		inner = t
		f(t)
	})
	return !ok, inner != nil && inner.Skipped()
}

// rbwritten takes what the test has written since the last call, and forgets that it failed.
//
//go:linkname rbwritten
func rbwritten(t *T) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := t.output
	t.output = nil
	t.failed = false
	return text
}

func rbWrap(name string, f func(*T)) func(*T) {
	if rbHook == nil {
		return f
	}
	return func(t *T) { rbHook(t, name, f) }
}

// rbSub is T.Run inside of the bubble: a test in a test, one after the other.
func rbSub(t *T, name string, f func(*T)) bool {
	ok := testingSynctestTest(t, func(sub *T) {
		sub.name = t.name + "/" + rewrite(name)
		f(sub)
	})
	if !ok {
		t.Fail()
	}
	return ok
}
