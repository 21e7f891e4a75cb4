// Command bench measures what verifying a token costs, beside the bare
// cryptography and beside golang-jwt, for each algorithm.
//
//	go run . -rounds 500 -duration 500us
//
// All cases run in one process, one after the other in random order, for a
// number of rounds; what is printed is the median of the rounds. A ratio is
// taken within a round, so that a machine which is slow for a while is slow
// for both sides. It exits with 1 when golang-jwt was faster for any
// algorithm.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

var errSlower = errors.New("golang-jwt is faster for at least one algorithm")

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	rounds := flags.Int("rounds", 500, "how often each case is measured")
	duration := flags.Duration("duration", 500*time.Microsecond, "how long each case runs in a round")
	asJSON := flags.Bool("json", false, "print JSON instead of a table")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *rounds < 1 || *duration <= 0 {
		return errors.New("-rounds and -duration must be above zero")
	}
	cases, err := allCases()
	if err != nil {
		return err
	}
	results, err := measure(cases, *rounds, *duration)
	if err != nil {
		return err
	}
	report := newReport(results)
	if *asJSON {
		err = report.writeJSON(out)
	} else {
		err = report.writeTable(out)
	}
	if err == nil && !report.Beaten {
		err = errSlower
	}
	return err
}
