// Command bench measures what checking a token costs: bare, in an interceptor
// and in whole calls, beside other libraries and beside the floor that nobody
// can save.
//
//	go run . -short          a quick look, which writes nothing
//	go run . -docs ../docs   the whole, written to docs/benchmarks.md
//	go run . -auth           the AuthService instead: logins and refreshes
//	go run . -gate           fails where grpcauth costs more than it may
//
// All cases run in one process, one after the other in random order, for a
// number of rounds; what is printed is the median of the rounds. A ratio is
// taken within a round, so that a machine which is slow for a while is slow
// for both sides.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/password"
)

// hashPasswords has the program compute password hashes for the one that
// started it.
const hashPasswords = "hash-passwords"

func main() {
	if slices.Equal(os.Args[1:], []string{hashPasswords}) {
		end(password.ServeProcess())
	}
	end(run(os.Args[1:], os.Stdout))
}

// end ends the program.
func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

func run(args []string, out io.Writer) error {
	flags := flag.NewFlagSet("bench", flag.ExitOnError)
	rounds := flags.Int("rounds", 300, "how often each case is measured")
	duration := flags.Duration("duration", 500*time.Microsecond, "about how long each case runs in a round")
	short := flags.Bool("short", false, "20 rounds")
	asJSON := flags.Bool("json", false, "print JSON instead of tables")
	docs := flags.String("docs", "", "write benchmarks.md and benchmarks.svg to this folder, too")
	auth := flags.Bool("auth", false, "measure the AuthService instead, and write benchmarks-auth.md")
	gate := flags.Bool("gate", false, "measure only what grpcauth is held to, and fail where it is not met")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *short {
		*rounds = 20
	}
	if *rounds < 1 || *duration <= 0 {
		return errors.New("-rounds and -duration must be above zero")
	}
	if *gate {
		return runGate(out, *rounds, *duration)
	}
	if *auth {
		return runAuth(out, *rounds, *duration, *docs)
	}
	r, err := measured(everything, *rounds, *duration)
	if err != nil {
		return err
	}
	if *docs != "" {
		if err := r.writeDocs(*docs); err != nil {
			return err
		}
	}
	if *asJSON {
		return r.writeJSON(out)
	}
	return r.writeTable(out)
}

// measured runs the cases that are wanted.
func measured(want wanted, rounds int, duration time.Duration) (report, error) {
	l, err := newLab(want)
	if err != nil {
		return report{}, err
	}
	defer l.close()
	results, err := measure(l.cases, rounds, duration)
	if err != nil {
		return report{}, err
	}
	return newReport(results), nil
}
