package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// Whether we are faster is for a quiet machine to say, not for a test.
func TestEveryCaseIsMeasured(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	if err := run([]string{"-rounds", "1", "-duration", "50us", "-json", "-docs", dir}, &out); err != nil {
		t.Fatal(err)
	}
	var r report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	// 5 algorithms with 8 cases of verifying and 9 of the interceptor alone,
	// one less of each for HS256, and two rules that ask for more; and of two algorithms 9 cases for each of the
	// three groups that are calls.
	if want := 5*8 - 1 + 5*9 - 1 + 2 + 2*3*9; len(r.Rows) != want {
		t.Errorf("%d rows, want %d", len(r.Rows), want)
	}
	for _, row := range r.Rows {
		if row.NsPerOp <= 0 || row.OverFloor <= 0 || (benchCase{name: row.Case}).isFloor() && row.OverFloor != 1 {
			t.Errorf("%+v", row)
		}
	}
	checkDocs(t, dir, r)
}

// checkDocs holds what was written against what was measured.
func checkDocs(t *testing.T, dir string, r report) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(dir, "benchmarks.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Rows {
		if !strings.Contains(string(page), "\n| "+row.Case+" | ") {
			t.Errorf("the page lacks %q", row.Case)
		}
	}
	for _, module := range modules() {
		if !strings.Contains(string(page), "- "+module+" ") {
			t.Errorf("the page lacks %s", module)
		}
	}
	chart, err := os.ReadFile(filepath.Join(dir, "benchmarks.svg"))
	if err != nil {
		t.Fatal(err)
	}
	for decoder := xml.NewDecoder(bytes.NewReader(chart)); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if bars := strings.Count(string(chart), `class="ours"`); bars != 3 {
		t.Errorf("%d bars of ours, want cold and cached, and cold", bars)
	}
}

// A library that checks less would be faster for the wrong reason.
func TestEveryPeerChecks(t *testing.T) {
	t.Parallel()
	subjects, err := newSubjects()
	if err != nil {
		t.Fatal(err)
	}
	others, err := newSubjects()
	if err != nil {
		t.Fatal(err)
	}
	for i, s := range subjects {
		past := func() time.Time { return time.Now().Add(-time.Hour - 2*leeway) }
		bad := map[string]string{
			"another issuer":      signed(t, s, token.IssuerConfig{Issuer: "https://other.example.com", Audience: []string{audience}}),
			"another audience":    signed(t, s, token.IssuerConfig{Issuer: issuerName, Audience: []string{"billing"}}),
			"expired":             signed(t, s, token.IssuerConfig{Issuer: issuerName, Audience: []string{audience}, Now: past}),
			"another key":         others[i].token,
			"another algorithm":   subjects[(i+1)%len(subjects)].token,
			"a changed signature": s.token[:len(s.token)-6] + "AAAAAA",
		}
		variants, err := s.variants()
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range variants {
			if v.verify == nil || v.name == rawCase {
				continue
			}
			if err := v.verify(s.token); err != nil {
				t.Errorf("%s, %s: %v", s.algorithm, v.name, err)
			}
			for what, raw := range bad {
				if v.verify(raw) == nil {
					t.Errorf("%s, %s: accepts %s", s.algorithm, v.name, what)
				}
			}
		}
	}
}

func signed(t *testing.T, s subject, config token.IssuerConfig) string {
	t.Helper()
	raw, err := issue(s.signing, config)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// A guard that lets anything in would be fast.
func TestEveryGuardRefuses(t *testing.T) {
	t.Parallel()
	subjects, err := newSubjects()
	if err != nil {
		t.Fatal(err)
	}
	variants, err := subjects[0].variants()
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range variants {
		if v.guard == nil {
			continue
		}
		c, stop, err := serve(v)
		if err != nil {
			t.Fatal(err)
		}
		defer stop()
		for what, call := range map[string]func(string) func() error{"unary": c.unary, "stream": c.stream} {
			if err := call(subjects[1].token)(); (err == nil) != (v.name == nobodyCase) {
				t.Errorf("%s, %s: %v for a token of another key", v.name, what, err)
			}
		}
	}
}

func TestGate(t *testing.T) {
	t.Parallel()
	full := func(change func(*row)) report {
		var r report
		for _, b := range bounds() {
			r.Rows = append(r.Rows, row{Group: b.group, Algorithm: b.algorithm, Case: b.name, OverFloor: b.goal, Allocs: b.allocs})
		}
		change(&r.Rows[0])
		return r
	}
	first, all := bounds()[0], len(bounds())
	hold := func(n int) string { return fmt.Sprintf("%d of %d bounds hold", n, all) }
	for name, tc := range map[string]struct {
		change func(*row)
		passed bool
		want   string
	}{
		"at the goal":         {func(*row) {}, true, hold(all) + "\n"},
		"within the margin":   {func(r *row) { r.OverFloor = first.limit }, true, "short of the goal today: verify, EdDSA, grpcauth\n"},
		"beyond the limit":    {func(r *row) { r.OverFloor = first.limit + 0.01 }, false, hold(all-1) + "; passed over: verify, EdDSA, grpcauth\n"},
		"one allocation more": {func(r *row) { r.Allocs++ }, false, hold(all-1) + "; passed over: verify, EdDSA, grpcauth\n"},
	} {
		var out bytes.Buffer
		passed, err := judge(&out, full(tc.change))
		if err != nil || passed != tc.passed || !strings.HasSuffix(out.String(), tc.want) {
			t.Errorf("%s: %t, %v\n%s", name, passed, err, out.String())
		}
	}
}

func TestGateMeasuresEveryBound(t *testing.T) {
	t.Parallel()
	r, err := measuredBounds(1, 50*time.Microsecond)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bounds() {
		if r.find(b).NsPerOp <= 0 {
			t.Errorf("%s, %s, %s is not measured", b.group, b.algorithm, b.name)
		}
	}
}

func TestCasesThatAreComparedRunTogether(t *testing.T) {
	t.Parallel()
	var cases []benchCase
	for _, algorithm := range []string{"A", "B", "C"} {
		for _, name := range []string{rawCase, coldCase, cachedCase} {
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

func TestErrorEndsTheMeasurement(t *testing.T) {
	t.Parallel()
	broken := errors.New("broken")
	for _, callers := range []int{0, 3} {
		c := benchCase{group: verifyGroup, algorithm: "X", name: "ours", callers: callers, run: func() error { return broken }}
		if _, err := measure([]benchCase{c}, 1, time.Microsecond); !errors.Is(err, broken) || !strings.Contains(err.Error(), "verify, X, ours") {
			t.Errorf("%d callers: %v", callers, err)
		}
	}
}

func TestWrongFlagsAreRefused(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"-rounds", "0"}, {"-duration", "0s"}, {"-duration", "-1s"}} {
		if err := run(args, new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "above zero") {
			t.Errorf("%v: %v", args, err)
		}
	}
}

func TestMedian(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		all  []float64
		want float64
	}{{[]float64{3}, 3}, {[]float64{9, 1, 5}, 5}, {[]float64{4, 1, 3, 100}, 3.5}} {
		if got := median(tc.all); got != tc.want {
			t.Errorf("median of %v = %f, want %f", tc.all, got, tc.want)
		}
	}
}
