package external

import (
	"strings"
	"testing"
)

// TestATail finds the end of a body however it comes in pieces.
func TestATail(t *testing.T) {
	for _, tc := range []struct {
		want, body string
		ended      bool
	}{
		{"", "whatever", true},
		{"", "", true},
		{"</html>", "", false},
		{"</html>", "<html></html>", true},
		{"</html>", "<html></html>\r\n \n", true},
		{"</html>\n", "<html></html>", true},
		{"</html>", "<html></html", false},
		{"</html>", "</html><html>", false},
		{"end", strings.Repeat("x", 10000) + "end", true},
		{"end", "end" + strings.Repeat("\n", blanksKept), true},
		{"end", "end" + strings.Repeat("x", 10000), false},
		{strings.Repeat("ab", 120), strings.Repeat("ab", 121), true},
	} {
		for _, size := range []int{1, 3, 64, 1 << 20} {
			in := tailOf(tc.want)
			for rest := tc.body; rest != ""; {
				n := min(size, len(rest))
				in.add([]byte(rest[:n]))
				rest = rest[n:]
			}
			if in.ended() != tc.ended {
				t.Errorf("%.20q in pieces of %d, wants %.20q: %v", tc.body, size, tc.want, !tc.ended)
			}
		}
	}
}
