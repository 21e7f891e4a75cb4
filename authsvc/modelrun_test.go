package authsvc_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
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

// Several callers at a time, at two servers: there is an order in which the
// model gives every one the answer that they got, and leaves what the store
// holds. So of any number of refreshes exactly one rotates.
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
