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
	w.Unsubscribe(0, 10, false, false)
	w.Unsubscribe(0, 20, true, true) // it had ended: nothing is left to end
	w.Add(&Subscription{Lane: 0, Topics: 1, From: 30})
	w.Unsubscribe(0, 40, true, false)
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
