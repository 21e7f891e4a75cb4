package main

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"time"
)

// result is what the rounds of one case came to.
type result struct {
	benchCase
	rounds []float64 // ns per operation, by round
	bytes  float64   // allocated per operation
	allocs float64   // allocations per operation
}

// measure runs every case in every round: the cases of one algorithm close
// together, because they are compared, and in an order of their own each time.
func measure(cases []benchCase, rounds int, duration time.Duration) ([]result, error) {
	results := make([]result, len(cases))
	batches := make([]int, len(cases))
	for i, c := range cases {
		if err := c.run(); err != nil {
			return nil, fmt.Errorf("%s, %s: %w", c.algorithm, c.name, err)
		}
		batches[i] = calibrate(c, duration)
		results[i].benchCase = c
		results[i].bytes, results[i].allocs = allocated(c)
	}
	for range rounds {
		for _, i := range order(cases) {
			results[i].rounds = append(results[i].rounds, timed(cases[i], batches[i]))
		}
	}
	return results, nil
}

// order is the indices of the cases for one round.
func order(cases []benchCase) []int {
	place := map[string]int{}
	all := rand.Perm(len(cases)) //nolint:gosec // an order is no secret
	for _, i := range all {
		if _, ok := place[cases[i].algorithm]; !ok {
			place[cases[i].algorithm] = len(place)
		}
	}
	slices.SortStableFunc(all, func(a, b int) int { return place[cases[a].algorithm] - place[cases[b].algorithm] })
	return all
}

// calibrate is how many operations take about that long. It warms up, too.
func calibrate(c benchCase, duration time.Duration) int {
	for n := 1; ; n *= 2 {
		if took := timed(c, n) * float64(n); took > float64(duration)/4 || n > 1<<28 {
			return max(1, int(float64(n)*float64(duration)/took))
		}
	}
}

// timed is the ns per operation of n operations. Their errors are not looked
// at: the first call of all has shown that there is none.
func timed(c benchCase, n int) float64 {
	start := time.Now()
	for range n {
		_ = c.run()
	}
	return float64(time.Since(start)) / float64(n)
}

func allocated(c benchCase) (bytes, allocs float64) {
	const n = 200
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range n {
		_ = c.run()
	}
	runtime.ReadMemStats(&after)
	return float64((after.TotalAlloc - before.TotalAlloc) / n), float64((after.Mallocs - before.Mallocs) / n)
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
