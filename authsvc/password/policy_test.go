package password

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// checklist: P5
func TestCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		password string
		want     error
	}{
		"eight characters":         {"tr0ub4dr", nil},
		"eight, sixteen bytes":     {"éééééééé", nil},
		"only letters":             {"staplebattery", nil},
		"spaces count":             {"a b c d ", nil},
		"the longest":              {strings.Repeat("é", MaxBytes/2), nil},
		"nothing":                  {"", ErrTooShort},
		"seven characters":         {"tr0ub4d", ErrTooShort},
		"seven, fourteen bytes":    {"ééééééé", ErrTooShort},
		"a byte too long":          {strings.Repeat("x", MaxBytes+1), ErrTooLong},
		"far too long":             {strings.Repeat("x", 1<<20), ErrTooLong},
		"not UTF-8":                {"tr0ub4d\xff", ErrNotText},
		"a NUL":                    {"tr0ub4dr\x00", ErrNotText},
		"other control characters": {"tr0ub4d\t\x1b", nil},
		"common":                   {"password", ErrCommon},
		"common in another case":   {"PassWord1", ErrCommon},
		"the first of the list":    {commonList()[0], ErrCommon},
		"the last of the list":     {commonList()[len(commonList())-1], ErrCommon},
		"common and more":          {"password and more", nil},
		"part of a common one":     {"asswords", nil},
		"two of the list":          {commonList()[0] + "\n" + commonList()[1], nil},
		"the heading":              {strings.SplitN(common, "\n", 2)[0], nil},
	} {
		if err := Check(test.password); !errors.Is(err, test.want) || (err == nil) != (test.want == nil) {
			t.Errorf("%s: error %v, want %v", name, err, test.want)
		}
	}
}

// What the check relies on, and no line that could never match.
func TestCommonList(t *testing.T) {
	t.Parallel()
	if !strings.HasSuffix(common, "\n") || strings.Contains(common, "\r") {
		t.Error("every line must end in a line feed alone")
	}
	list := commonList()
	if len(list) < 500 || !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Errorf("%d lines, want 500 or more, sorted, each once", len(list))
	}
	for _, line := range list {
		if utf8.RuneCountInString(line) < MinChars || line != strings.ToLower(line) || line != strings.TrimSpace(line) {
			t.Errorf("%q can never match", line)
		}
	}
}

// commonList is the list without its heading.
func commonList() []string { return strings.Split(strings.TrimSuffix(common, "\n"), "\n")[1:] }
