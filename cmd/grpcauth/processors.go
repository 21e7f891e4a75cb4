package main

import "runtime"

// shareProcessors says how many password hashes may be computed at once, and
// keeps them from holding up the other calls. A hash runs for some 20 ms, and
// Go takes a processor away from it only after 10 ms: with as many hashes as
// there are processors, each step of a refresh would wait for that. So Go may
// use twice as many, and the operating system, which shares them out more
// finely, does the rest. Whoever sets GOMAXPROCS has decided otherwise.
func shareProcessors(chosen string) int {
	processors := runtime.GOMAXPROCS(0)
	if chosen == "" {
		runtime.GOMAXPROCS(2 * processors)
	}
	return processors
}
