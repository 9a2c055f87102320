package loadgen

// narrow is how close a search for the highest rate comes: the lowest that does not hold is at most so much above.
const narrow = 1.05

// Highest looks for the highest rate that holds: it doubles or halves the first one until it knows one that holds and
// one that does not, and then halves what lies between. It tries at most so many rates, and returns 0 when none held.
func Highest(first float64, tries int, holds func(rate float64) (bool, error)) (float64, error) {
	low, high := 0.0, 0.0
	for rate := first; tries > 0; tries-- {
		ok, err := holds(rate)
		if err != nil {
			return low, err
		}
		if ok {
			low = rate
		} else {
			high = rate
		}
		switch {
		case high == 0:
			rate *= 2
		case low == 0:
			if rate /= 2; rate < 1 {
				return 0, nil
			}
		case high <= low*narrow:
			return low, nil
		default:
			rate = (low + high) / 2
		}
	}
	return low, nil
}
