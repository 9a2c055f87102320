package explore

// Hints are what some strategies want to know of a program before they draw a schedule of it. Wrong
// hints cost hits, never soundness.
type Hints struct {
	// Steps is how many decisions a schedule has; 0 is a guess.
	Steps int
	// Events is how many visible operations each task and all tasks below it do, by the task's path; the
	// clock's is how often it moves. Nil means that nothing is known.
	Events map[string]int
}

// guessedSteps is about the number of decisions in a schedule of a small world.
const guessedSteps = 200

func (h Hints) steps() int {
	if h.Steps > 0 {
		return h.Steps
	}
	return guessedSteps
}
