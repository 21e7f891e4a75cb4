package password

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// origin is a block of addresses of its own for each n.
func origin(n int) netip.Prefix {
	return netip.PrefixFrom(netip.AddrFrom4([4]byte{203, 0, byte(n), 0}), 24)
}

// line is a queue whose only place to run is taken, and who waits in it.
type line struct {
	t      *testing.T
	queue  *queue
	served []string
	errs   map[string]error
}

func newLine(t *testing.T, places int) *line {
	t.Helper()
	l := &line{t: t, queue: newQueue(1, places, 1), errs: map[string]error{}}
	if err := l.queue.enter(t.Context(), netip.Prefix{}, 1); err != nil {
		t.Fatal(err)
	}
	return l
}

// join lines up a caller and returns once it waits or was turned away.
func (l *line) join(ctx context.Context, name string, from netip.Prefix) {
	l.t.Helper()
	go func() {
		err := l.queue.enter(ctx, from, 1)
		if err != nil {
			l.errs[name] = err
			return
		}
		l.served = append(l.served, name)
		l.queue.leave(1, 10*time.Millisecond)
	}()
	synctest.Wait() // and so nobody above runs beside another
}

// open lets them all through, and returns the order they came in.
func (l *line) open() string {
	l.t.Helper()
	l.queue.leave(1, 10*time.Millisecond)
	synctest.Wait()
	q := l.queue
	if q.free != 1 || q.running != 0 || q.waiting != 0 || len(q.shares) != 0 || len(q.turns) != 0 {
		l.t.Errorf("left behind: free %d, running %d, waiting %d, shares %d, turns %d", q.free, q.running, q.waiting, len(q.shares), len(q.turns))
	}
	return strings.Join(l.served, " ")
}

func (l *line) refused() string {
	var names []string
	for name, err := range l.errs {
		if !errors.Is(err, ErrBusy) {
			l.t.Errorf("%s: %v, want %v", name, err, ErrBusy)
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// checklist: P3
func TestOriginsAreServedInTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 10)
		for i := range 4 {
			l.join(t.Context(), fmt.Sprintf("a%d", i), origin(1))
		}
		l.join(t.Context(), "b0", origin(2))
		l.join(t.Context(), "c0", origin(3))
		l.join(t.Context(), "b1", origin(2))
		if got := l.open(); got != "a0 b0 c0 a1 b1 a2 a3" {
			t.Errorf("served %s", got)
		}
	})
}

// checklist: P3
func TestAFullQueueRefusesTheOriginThatHasTheMost(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 4)
		for i := range 6 { // alone it may have all of it, and no more
			l.join(t.Context(), fmt.Sprintf("a%d", i), origin(1))
		}
		if got := l.refused(); got != "a4 a5" {
			t.Errorf("refused %q", got)
		}
		for i := range 3 { // half of it is another's as soon as they come
			l.join(t.Context(), fmt.Sprintf("b%d", i), origin(2))
		}
		if got := l.refused(); got != "a2 a3 a4 a5 b2" {
			t.Errorf("refused %q", got)
		}
		l.join(t.Context(), "a6", origin(1)) // and stays theirs
		l.join(t.Context(), "c0", origin(3))
		l.join(t.Context(), "d0", origin(4))
		l.join(t.Context(), "e0", origin(5)) // nobody has two any more
		if got := l.refused(); got != "a1 a2 a3 a4 a5 a6 b1 b2 e0" {
			t.Errorf("refused %q", got)
		}
		if got := l.open(); got != "a0 b0 c0 d0" {
			t.Errorf("served %s", got)
		}
	})
}

// checklist: P3
func TestAFloodDoesNotKeepOthersOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 50)
		for i := range 20 {
			for j := range 50 {
				l.join(t.Context(), fmt.Sprintf("flood%d-%d", i, j), origin(1))
			}
			l.join(t.Context(), fmt.Sprintf("honest%d", i), origin(2+i))
		}
		if strings.Contains(l.refused(), "honest") {
			t.Error("a flood from one origin had the others refused")
		}
		if after := strings.Fields(l.open())[:21]; len(strings.Split(strings.Join(after, " "), "honest")) != 21 {
			t.Errorf("the first to be served were %v, want one of each origin", after)
		}
	})
}

// checklist: P3
func TestWhoGivesUpLeavesTheQueueAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLine(t, 2)
		ctx, cancel := context.WithCancel(t.Context())
		l.join(ctx, "a0", origin(1))
		l.join(t.Context(), "b0", origin(2))
		cancel()
		synctest.Wait()
		if l.queue.waiting != 1 || len(l.queue.turns) != 1 || !errors.Is(l.errs["a0"], context.Canceled) {
			t.Errorf("%d wait, error %v", l.queue.waiting, l.errs["a0"])
		}
		delete(l.errs, "a0")
		l.join(t.Context(), "c0", origin(3))
		if got := l.open(); got != "b0 c0" || l.refused() != "" {
			t.Errorf("served %s, refused %q", got, l.refused())
		}
	})
}

// One that needs more room than there is stands before the others, and they
// need not wait for it when it has gone.
func TestWhoGivesUpMakesWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(2, 4, 2)
		if err := q.enter(t.Context(), origin(1), 1); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var large, small error
		go func() { large = q.enter(ctx, origin(1), 2) }()
		synctest.Wait()
		done := false
		go func() { small = q.enter(t.Context(), origin(2), 1); done = true }()
		synctest.Wait()
		if done {
			t.Error("a small one was let past a large one, which may so wait for ever")
		}
		cancel()
		synctest.Wait()
		if !done || small != nil || !errors.Is(large, context.Canceled) || q.free != 0 || q.running != 2 {
			t.Errorf("small %v, large %v, free %d, running %d", small, large, q.free, q.running)
		}
	})
}

// Let in and given up at once: the room is not lost.
func TestGivingUpWhileBeingLetInLosesNoRoom(t *testing.T) {
	t.Parallel()
	q := newQueue(1, 4, 1)
	if err := q.enter(t.Context(), origin(1), 1); err != nil {
		t.Fatal(err)
	}
	w, err := q.line(origin(1), 1)
	if err != nil {
		t.Fatal(err)
	}
	other, err := q.line(origin(2), 1)
	if err != nil {
		t.Fatal(err)
	}
	q.leave(1, 0) // lets w in
	q.giveUp(origin(1), w)
	select {
	case err := <-other.told:
		if err != nil || q.running != 1 || q.free != 0 {
			t.Errorf("error %v, running %d, free %d", err, q.running, q.free)
		}
	default:
		t.Error("the next one was not let in")
	}
}

// checklist: P3
func TestErrBusySaysWhenToComeAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := newQueue(2, 3, 2)
		q.mean = 40 * time.Millisecond
		for range 2 {
			if err := q.enter(t.Context(), origin(1), 1); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			go func() { _ = q.enter(t.Context(), origin(1), 1) }()
		}
		synctest.Wait()
		err := q.enter(t.Context(), origin(1), 1)
		st := status.Convert(err)
		if !errors.Is(err, ErrBusy) || st.Code() != codes.ResourceExhausted {
			t.Fatalf("error %v, code %s", err, st.Code())
		}
		for _, d := range st.Details() {
			// Two run and three wait, two at once, 40 ms each.
			if retry, ok := d.(*errdetails.RetryInfo); ok && retry.GetRetryDelay().AsDuration() == 100*time.Millisecond {
				return
			}
		}
		t.Errorf("details %v, want to come again after 100ms", st.Details())
	})
}

func TestTheEstimateFollowsWhatIsMeasured(t *testing.T) {
	t.Parallel()
	q := newQueue(1, 1, 1)
	for range 50 {
		if err := q.enter(t.Context(), origin(1), 1); err != nil {
			t.Fatal(err)
		}
		q.leave(1, 80*time.Millisecond)
	}
	if q.mean < 79*time.Millisecond || q.mean > 80*time.Millisecond {
		t.Errorf("mean %s after 50 hashes of 80ms", q.mean)
	}
}

// checklist: P3
func TestHashAndVerifyGoThroughTheQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h, err := newHasher(Config{Params: cheap(), Concurrency: 1, Waiting: 1})
		if err != nil {
			t.Fatal(err)
		}
		encoded, err := h.Hash(t.Context(), "correct horse")
		if err != nil {
			t.Fatal(err)
		}
		release := fill(t, h)
		waited := make(chan error, 1)
		go func() {
			_, _, err := h.Verify(WithOrigin(t.Context(), origin(1)), encoded, "correct horse")
			waited <- err
		}()
		synctest.Wait()
		if h.queue.shares[origin(1)] == nil {
			t.Error("the call waits for another origin than its own")
		}
		_, hashErr := h.Hash(t.Context(), "correct horse")
		_, _, verifyErr := h.Verify(t.Context(), encoded, "correct horse")
		for what, err := range map[string]error{"Hash": hashErr, "Verify": verifyErr, "VerifyNone": h.VerifyNone(t.Context(), "x")} {
			if !errors.Is(err, ErrBusy) {
				t.Errorf("%s: error %v, want %v", what, err, ErrBusy)
			}
		}
		release()
		if err := <-waited; err != nil {
			t.Error(err)
		}
	})
}

func TestWithOriginTakesTheWholeBlock(t *testing.T) {
	t.Parallel()
	a := originOf(WithOrigin(t.Context(), netip.MustParsePrefix("203.0.1.7/24")))
	b := originOf(WithOrigin(t.Context(), netip.MustParsePrefix("203.0.1.8/24")))
	if a != b || a != origin(1) {
		t.Errorf("%s and %s are of one block", a, b)
	}
	if originOf(t.Context()).IsValid() {
		t.Error("a call without an origin has one")
	}
}
