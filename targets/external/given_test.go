package external

import (
	"bytes"
	"testing"
)

// TestWhatAnAnswerNames has answers that name what was written, and such as do not.
func TestWhatAnAnswerNames(t *testing.T) {
	for _, c := range []struct{ given, place, body, want string }{
		{"location", "/orders/17?x=1", "", "17"}, {"location", "http://127.0.0.1:1/orders/a%20b", "", "a b"}, {"location", "", `{"location": "x"}`, ""},
		{"id", "/orders/17", `{"id": 18}`, "18"}, {"data.id", "", `{"data": {"id": "x-1"}}`, "x-1"}, {"0.id", "", `[{"id": 90071992547409931}]`, "90071992547409931"},
		{"id", "", `{"id": null}`, ""}, {"id", "", `{"id": {"x": 1}}`, ""}, {"1.id", "", `[{"id": 1}]`, ""}, {"x.id", "", `[{"id": 1}]`, ""}, {"id", "", "no JSON", ""}, {"id", "", `{"id": "a\nb"}`, ""},
	} {
		x := exchange{place: c.place}
		x.body.also = bytes.NewBufferString(c.body)
		h := httpStore{&dialer{g: group{given: c.given}}}
		w, ok := h.named(write{key: "k"}, x)
		if want := "k" + givenAfter + c.want; ok != (c.want != "") || ok && w.key != want {
			t.Errorf("%s of %q and %s: %q, %t", c.given, c.place, c.body, w.key, ok)
		}
	}
	if w, ok := (httpStore{&dialer{}}).named(write{key: "k"}, exchange{}); !ok || w.key != "k" {
		t.Errorf("a write without given: %+v, %t", w, ok)
	}
}

// TestMuchOfAnAnswerIsKeptForItsName writes more than is looked through, in pieces.
func TestMuchOfAnAnswerIsKeptForItsName(t *testing.T) {
	b := body{also: new(bytes.Buffer)}
	for range 3 {
		_, _ = b.Write(bytes.Repeat([]byte("x"), mostGivenIn/2+1))
	}
	if b.also.Len() != mostGivenIn {
		t.Errorf("%d bytes were kept of %d", b.also.Len(), b.size)
	}
}
