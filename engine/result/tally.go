package result

import "slices"

// tallied is how many texts a tally tells apart.
const tallied = 100

// A tally counts trials by a text. Texts may hold numbers of one trial, so it keeps the first of them in the order
// of the alphabet and counts the others as one: that depends on what was added alone, not on the order.
type tally struct {
	trials map[string]int
	texts  []string // the map's keys, in order
	others int
}

func newTally() tally { return tally{trials: map[string]int{}} }

func (y *tally) add(text string, trials int) {
	if _, ok := y.trials[text]; !ok {
		at, _ := slices.BinarySearch(y.texts, text)
		y.texts = slices.Insert(y.texts, at, text)
	}
	y.trials[text] += trials
	if last := len(y.texts) - 1; last >= tallied {
		y.others += y.trials[y.texts[last]]
		delete(y.trials, y.texts[last])
		y.texts = y.texts[:last]
	}
}

func (y *tally) merge(o *tally) {
	for _, text := range o.texts {
		y.add(text, o.trials[text])
	}
	y.others += o.others
}
