package external

import (
	"strings"
	"testing"
)

// TestShownReachesTheDifference cuts what was found only behind the place where it differs from what was looked for.
func TestShownReachesTheDifference(t *testing.T) {
	same := strings.Repeat("a", 100)
	for _, tc := range []struct{ got, want, shown string }{
		{"short", "other", `"short"`},
		{same + "X" + same, same + "Y", `"` + same + "X" + strings.Repeat("a", 19) + `…"`},
		{strings.Repeat(same, 4) + "X", strings.Repeat(same, 4) + "Y", `"…` + strings.Repeat("a", 20) + `X"`},
		{"", "any", `""`},
	} {
		if got := shown(tc.got, tc.want); got != tc.shown {
			t.Errorf("%s in place of %s is shown as %s, want %s", tc.got, tc.want, got, tc.shown)
		}
	}
}
