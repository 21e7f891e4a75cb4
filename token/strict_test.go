package token

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// What is too long, or has other than two dots, is refused for that, before
// anybody looks whether its segments can be decoded (CVE-2025-30204,
// CVE-2025-27144).
//
// checklist: V3
func TestLengthAndDotsComeFirst(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		raw  string
		want error
	}{
		"8 KiB of three segments that are no base64": {"." + strings.Repeat("!", maxLength-2) + ".", errBase64},
		"a byte more":                                    {"." + strings.Repeat("!", maxLength-1) + ".", errTooLong},
		"a megabyte of dots":                             {strings.Repeat(".", 1<<20), errTooLong},
		"8 KiB of dots":                                  {strings.Repeat(".", maxLength), errSegments},
		"five segments that are no base64":               {"!.!.!.!.!", errSegments},
		"two segments that are no base64":                {"!.!", errSegments},
		"two dots, and what lies between them is junk":   {"!.!.!", errBase64},
		"no dot, and what there is would decode to JSON": {"e30", errSegments},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j, err := new(scratch).split(tc.raw)
			if !errors.Is(err, tc.want) {
				t.Errorf("error = %v, want %v", err, tc.want)
			}
			if err != nil && (j.header != nil || j.payload != nil || j.signature != nil) {
				t.Errorf("something was decoded: %+v", j)
			}
		})
	}
}

// Refusing costs no more memory than the token is long, however it is made.
//
// checklist: V3
func TestRefusingAllocatesLittle(t *testing.T) {
	for name, raw := range map[string]string{
		"dots":     strings.Repeat(".", 1<<20),
		"one part": strings.Repeat("A", 1<<20),
	} {
		if n := testing.AllocsPerRun(100, func() { _, _ = new(scratch).split(raw) }); n > 1 {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}

// Two keys of one algorithm and no kid: neither is tried. Maps have no order,
// so one look would prove nothing.
//
// checklist: V2
func TestNoKeyIsGuessed(t *testing.T) {
	t.Parallel()
	ring := keyRing{}
	for i := range 8 {
		key, err := GenerateKey(EdDSA)
		if err != nil {
			t.Fatal(err)
		}
		ring[fmt.Sprint(i)] = key.Public()
	}
	for range 100 {
		if key, ok := ring.find("", EdDSA); ok || key != nil {
			t.Fatalf("found %v", key)
		}
	}
}
