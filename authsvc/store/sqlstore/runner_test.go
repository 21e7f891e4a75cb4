package sqlstore

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

type coded int

func (c coded) Error() string { return "driver error" }
func (c coded) Code() int     { return int(c) }

func testRunner() *runner {
	f, _ := SQLite.fragments()
	r := newRunner(f)
	return &r
}

func TestRunnerTriesBusyAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, code := range []coded{5, 6, 5 | 2<<8} { // with extended codes
			runs := 0
			err := testRunner().write(t.Context(), "op", func(context.Context) error {
				runs++
				if runs < 10 {
					return code
				}
				return nil
			})
			if err != nil || runs != 10 {
				t.Errorf("code %d: error %v after %d runs, want none after 10", code, err, runs)
			}
		}
	})
}

func TestRunnerTriesNothingElseAgain(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ err, want error }{
		"disk full":  {coded(13), store.ErrUnavailable},
		"not coded":  {errors.New("driver: bad connection"), store.ErrUnavailable},
		"an answer":  {settled{store.ErrStale}, store.ErrStale},
		"lookalikes": {settled{coded(5)}, coded(5)},
	} {
		runs := 0
		err := testRunner().write(t.Context(), "op", func(context.Context) error {
			runs++
			return test.err
		})
		if !errors.Is(err, test.want) || runs != 1 {
			t.Errorf("%s: error %v after %d runs, want %v after 1", name, err, runs, test.want)
		}
	}
}

func TestRunnerGivesUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		err := testRunner().read(t.Context(), "op", func(context.Context) error { return coded(5) })
		if !errors.Is(err, store.ErrUnavailable) {
			t.Errorf("error %v, want %v", err, store.ErrUnavailable)
		}
		if took := time.Since(start); took != patience {
			t.Errorf("gave up after %v, want %v", took, patience)
		}
	})
}

// What our own deadline cuts off must not look like the caller's.
func TestRunnerDeadlineIsNotTheCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		err := testRunner().read(t.Context(), "op", func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		})
		if !errors.Is(err, store.ErrUnavailable) || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want %v and no deadline", err, store.ErrUnavailable)
		}
	})
}

func TestRunnerKeepsToTheCallersContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		start := time.Now()
		err := testRunner().write(ctx, "op", func(context.Context) error { return coded(5) })
		if !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, store.ErrUnavailable) {
			t.Errorf("error %v, want %v", err, context.DeadlineExceeded)
		}
		if took := time.Since(start); took != time.Second {
			t.Errorf("came back after %v, want 1s", took)
		}
	})
}

func TestRunnerLetsOneWriteAndAllRead(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRunner()
		release := make(chan struct{})
		first := make(chan error, 1)
		go func() {
			first <- r.write(t.Context(), "op", func(context.Context) error { <-release; return nil })
		}()
		synctest.Wait()

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		nothing := func(context.Context) error { return nil }
		if err := r.write(ctx, "op", nothing); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a second writer got %v, want to wait", err)
		}
		if err := r.read(t.Context(), "op", nothing); err != nil {
			t.Errorf("a reader got %v, want no wait", err)
		}
		close(release)
		if err := <-first; err != nil {
			t.Error(err)
		}
		if err := r.write(t.Context(), "op", nothing); err != nil {
			t.Error(err)
		}
	})
}

// Waiting in line costs none of the patience with the database, and ends.
func TestRunnerQueue(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRunner()
		hold := func(d time.Duration) func(context.Context) error {
			return func(context.Context) error { <-time.After(d); return nil }
		}
		for _, test := range []struct {
			before time.Duration
			want   error
		}{
			{queuePatience - time.Second, nil},
			{queuePatience + time.Second, store.ErrUnavailable},
		} {
			first := make(chan error, 1)
			go func() { first <- r.write(t.Context(), "op", hold(test.before)) }()
			synctest.Wait()
			err := r.write(t.Context(), "op", func(ctx context.Context) error { return ctx.Err() })
			if !errors.Is(err, test.want) || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("after %v in line: error %v, want %v", test.before, err, test.want)
			}
			if err := <-first; err != nil {
				t.Error(err)
			}
		}
	})
}

// However many others wait, a rotation waits for the one that runs.
func TestRunnerLetsRotationsPassTheDoor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := testRunner()
		order := make(chan string, 4)
		op := func(name string) func(context.Context) error {
			return func(context.Context) error { <-time.After(time.Second); order <- name; return nil }
		}
		for _, name := range []string{"first", "second", "third"} {
			go func() { _ = r.write(t.Context(), name, op(name)) }()
			synctest.Wait()
		}
		if err := r.writeSoon(t.Context(), "rotation", op("rotation")); err != nil {
			t.Error(err)
		}
		for _, want := range []string{"first", "rotation", "second", "third"} {
			if got := <-order; got != want {
				t.Errorf("%s ran, want %s", got, want)
			}
		}
	})
}

// Time runs out in the middle of another try: what it was tried again for is
// told, not what the end made of that try.
func TestRunnerTellsWhyItTriedAgain(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		runs := 0
		err := testRunner().write(t.Context(), "op", func(ctx context.Context) error {
			if runs++; runs == 1 {
				return coded(5)
			}
			<-ctx.Done()
			return coded(6)
		})
		if !errors.Is(err, coded(5)) || runs != 2 {
			t.Errorf("error %v after %d runs", err, runs)
		}
	})
}
