package authsvc_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/token"
)

// modelSeedEnv repeats the run of a seed that a failure names.
const modelSeedEnv = "GRPCAUTH_TEST_SEED"

// modelSeeds are those that always run, and one that never ran before.
func modelSeeds(t *testing.T, n int) []uint64 {
	t.Helper()
	if text := os.Getenv(modelSeedEnv); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("%s: %v", modelSeedEnv, err)
		}
		return []uint64{seed}
	}
	seeds := []uint64{rand.Uint64N(1 << 32)}
	for i := range n - 1 {
		seeds = append(seeds, uint64(i))
	}
	return seeds
}

// Whatever many callers do at two servers, in whatever order: each answer, the
// sessions in the store, the events and the audit record are those of the
// model, and in the end every token meets the fate that the model tells.
//
// checklist: R1 R2 R3 R4 R6 X3
func TestSessionsAreAsTheModelSays(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, database engine, times int) {
		for _, seed := range modelSeeds(t, 2) {
			r := newModelRun(t, database, seed)
			for range 160 * times {
				r.step(r.draw())
			}
			r.finish()
		}
	})
}

// Several callers at a time, at two servers: there is an order in which the model gives every
// one the answer that they got, and leaves what the store holds. So of any
// number of refreshes exactly one rotates.
//
// checklist: R1 R2 R3 R6
func TestSessionsAtOnceAreAsTheModelSaysInSomeOrder(t *testing.T) {
	t.Parallel()
	onEveryEngine(t, func(t *testing.T, database engine, times int) {
		for _, seed := range modelSeeds(t, 2) {
			r := newModelRun(t, database, seed)
			for range 40 * times {
				r.step(r.draw())
				r.together(r.crowd())
			}
			r.finish()
		}
	})
}

// modelRun is two servers on one database, and a model that the same is done
// to.
type modelRun struct {
	*testing.T
	servers [2]*modelWorld
	w       *modelWorld // the first
	m       *model
	rng     *rand.Rand
	seed    uint64
	past    []string // what was done
	fresh   int      // passwords and keys so far
	// somebody who presents the same again and again, and how often still
	who       string
	impatient int
}

func newModelRun(t *testing.T, database engine, seed uint64) *modelRun {
	t.Helper()
	r := &modelRun{T: t, rng: rand.New(rand.NewPCG(seed, 0)), seed: seed}
	open := database(t)
	for i := range r.servers {
		r.servers[i] = newModelWorld(t, open)
	}
	r.w = r.servers[0]
	r.m = newModel(r.w.clock.Now())
	r.w.addPeople(r.m)
	return r
}

// advance moves every clock.
func (r *modelRun) advance(d time.Duration) {
	for _, w := range r.servers {
		w.clock.advance(d)
	}
}

// fail tells how to come here again.
func (r *modelRun) fail(problem string) {
	r.Helper()
	r.Fatalf("%s=%d: %s\nafter\n%s", modelSeedEnv, r.seed, problem, strings.Join(r.past[max(0, len(r.past)-25):], "\n"))
}

// step does one thing.
func (r *modelRun) step(o operation) {
	r.Helper()
	got := o.do(r.Context(), pick(r, r.servers[:]...))
	r.past = append(r.past, fmt.Sprintf("%s: %s", o, got.refusal))
	r.m.now = r.w.clock.Now()
	if problem := r.m.apply(o, got); problem != "" {
		r.fail(problem)
	}
	if problem := r.m.compare(r.stored()); problem != "" {
		r.fail(problem)
	}
	if problem := r.tokens(6); problem != "" {
		r.fail(problem)
	}
}

func (m *model) apply(o operation, got answer) string {
	if problem := o.apply(m, got); problem != "" {
		return fmt.Sprintf("%s: %s", o, problem)
	}
	return ""
}

// together does several things at once.
func (r *modelRun) together(all []operation) {
	r.Helper()
	answers := make([]answer, len(all))
	start := make(chan struct{})
	var wg sync.WaitGroup
	uneven := r.oneIn(2)
	for _, w := range r.servers {
		w.uneven.on.Store(uneven)
	}
	for i, o := range all {
		wg.Go(func() {
			<-start
			answers[i] = o.do(r.Context(), r.servers[i%2])
		})
	}
	close(start)
	wg.Wait()
	for _, w := range r.servers {
		w.uneven.on.Store(false)
	}
	r.m.raising, r.m.stood = map[string]bool{}, map[string]bool{}
	for id, s := range r.m.sessions {
		r.m.stood[id] = s.stands(r.m.now)
	}
	for i, o := range all {
		r.past = append(r.past, fmt.Sprintf("  at once: %s: %s", o, answers[i].refusal))
		r.m.raising[o.raises()] = true
	}
	var problems []string
	next := r.m.inSomeOrder(all, answers, r.stored(), &problems)
	if next == nil {
		slices.Sort(problems)
		r.fail("there is no order in which the model does the same:\n" + strings.Join(slices.Compact(problems), "\n"))
	}
	r.m = next
	r.m.raising, r.m.stood = nil, nil
}

// inSomeOrder finds an order in which the model gives these answers and leaves these
// records, and is the model after it, or nil.
func (m *model) inSomeOrder(all []operation, answers []answer, s stored, problems *[]string) *model {
	if len(all) == 0 {
		if problem := m.compare(s); problem != "" {
			*problems = append(*problems, problem)
			return nil
		}
		return m
	}
	for i, o := range all {
		next := m.clone()
		if problem := next.apply(o, answers[i]); problem != "" {
			*problems = append(*problems, problem)
			continue
		}
		found := next.inSomeOrder(without(all, i), without(answers, i), s, problems)
		if found != nil {
			return found
		}
	}
	return nil
}

func without[E any](list []E, i int) []E { return slices.Delete(slices.Clone(list), i, i+1) }

// stored is what the store holds of sessions and people that something can
// have happened to.
type stored struct {
	sessions map[string]store.Session
	people   map[string]store.User
	counters map[string]int64
}

func (r *modelRun) stored() stored {
	r.Helper()
	return r.read(r.m.order[max(0, len(r.m.order)-7):])
}

func (r *modelRun) read(ids []string) stored {
	r.Helper()
	s := stored{map[string]store.Session{}, map[string]store.User{}, map[string]int64{}}
	for _, id := range ids {
		session, err := r.w.store.Session(r.Context(), id)
		if err != nil {
			r.fail(fmt.Sprintf("session %.5s: %v", id, err))
		}
		s.sessions[id] = session
	}
	for subject := range r.m.people {
		user, err := r.w.store.UserBySubject(r.Context(), subject)
		counters, cerr := r.w.store.Counters(r.Context(), subject, "web")
		if err != nil || cerr != nil {
			r.fail(fmt.Sprintf("%s: %v, %v", subject, err, cerr))
		}
		s.people[subject], s.counters[subject] = user, counters.Subject
	}
	return s
}

// tokens asks of the last n access tokens whether they stand.
func (r *modelRun) tokens(n int) string {
	r.Helper()
	for _, a := range r.m.access[max(0, len(r.m.access)-n):] {
		got, err := r.w.store.Standing(r.Context(), store.TokenRef{ID: a.id, SessionID: a.session, Subject: a.subject, ClientID: a.client})
		want := r.m.standing(a)
		if !r.m.now.Before(a.expires.Add(token.MaxLeeway)) {
			want.Revoked = got.Revoked // a sweep may have forgotten it
		}
		if err != nil || got != want {
			return fmt.Sprintf("an access token of session %.5s: got %+v, want %+v, %v", a.session, got, want, err)
		}
		if !want.SessionEnded && outdated(a.counters, want.Counters) {
			return fmt.Sprintf("an access token of session %.5s is out of date and its session stands", a.session)
		}
	}
	return ""
}

// finish presents every refresh token that was ever given out and looks at
// what the store has written down.
func (r *modelRun) finish() {
	r.Helper()
	r.advance(time.Second)
	var all []opRefresh
	for _, id := range r.m.order {
		s := r.m.sessions[id]
		for i, g := range s.generations {
			all = append(all, opRefresh{token: g.token, session: id, generation: i + 1, client: s.client, key: r.word(), note: "in the end"})
		}
	}
	r.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, o := range all[:min(len(all), 150)] {
		r.step(o)
	}
	if problem := r.m.compare(r.read(r.m.order)); problem != "" {
		r.fail(problem)
	}
	if problem := r.tokens(len(r.m.access)); problem != "" {
		r.fail(problem)
	}
	r.written()
}

// written compares the audit record and the events.
func (r *modelRun) written() {
	r.Helper()
	want := map[string]int{}
	for _, line := range r.m.record {
		want[line.text]++
	}
	got := map[string]int{}
	entries, err := r.w.store.Entries(r.Context(), 0, 1<<20)
	if err != nil {
		r.Fatal(err)
	}
	for _, e := range entries {
		if slices.Contains([]string{"login", "refresh_replayed", "refresh_reused", "session_revoked", "sessions_revoked", "reauthenticated"}, e.Kind) {
			got["audit "+e.Kind+" "+e.SessionID]++
		}
	}
	events, err := r.w.store.Events(r.Context(), 0, 1<<20)
	if err != nil {
		r.Fatal(err)
	}
	for i, e := range events {
		got[fmt.Sprintf("event %s %s below %d", e.Kind, e.Key, e.Below)]++
		if i > 0 && e.Seq <= events[i-1].Seq {
			r.fail("the events are out of order")
		}
	}
	if !maps.Equal(got, want) {
		r.fail("the audit record and the events are not those of the model: " + difference(got, want))
	}
}

// difference is what two bags don't share.
func difference(got, want map[string]int) string {
	var lines []string
	for text, n := range got {
		if want[text] != n {
			lines = append(lines, fmt.Sprintf("%s: got %d, want %d", text, n, want[text]))
		}
	}
	for text, n := range want {
		if got[text] == 0 {
			lines = append(lines, fmt.Sprintf("%s: got none, want %d", text, n))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
