package authsvc

import (
	"slices"
	"testing"
	"time"
)

// games is how many owners each strategy is played against. Their jitter
// differs.
const games = 20

// strategy is what a thief does.
type strategy struct {
	name string
	play func(*scene, loot) result
}

func strategies() []strategy {
	always := func(name string, moves ...move) strategy {
		return strategy{name, func(s *scene, what loot) result { return s.play(what, moves...) }}
	}
	return []strategy{
		always("a second before the owner, each time", justBefore),
		always("a minute before the owner, each time", wellBefore),
		always("a second after the owner, each time", justAfter),
		always("29 seconds after the owner, each time", insideWindow),
		always("31 seconds after the owner", pastWindow),
		always("by turns a second before and after", byTurns(justBefore, justAfter)...),
		always("a second after, every other time", byTurns(justAfter, rest)...),
		{"when the owner is due, not knowing the jitter", (*scene).guess},
		{"a day after the theft", (*scene).waitADay},
		{"every 11 minutes while the owner is offline for a day", (*scene).ownerOffline},
		{"a second after, reading the owner's file each time", (*scene).readAlong},
	}
}

// byTurns is two moves, the one and then the other.
func byTurns(a, b move) []move {
	var moves []move
	for range longest / 2 {
		moves = append(moves, a, b)
	}
	return moves
}

// guess expects the owner after three quarters of the access token's life.
func (s *scene) guess(what loot) result {
	s.t.Helper()
	var moves []move
	for range 8 {
		off := time.Duration((s.rng.Float64()*0.4 - 0.2) * 0.75 * float64(DefaultAccessTTL))
		moves = append(moves, move(off))
	}
	return s.play(what, moves...)
}

func (s *scene) waitADay(what loot) result {
	s.t.Helper()
	var moves []move
	for range longest - 1 {
		moves = append(moves, rest)
	}
	return s.play(what, append(moves, justAfter)...)
}

// ownerOffline: the thief has the session alone for a day.
func (s *scene) ownerOffline(what loot) result {
	s.t.Helper()
	owner := s.login(what != withoutKeys)
	thief := s.steal(owner, what)
	for until := s.now.Add(24 * time.Hour); s.now.Before(until); s.now = s.now.Add(11 * time.Minute) {
		s.present(thief, false)
	}
	r := result{refreshes: 1, gained: thief.got}
	s.present(owner, false)
	r.caught = !s.stands(owner)
	return r
}

// readAlong: the thief does not hold a copy but the file itself.
func (s *scene) readAlong(what loot) result {
	s.t.Helper()
	owner := s.login(what != withoutKeys)
	var r result
	for r.refreshes < longest && !r.caught {
		s.now = s.now.Add(s.meanwhile())
		thief := s.steal(owner, what)
		s.present(owner, false)
		s.now = s.now.Add(time.Second)
		s.present(thief, false)
		r.refreshes++
		r.gained += thief.got
		if thief.got > 0 {
			r.shared++
		}
		r.caught = !s.stands(owner)
	}
	return r
}

// Nobody who holds a copy rides along for long: without keys the session ends
// with the third refresh that both take part in, with keys with the first, or
// with the second where the key was copied too.
//
// checklist: R1 R2
func TestNoThiefRidesAlong(t *testing.T) {
	t.Parallel()
	most := map[loot]int{withoutKeys: 2, tokenOnly: 0, wholeFile: 1}
	s := newScene(t)
	for what, limit := range most {
		plays := 0
		worst := s.everyPlay(what, nil, 6, &plays)
		if worst.shared != limit {
			t.Errorf("loot %d: both gained from %d refreshes, want %d at the most and in the worst case", what, worst.shared, limit)
		}
		if plays < 30 {
			t.Errorf("loot %d: only %d plays", what, plays)
		}
	}
}

// everyPlay plays every mixture of moves that is not decided earlier, and gives
// the worst.
func (s *scene) everyPlay(what loot, sofar []move, depth int, plays *int) result {
	s.t.Helper()
	var worst result
	for _, m := range []move{wellBefore, justBefore, justAfter, insideWindow, pastWindow, rest} {
		moves := slices.Concat(sofar, []move{m})
		r := s.play(what, append(moves, rest)...)
		*plays++
		// What happens after the last of these moves is the same for all that go on.
		if len(moves) < depth && (!r.caught || r.refreshes > len(moves)) {
			r = worse(r, s.everyPlay(what, moves, depth, plays))
		}
		worst = worse(worst, r)
	}
	return worst
}

func worse(a, b result) result {
	return result{max(a.refreshes, b.refreshes), a.caught && b.caught, max(a.gained, b.gained), max(a.shared, b.shared)}
}
