package spec

import (
	"math"
	"math/big"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
)

// MaxSize is the largest size [Size] accepts, in bytes: 1 TiB. A larger one is a
// slip of the keyboard, and would be allocated before anyone notices.
const MaxSize = 1 << 40

// MaxRate is the largest rate [Rate] accepts, per second: one a nanosecond.
const MaxRate = 1e9

// MaxDuration is the longest duration [Duration] accepts: a year. Sums and small
// multiples of it cannot overflow.
const MaxDuration = 365 * 24 * time.Hour

// number is a decimal number as people write it: no exponents, no infinities, no
// hexadecimal, no digit groups.
var number = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]+)?|\.[0-9]+)$`) })

// longestNumber is how many characters of digits a number may have.
const longestNumber = 40

// Int reads a whole number.
func Int(v Value) (int64, error) {
	n, ok := parseInt(v.Text)
	if v.Kind != Scalar || v.Quoted || !ok {
		return 0, Errorf(v, "%s is not a whole number: write one such as 20%s", v.found(), textHint(v))
	}
	return n, nil
}

// Bool reads true or false.
func Bool(v Value) (bool, error) {
	if v.Kind == Scalar && !v.Quoted && (v.Text == "true" || v.Text == "false") {
		return v.Text == "true", nil
	}
	return false, Errorf(v, "%s is neither true nor false%s", v.found(), textHint(v))
}

// Float reads a decimal number. Exponents, infinities and NaN are errors.
func Float(v Value) (float64, error) {
	f, ok := parseFloat(v.Text)
	if v.Kind != Scalar || v.Quoted || !ok {
		return 0, Errorf(v, "%s is not a number: write one such as 0.5%s", v.found(), textHint(v))
	}
	return f, nil
}

// Word reads a text that is not empty.
func Word(v Value) (string, error) {
	if v.Kind != Scalar {
		return "", Errorf(v, "%s where a word is needed", v.found())
	}
	if v.Text == "" {
		return "", Errorf(v, "an empty text where a word is needed")
	}
	return v.Text, nil
}

// Duration reads a duration in Go's notation, from 0 to [MaxDuration]. A number
// without a unit is an error, 0 included: it says nothing about what it counts.
func Duration(v Value) (time.Duration, error) {
	if v.Kind != Scalar {
		return 0, Errorf(v, "%s is not a duration: write one such as 250ms or 2s", v.found())
	}
	if number().MatchString(v.Text) {
		return 0, noUnit(v, "duration", "s", "2s")
	}
	d, err := time.ParseDuration(v.Text)
	if err != nil {
		if looksHuge(v.Text) {
			return 0, Errorf(v, "duration %s is too long: the most is %s", quote(v.Text), MaxDuration)
		}
		return 0, Errorf(v, "%s is not a duration: write one such as 250ms or 2s", v.found())
	}
	if d < 0 {
		return 0, Errorf(v, "duration %s is negative: write one such as 250ms or 2s", quote(v.Text))
	}
	if d > MaxDuration {
		return 0, Errorf(v, "duration %s is too long: the most is %s", quote(v.Text), MaxDuration)
	}
	return d, nil
}

// durationForm tells a duration out of range from a text that is none.
var durationForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)`)
})

func looksHuge(s string) bool { return durationForm().MatchString(s) && !strings.ContainsAny(s, " \t") }

// Rate reads a rate such as 2000/s and returns it per second: more than 0, at most
// [MaxRate].
func Rate(v Value) (float64, error) {
	text, ok := strings.CutSuffix(v.Text, "/s")
	if v.Kind == Scalar && !ok && number().MatchString(v.Text) {
		return 0, noUnit(v, "rate", "/s", "2000/s")
	}
	f, isNumber := parseFloat(text)
	switch {
	case v.Kind != Scalar || !ok || !isNumber:
		return 0, Errorf(v, "%s is not a rate: write one such as 2000/s", v.found())
	case f <= 0:
		return 0, Errorf(v, "rate %s is not above zero: write one such as 2000/s", quote(v.Text))
	case f > MaxRate:
		return 0, Errorf(v, "rate %s is too high: the most is 1000000000/s", quote(v.Text))
	}
	return f, nil
}

// sizeUnits are the units of Size, in bytes, longest suffix first.
var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30},
	{"kB", 1e3}, {"KB", 1e3}, {"MB", 1e6}, {"GB", 1e9},
	{"B", 1},
}

// Size reads a size such as 64KiB (1024s), 10MB (1000s) or 256B and returns bytes:
// from 0 to [MaxSize]. A fraction must come out at whole bytes.
func Size(v Value) (int64, error) {
	if v.Kind != Scalar {
		return 0, Errorf(v, "%s is not a size: write one such as 64KiB", v.found())
	}
	if number().MatchString(v.Text) {
		return 0, noUnit(v, "size", "B", "64KiB")
	}
	for _, u := range sizeUnits {
		digits, ok := strings.CutSuffix(v.Text, u.name)
		if !ok {
			continue
		}
		r, ok := parseRat(strings.TrimSuffix(digits, " "))
		if !ok {
			break
		}
		r.Mul(r, new(big.Rat).SetInt64(u.bytes))
		switch {
		case r.Sign() < 0:
			return 0, Errorf(v, "size %s is negative: write one such as 64KiB", quote(v.Text))
		case r.Cmp(new(big.Rat).SetInt64(MaxSize)) > 0:
			return 0, Errorf(v, "size %s is too large: the most is 1024GiB", quote(v.Text))
		case !r.IsInt():
			return 0, Errorf(v, "size %s is not a whole number of bytes: write one such as 1536B", quote(v.Text))
		}
		return r.Num().Int64(), nil
	}
	return 0, Errorf(v, "%s is not a size: write one such as 64KiB, 10MB or 256B", v.found())
}

// Percent reads a share such as 10% and returns it as a fraction: 0.10. It is from
// 0 to 1.
func Percent(v Value) (float64, error) {
	text, ok := strings.CutSuffix(v.Text, "%")
	if v.Kind == Scalar && !ok && number().MatchString(v.Text) {
		return 0, noUnit(v, "share", "%", "10%")
	}
	f, isNumber := parseFloat(text)
	switch {
	case v.Kind != Scalar || !ok || !isNumber:
		return 0, Errorf(v, "%s is not a share in percent: write one such as 10%%", v.found())
	case f < 0 || f > 100:
		return 0, Errorf(v, "%s is out of range: a share is from 0%% to 100%%", quote(v.Text))
	}
	return f / 100, nil
}

// noUnit is the error for a bare number. It proposes the number with a unit, unless
// that would be wrong as well.
func noUnit(v Value, what, unit, example string) *Error {
	if len(v.Text) < longestNumber && v.Text[0] != '-' && v.Text[0] != '+' {
		example = v.Text + unit
	}
	return Errorf(v, "%s %s has no unit: write it with one, such as %s", what, quote(v.Text), example)
}

// textHint explains a value that looks right but is text because of its quotes.
func textHint(v Value) string {
	if v.Kind == Scalar && v.Quoted {
		return " (without quotes)"
	}
	return ""
}

// parseInt reads digits with an optional sign, as YAML and people write them:
// no underscores, and no leading zeros, which some readers take for octal.
func parseInt(s string) (int64, bool) {
	digits := strings.TrimPrefix(s, "-")
	if len(digits) > 1 && digits[0] == '0' || strings.HasPrefix(digits, "+") {
		return 0, false
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

func parseFloat(s string) (float64, bool) {
	if len(s) > longestNumber || !number().MatchString(s) {
		return 0, false
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil && !math.IsInf(f, 0) && !math.IsNaN(f)
}

// parseRat reads a decimal number exactly.
func parseRat(s string) (*big.Rat, bool) {
	if len(s) > longestNumber || !number().MatchString(s) {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}
