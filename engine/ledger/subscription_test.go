package ledger

import (
	"slices"
	"testing"
)

// TestASubscriptionEndsOnce: the first end of a lane's subscription counts, and ends that of no other lane and none
// that had ended before.
func TestASubscriptionEndsOnce(t *testing.T) {
	w, err := NewMemory()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		w.Lane(LaneInfo{Name: name, Group: name, Op: "subscribe"})
	}
	w.Add(&Subscription{Lane: 0, Topics: 1, From: 1})
	w.Add(&Subscription{Lane: 1, Topics: 1, From: 2})
	w.Add(&Subscription{Lane: 0, Until: 10})
	w.Add(&Subscription{Lane: 0, Until: 20, Policy: true, Draining: true}) // it had ended: nothing is left to end
	w.Add(&Subscription{Lane: 0, Topics: 1, From: 30})
	w.Add(&Subscription{Lane: 0, Until: 40, Policy: true})
	e, err := w.Evidence()
	if err != nil {
		t.Fatal(err)
	}
	want := []Subscription{
		{Lane: 0, Topics: 1, From: 1, Until: 10},
		{Lane: 1, Topics: 1, From: 2},
		{Lane: 0, Topics: 1, From: 30, Until: 40, Policy: true},
	}
	if !slices.Equal(e.Subscriptions, want) {
		t.Errorf("the subscriptions are\n%+v\nwant\n%+v", e.Subscriptions, want)
	}
}
