package explore

import (
	"fmt"
	"slices"

	"github.com/racebench/racebench/engine/world"
)

// A Divergence is where a run left the recorded one.
type Divergence struct {
	From, To int // events: it ran as recorded up to From, and was another by To
	Event    int // the first that differs, from 1; 0 when the file does not spell them out
	Want     string
	Got      string
}

// String tells the divergence in one sentence.
func (d *Divergence) String() string {
	if d.Event > 0 {
		return fmt.Sprintf("step %d was %s, and now is %s", d.Event, d.Want, d.Got)
	}
	return fmt.Sprintf("it differs between steps %d and %d: expected hash %s, got %s", d.From, d.To, d.Want, d.Got)
}

const noMore = "the end"

// Compare says where a run left the one that the file records; nil when it is the same.
func (f *File) Compare(t *Trace, r world.SimResult) *Divergence {
	marks := t.marks()
	if r.Hash == f.Trace && r.Steps == f.Steps && len(t.Events) == f.Events && slices.Equal(marks, f.Marks) {
		return nil
	}
	d := &Divergence{To: f.Events, Want: formatHash(f.Trace), Got: formatHash(r.Hash)}
	for i, want := range f.Marks {
		got := uint64(0)
		if i < len(marks) {
			got = marks[i]
		}
		if got != want {
			d.To, d.Want, d.Got = (i+1)*markEvery, formatHash(want), formatHash(got)
			break
		}
		d.From = (i + 1) * markEvery
	}
	recorded := splitTurns(f.Turns)
	for i := range max(len(recorded), len(t.Events)) {
		want, got := noMore, noMore
		if i < len(recorded) {
			want = fmt.Sprintf("%s: %s", recorded[i][0], recorded[i][1])
		}
		if i < len(t.Events) {
			got = fmt.Sprintf("%s: %s", plainText.Replace(t.Events[i].Task), t.Events[i].Text())
		}
		if len(recorded) > 0 && want != got {
			d.Event, d.Want, d.Got = i+1, want, got
			break
		}
	}
	return d
}
