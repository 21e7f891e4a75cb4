package authsvc

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/internal/testkit"
)

const (
	thiefPage = "docs/refresh-tokens.md"
	thiefFrom = "<!-- What a thief gains, from here on: -->\n"
	thiefTo   = "<!-- to here, is held by a test. -->\n"
)

// The tables are what the games come out with. After a change of the rule,
// GRPCAUTH_TEST_UPDATE=1 writes them anew.
//
// checklist: R1 R2
func TestTheThiefsTableIsUpToDate(t *testing.T) {
	t.Parallel()
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(root, thiefPage)
	page, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(page), thiefFrom)
	got, after, ended := strings.Cut(rest, thiefTo)
	if !found || !ended {
		t.Fatalf("%s lacks the lines that the tables stand between", thiefPage)
	}
	want := thiefTable(t) + ownerTable(t)
	if got == want {
		return
	}
	if os.Getenv("GRPCAUTH_TEST_UPDATE") == "" {
		t.Fatalf("%s is not what thieves gain. Run GRPCAUTH_TEST_UPDATE=1 go test ./authsvc -run ThiefsTable\n%s", thiefPage, want)
	}
	if err := os.WriteFile(path, []byte(before+thiefFrom+want+thiefTo+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

func thiefTable(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	out.WriteString("\n| the thief presents the newest token they hold | no keys | keys, token copied | keys, token and key copied |\n|---|---|---|---|\n")
	for _, strategy := range strategies() {
		fmt.Fprintf(&out, "| %s |", strategy.name)
		for _, what := range []loot{withoutKeys, tokenOnly, wholeFile} {
			s := newScene(t)
			var sum tally
			for range games {
				sum.add(strategy.play(s, what))
			}
			fmt.Fprintf(&out, " %s |", sum)
		}
		out.WriteString("\n")
	}
	return out.String() + "\n"
}

// tally is the games of one strategy.
type tally struct {
	games, caught    int
	refreshes, gains span
}

type span struct{ least, most int }

func (s *span) add(n int, first bool) {
	if first {
		s.least, s.most = n, n
	}
	s.least, s.most = min(s.least, n), max(s.most, n)
}

func (s span) String() string {
	if s.least == s.most {
		return fmt.Sprint(s.most)
	}
	return fmt.Sprintf("%d–%d", s.least, s.most)
}

func (t *tally) add(r result) {
	t.refreshes.add(r.refreshes, t.games == 0)
	t.gains.add(r.gained, t.games == 0)
	t.games++
	if r.caught {
		t.caught++
	}
}

func (t tally) String() string {
	noun := "tokens"
	if t.gains == (span{1, 1}) {
		noun = "token"
	}
	switch t.caught {
	case t.games:
		return fmt.Sprintf("ends at refresh %s, %s %s", t.refreshes, t.gains, noun)
	case 0:
		return fmt.Sprintf("**goes on**, %s %s in %s refreshes", t.gains, noun, t.refreshes)
	default:
		return fmt.Sprintf("ends in %d of %d games, %s %s", t.caught, t.games, t.gains, noun)
	}
}

// network is what an honest owner lives with.
type network struct {
	name string
	lost func(refresh, attempt int) bool
	wait time.Duration // until the next attempt
}

func ownerTable(t *testing.T) string {
	t.Helper()
	var out strings.Builder
	out.WriteString("| nobody steals, and the answer to a refresh is lost | no keys | keys |\n|---|---|---|\n")
	for _, n := range []network{
		{"never", func(int, int) bool { return false }, time.Second},
		{"every tenth time; asked again after a second", func(r, a int) bool { return r%10 == 0 && a == 0 }, time.Second},
		{"every other time; asked again after a second", func(r, a int) bool { return r%2 == 0 && a == 0 }, time.Second},
		{"each time; asked again after a second", func(_, a int) bool { return a == 0 }, time.Second},
		{"once, nine times running, a second apart", func(r, a int) bool { return r == 3 && a < 9 }, time.Second},
		{"once; asked again after a minute", func(r, a int) bool { return r == 3 && a == 0 }, time.Minute},
		{"once; asked again after a day offline", func(r, a int) bool { return r == 3 && a == 0 }, 24 * time.Hour},
	} {
		fmt.Fprintf(&out, "| %s | %s | %s |\n", n.name, newScene(t).live(false, n), newScene(t).live(true, n))
	}
	return out.String() + "\n"
}

// live is a day of an honest owner.
func (s *scene) live(keyed bool, n network) string {
	s.t.Helper()
	owner := s.login(keyed)
	for i := range longest {
		s.now = s.now.Add(s.meanwhile())
		for attempt := 0; ; attempt++ {
			lost := n.lost(i, attempt)
			s.present(owner, lost)
			if owner.over {
				return fmt.Sprintf("logged out at refresh %d", i+1)
			}
			if !lost {
				break
			}
			s.now = s.now.Add(n.wait)
		}
	}
	return "stays logged in"
}

// With keys no honest owner is logged out, whatever the network loses.
//
// checklist: R2
func TestNoOwnerWithKeysIsLoggedOut(t *testing.T) {
	t.Parallel()
	for chance := range 10 {
		s := newScene(t)
		n := network{wait: time.Duration(1+chance) * 7 * time.Second, lost: func(int, int) bool { return s.rng.IntN(10) < chance }}
		for range 2 {
			if got := s.live(true, n); got != "stays logged in" {
				t.Errorf("answers lost %d times in 10: %s", chance, got)
			}
		}
	}
}
