package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"
)

// bound is what a case of ours may cost at the most.
type bound struct {
	group, algorithm, name string
	// goal is the ratio over the floor that we want on a quiet machine. A gate
	// fails beyond limit, which leaves room for a machine that is busy with
	// something else. 0 is no limit.
	goal, limit float64
	// allocs is the number of allocations, the same on every machine. 0 is no
	// limit.
	allocs float64
}

// bounds are what CI holds us to. The cached decision has its goal in ns, 350;
// it is held to what that is of one Ed25519 verification. Limits lie above the
// worst of many runs on two CPUs that had three times as much to do.
func bounds() []bound {
	return []bound{
		{verifyGroup, "EdDSA", coldCase, 1.10, 1.20, 5},
		{verifyGroup, "ES256", coldCase, 1.07, 1.17, 14},
		{verifyGroup, "RS256", coldCase, 1.16, 1.25, 13},
		{verifyGroup, "PS256", coldCase, 1.16, 1.25, 17},
		{verifyGroup, "HS256", coldCase, 5, 5.8, 4},
		{alone, "EdDSA", cachedCase, 0.0067, 0.01, 2},
		{alone, "EdDSA", rolesCase, 0.0067, 0.012, 2},
		{alone, "EdDSA", boundCase, 0.0086, 0.012, 2},
		{unaryMany, "EdDSA", cachedCase, 1.05, 1.15, 0},
		{loginGroup, argonSet, loginOf(inMemory), 1 / 0.9, 1 / 0.7, 0},
		{refreshOne, inMemory, belowCase, 0, 0, refreshAllocs},
	}
}

// refreshAllocs is what a refresh below gRPC allocates over a store in memory,
// with room for a map that grows.
const refreshAllocs = 180

var errTooSlow = errors.New("grpcauth costs more than it may: run `go run . -short` for what the others cost")

// runGate fails when a bound is passed twice in a row: once may be the
// machine.
func runGate(out io.Writer, rounds int, duration time.Duration) error {
	for try := 1; ; try++ {
		r, err := measuredBounds(rounds, duration)
		if err != nil {
			return err
		}
		passed, err := judge(out, r)
		if err != nil {
			return err
		}
		if passed {
			return nil
		}
		if try == 2 {
			return errTooSlow
		}
		fmt.Fprintln(out, "once more, for it may have been the machine")
	}
}

// measuredBounds has a row for every bound.
func measuredBounds(rounds int, duration time.Duration) (report, error) {
	r, err := measured(bounded, rounds, duration)
	if err != nil {
		return r, err
	}
	auth, err := measuredAuth(bounded, nil, rounds, duration)
	r.Rows = append(r.Rows, auth.Rows...)
	return r, err
}

// bounded wants the cases that have a bound, and their floors.
func bounded(group, algorithm, name string) bool {
	floor := benchCase{name: name}.isFloor()
	for _, b := range bounds() {
		if group == b.group && algorithm == b.algorithm && (name == b.name || floor) {
			return true
		}
	}
	return false
}

// judge prints how the bounds are met, with a line at the end that says all.
func judge(out io.Writer, r report) (passed bool, err error) {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(table, "over floor\tgoal\tlimit\tallocs\tlimit\twhat\t")
	var broken, short []string
	all := bounds()
	for _, b := range all {
		got := r.find(b)
		what := fmt.Sprintf("%s, %s, %s", b.group, b.algorithm, b.name)
		pinned := "-"
		if b.allocs > 0 {
			pinned = fmt.Sprint(b.allocs)
		}
		fmt.Fprintf(table, "%.4f\t%.4f\t%.4f\t%.0f\t%s\t%s\t\n", got.OverFloor, b.goal, b.limit, got.Allocs, pinned, what)
		if b.limit > 0 && got.OverFloor > b.limit || b.allocs > 0 && got.Allocs > b.allocs {
			broken = append(broken, what)
		} else if b.goal > 0 && got.OverFloor > b.goal {
			short = append(short, what)
		}
	}
	if err := table.Flush(); err != nil {
		return false, err
	}
	line := fmt.Sprintf("speed gate: %d of %d bounds hold", len(all)-len(broken), len(all))
	if len(broken) > 0 {
		line += "; passed over: " + strings.Join(broken, "; ")
	}
	if len(short) > 0 {
		line += "; within the margin but short of the goal today: " + strings.Join(short, "; ")
	}
	_, err = fmt.Fprintln(out, line)
	return len(broken) == 0, err
}

// find is the row that a bound is about. A gate measures all of them.
func (r report) find(b bound) row {
	for _, row := range r.Rows {
		if row.Group == b.group && row.Algorithm == b.algorithm && row.Case == b.name {
			return row
		}
	}
	return row{}
}
