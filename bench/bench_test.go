package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
)

// Whether we are faster is for a quiet machine to say, not for a test.
func TestEveryCaseIsMeasured(t *testing.T) {
	cases, err := allCases()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := run([]string{"-rounds", "3", "-duration", "100us", "-json"}, &out); err != nil && !errors.Is(err, errSlower) {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Rows) != len(cases) || len(cases)%4 != 0 {
		t.Fatalf("%d rows for %d cases", len(r.Rows), len(cases))
	}
	for i, row := range r.Rows {
		if row.Algorithm != cases[i].algorithm || row.Case != cases[i].name || row.NsPerOp <= 0 || row.OverRaw <= 0 {
			t.Errorf("row %d: %+v", i, row)
		}
		if row.Case == rawCase && row.OverRaw != 1 {
			t.Errorf("%s is %f over itself", row.Algorithm, row.OverRaw)
		}
	}
}

func TestTableEndsWithAVerdict(t *testing.T) {
	fast := func(name string, ns float64) result {
		return result{benchCase: benchCase{algorithm: "X", name: name}, rounds: []float64{ns, ns, 10 * ns}}
	}
	for want, theirs := range map[string]float64{
		"grpcauth verify beats golang-jwt for every algorithm: X 2.00 times as fast":         40,
		"grpcauth verify does NOT beat golang-jwt for every algorithm: X 0.50 times as fast": 10,
	} {
		var out bytes.Buffer
		r := newReport([]result{fast(rawCase, 10), fast(peerCase, theirs), fast(coldCase, 20)})
		if err := r.writeTable(&out); err != nil {
			t.Fatal(err)
		}
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		if got := lines[len(lines)-1]; got != want {
			t.Errorf("verdict: %s\nwant     %s", got, want)
		}
		if r.Beaten != (theirs > 20) {
			t.Errorf("beaten = %t", r.Beaten)
		}
	}
}

func TestCasesThatAreComparedRunTogether(t *testing.T) {
	var cases []benchCase
	for _, algorithm := range []string{"A", "B", "C"} {
		for _, name := range []string{rawCase, peerCase, coldCase} {
			cases = append(cases, benchCase{algorithm: algorithm, name: name})
		}
	}
	for range 20 {
		all := order(cases)
		if len(slices.Compact(slices.Sorted(slices.Values(all)))) != len(cases) {
			t.Fatalf("order %v", all)
		}
		for i := range all {
			if cases[all[i]].algorithm != cases[all[i/3*3]].algorithm {
				t.Fatalf("order %v tears an algorithm apart", all)
			}
		}
	}
}

func TestWrongFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{{"-rounds", "0"}, {"-duration", "0s"}, {"-duration", "-1s"}} {
		if err := run(args, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "above zero") {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestMedian(t *testing.T) {
	for _, tc := range []struct {
		all  []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 100}, 3.5}} {
		if got := median(tc.all); got != tc.want {
			t.Errorf("median of %v = %f, want %f", tc.all, got, tc.want)
		}
	}
}
