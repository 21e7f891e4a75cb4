package token

import (
	"math"
	"strconv"
	"time"
)

// maxDate is the last second of the year 9999, after which Go and everybody
// else can't print a date.
const maxDate = 253402300799

// numericDate reads a NumericDate (RFC 7519 §2): seconds since 1970 as a JSON
// number, with or without a fraction. A string, a negative number and one past
// the year 9999 are no dates.
func (t *tape) numericDate(at int) (time.Time, bool) {
	if t.kindOf(at) != '0' {
		return time.Time{}, false
	}
	text := t.textOf(at)
	if text[0] == '-' {
		return time.Time{}, false
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0).UTC(), seconds <= maxDate
	}
	f, err := strconv.ParseFloat(text, 64)
	if err != nil || f > maxDate {
		return time.Time{}, false
	}
	whole, fraction := math.Modf(f)
	return time.Unix(int64(whole), int64(fraction*1e9)).UTC(), true
}
