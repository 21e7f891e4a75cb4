package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// result is what the rounds of one case came to.
type result struct {
	benchCase

	rounds []float64 // ns per operation, by round
	bytes  float64   // allocated per operation
	allocs float64   // allocations per operation
}

// measure runs every case in every round: the cases that are compared close
// together, and in an order of their own each time.
func measure(cases []benchCase, rounds int, duration time.Duration) ([]result, error) {
	results := make([]result, len(cases))
	batches := make([]int, len(cases))
	for i, c := range cases {
		var err error
		if batches[i], err = calibrate(c, duration); err != nil {
			return nil, err
		}
		results[i].benchCase = c
		if results[i].bytes, results[i].allocs, err = allocated(c); err != nil {
			return nil, err
		}
	}
	for range rounds {
		for _, i := range order(cases) {
			ns, err := timed(cases[i], batches[i])
			if err != nil {
				return nil, err
			}
			results[i].rounds = append(results[i].rounds, ns)
		}
	}
	return results, nil
}

// order is the indices of the cases for one round.
func order(cases []benchCase) []int {
	place := map[string]int{}
	set := func(i int) string { return cases[i].group + cases[i].algorithm }
	all := rand.Perm(len(cases)) //nolint:gosec // an order is no secret
	for _, i := range all {
		if _, ok := place[set(i)]; !ok {
			place[set(i)] = len(place)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return place[set(a)] - place[set(b)] })
	return all
}

// calibrate is how many operations take about that long, and at least two for
// each caller. It warms up, too. The best of a few tries counts: a pause of the
// whole process would else pass for a slow operation.
func calibrate(c benchCase, duration time.Duration) (int, error) {
	for n := 1; ; n *= 2 {
		best := math.Inf(1)
		for range 5 {
			ns, err := timed(c, n)
			if err != nil {
				return 0, err
			}
			best = min(best, ns)
		}
		if best*float64(n) > float64(duration)/4 || n > 1<<28 {
			return max(1, int(float64(duration)/best), 2*c.callers), nil
		}
	}
}

// warming is how many operations each caller makes before its time is taken.
// What a case took of memory has gone back to the system while others ran, and
// a hash that gets its 19 MiB anew takes twice as long.
const warming = 4

// timed is the ns per operation of n operations, by all callers together.
func timed(c benchCase, n int) (float64, error) {
	if err := repeat(c, min(n, warming*max(1, c.callers))); err != nil {
		return 0, fmt.Errorf("%s: %w", c, err)
	}
	start := time.Now()
	err := repeat(c, n)
	if err != nil {
		return 0, fmt.Errorf("%s: %w", c, err)
	}
	return float64(time.Since(start)) / float64(n), nil
}

func repeat(c benchCase, n int) error {
	if c.callers == 0 {
		for range n {
			if err := c.run(); err != nil {
				return err
			}
		}
		return nil
	}
	var left atomic.Int64
	var failed atomic.Pointer[error]
	var callers sync.WaitGroup
	left.Store(int64(n))
	for range c.callers {
		callers.Go(func() {
			for left.Add(-1) >= 0 {
				if err := c.run(); err != nil {
					failed.Store(&err)
					return
				}
			}
		})
	}
	callers.Wait()
	if err := failed.Load(); err != nil {
		return *err
	}
	return nil
}

// allocated counts what an operation allocates. Whatever else the process does
// meanwhile counts with it, so that the least of a few tries is nearest. Where
// one try takes long there is only one.
func allocated(c benchCase) (bytes, allocs float64, err error) {
	const n = 20
	begun := time.Now()
	for try := range 5 {
		if try > 0 && time.Since(begun) > 200*time.Millisecond {
			break
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for range n {
			if err := c.run(); err != nil {
				return 0, 0, fmt.Errorf("%s: %w", c, err)
			}
		}
		runtime.ReadMemStats(&after)
		b, a := float64((after.TotalAlloc-before.TotalAlloc)/n), float64((after.Mallocs-before.Mallocs)/n)
		if try == 0 || a < allocs {
			bytes, allocs = b, a
		}
	}
	return bytes, allocs, nil
}

func median(all []float64) float64 {
	sorted := slices.Sorted(slices.Values(all))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}

// ratio is the median of a over b, round by round.
func ratio(a, b []float64) float64 {
	all := make([]float64, len(a))
	for i := range a {
		all[i] = a[i] / b[i]
	}
	return median(all)
}
