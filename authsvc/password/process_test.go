package password

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestMain lets the test binary be the process that StartProcess starts, or
// one that is no use.
func TestMain(m *testing.M) {
	switch mode := append(os.Args, "")[1]; mode {
	case "hash-passwords":
		if err := ServeProcess(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "late": // ready when StartProcess no longer waits for it
		<-time.After(startPatience + 200*time.Millisecond)
		_ = ServeProcess()
	case "never": // does not even get to say that it is ready
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "mute": // ready, and never answers
		_ = serveTasks(io.MultiReader(), os.Stdout)
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "deaf": // ready, and never reads
		_ = serveTasks(io.MultiReader(), os.Stdout)
		never, _, _ := os.Pipe()
		_, _ = io.Copy(io.Discard, never)
	case "other": // another program
		fmt.Println(strings.Repeat("usage: other [flags]\n", 20))
		_, _ = io.Copy(io.Discard, os.Stdin)
	case "quit":
	default:
		os.Exit(m.Run())
	}
	os.Exit(0)
}

// startProcess starts one that ends with the test, and waits for it however
// busy the machine is. said gets what it logs.
func startProcess(t testing.TB, mode string) (p *Process, said chan string) {
	t.Helper()
	said = make(chan string, 10)
	p, err := StartProcess(slog.New(told(said)), mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	p.patience = time.Minute
	for mode != "late" && mode != "never" && p.current.Load() == nil {
		<-time.After(time.Millisecond)
	}
	return p, said
}

// told sends the messages that are logged.
type told chan string

func (told) Enabled(context.Context, slog.Level) bool { return true }
func (c told) Handle(_ context.Context, r slog.Record) error {
	c <- r.Message
	return nil
}
func (c told) WithAttrs([]slog.Attr) slog.Handler { return c }
func (c told) WithGroup(string) slog.Handler      { return c }

func (h *Hasher) within(p *Process) *Hasher {
	h.process = p
	return h
}

// checklist: P1
func TestProcessAnswersAsTheProgramDoes(t *testing.T) {
	t.Parallel()
	p, _ := startProcess(t, "hash-passwords")
	made, ok := p.compute(task{Params: cheap(), Password: "correct horse"})
	if !ok {
		t.Fatal("the process made no hash")
	}
	known := append(foreignHashes, struct{ encoded, password string }{made.Encoded, "correct horse"}) //nolint:gocritic // one more
	for _, v := range known {
		for given, want := range map[string]bool{v.password: true, v.password + "!": false} {
			a, ok := p.compute(task{Encoded: v.encoded, Password: given})
			if !ok || a.OK != want {
				t.Errorf("%s, %q: right %v, done %v; want right %v", v.encoded, given, a.OK, ok, want)
			}
		}
	}
	h := newCheap(t, cheap(), 2).within(p)
	encoded, err := h.Hash(t.Context(), "correct horse")
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]bool{"correct horse": true, "correct horsf": false} {
		if ok, rehash, err := h.Verify(t.Context(), encoded, given); ok != want || rehash || err != nil {
			t.Errorf("%q: ok %v, rehash %v, error %v; want %v", given, ok, rehash, err, want)
		}
	}
}

func TestProcessTakesManyAtOnce(t *testing.T) {
	t.Parallel()
	p, _ := startProcess(t, "hash-passwords")
	h := newCheap(t, cheap(), 8).within(p)
	var callers sync.WaitGroup
	for i := range 64 {
		callers.Go(func() {
			mine := fmt.Sprintf("password of %d", i)
			encoded, err := h.Hash(t.Context(), mine)
			if err != nil {
				t.Error(err)
				return
			}
			if ok, _, err := h.Verify(t.Context(), encoded, mine); !ok || err != nil {
				t.Errorf("%d: ok %v, error %v", i, ok, err)
			}
		})
	}
	callers.Wait()
}

func TestHashingGoesOnWithoutTheProcess(t *testing.T) {
	t.Parallel()
	p, said := startProcess(t, "hash-passwords")
	h := newCheap(t, cheap(), 1).within(p)
	works := func(when string) {
		t.Helper()
		if _, err := h.Hash(t.Context(), "correct horse"); err != nil {
			t.Errorf("%s: %v", when, err)
		}
	}
	p.current.Load().stop()
	works("when it has just ended")
	if got := <-said; got != "the process for password hashes has ended, they are computed beside the other calls until it is ready again" {
		t.Errorf("logged %q", got)
	}
	works("while it is away")
	if got := <-said; got != isReady {
		t.Errorf("logged %q", got)
	}
	if _, ok := p.compute(task{Params: cheap(), Password: "correct horse"}); !ok {
		t.Error("it is back and computes nothing")
	}
	p.Close()
	works("when it was closed")
	if _, ok := p.compute(task{Params: cheap()}); ok {
		t.Error("it computes though it was closed")
	}
}

const isReady = "the process for password hashes is ready"

func TestProcessThatIsLateIsUsedOnceItIsReady(t *testing.T) {
	t.Parallel()
	p, said := startProcess(t, "late")
	h := newCheap(t, cheap(), 1).within(p)
	if _, err := h.Hash(t.Context(), "correct horse"); err != nil {
		t.Error(err)
	}
	if got := <-said; !strings.Contains(got, "is not ready") {
		t.Errorf("logged %q", got)
	}
	if got := <-said; got != isReady {
		t.Errorf("logged %q", got)
	}
	if _, ok := p.compute(task{Params: cheap(), Password: "correct horse"}); !ok {
		t.Error("it is ready and computes nothing")
	}
}

func TestProcessThatOwesAnAnswerIsEnded(t *testing.T) {
	t.Parallel()
	p, said := startProcess(t, "mute")
	r := p.current.Load()
	p.patience, r.hang = time.Millisecond, time.Millisecond
	for range 2 { // once is enough to say so
		if _, ok := p.compute(task{Params: cheap(), Password: "correct horse"}); ok {
			t.Error("it answered")
		}
	}
	if got := <-said; !strings.Contains(got, "does not answer") {
		t.Errorf("logged %q", got)
	}
	<-r.ended
	if got := <-said; !strings.Contains(got, "has ended") {
		t.Errorf("logged %q", got)
	}
	if got := <-said; got != isReady {
		t.Errorf("logged %q", got)
	}
}

// checklist: P3
func TestAStallOfTheProcessIsNoCostOfTheHash(t *testing.T) {
	t.Parallel()
	p, _ := startProcess(t, "mute")
	p.patience = 300 * time.Millisecond
	h := newCheap(t, cheap(), 1).within(p)
	if _, err := h.Hash(t.Context(), "correct horse"); err != nil {
		t.Fatal(err)
	}
	if got := h.tick.length(); got >= p.patience {
		t.Errorf("refusals leave after %s", got)
	}
	if got := h.queue.mean; got >= p.patience/2 {
		t.Errorf("a hash is thought to take %s", got)
	}
}

func TestProcessThatHangsIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"mute", "deaf"} {
		p, _ := startProcess(t, mode)
		p.patience = 20 * time.Millisecond
		h := newCheap(t, cheap(), 1).within(p)
		if _, err := h.Hash(t.Context(), "correct horse"); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
		p.patience = time.Hour // whoever is asked now is waited for
		if _, err := h.Hash(t.Context(), "correct horse"); err != nil {
			t.Errorf("%s, again: %v", mode, err)
		}
	}
}

func TestProcessThatDoesNotReadIsEnded(t *testing.T) {
	t.Parallel()
	p, _ := startProcess(t, "deaf")
	r := p.current.Load()
	p.patience = 20 * time.Millisecond
	if _, ok := p.compute(task{Params: cheap(), Password: string(make([]byte, 1<<20))}); ok {
		t.Error("it answered")
	}
	<-r.ended
}

func TestProcessAnswersLateAndIsAskedAgain(t *testing.T) {
	t.Parallel()
	p, _ := startProcess(t, "hash-passwords")
	r := p.current.Load()
	if _, ok := r.ask(task{Params: Default(), Password: "correct horse"}, 2*time.Millisecond); ok {
		t.Fatal("a hash took less than two milliseconds")
	}
	for p.current.Load() == r {
		if _, ok := p.compute(task{Params: cheap(), Password: "correct horse"}); ok {
			break // the late answer has come, and went to nobody
		}
		<-time.After(5 * time.Millisecond) // the other process gets what we don't use
	}
	if p.current.Load() != r {
		t.Error("it ended")
	}
}

func TestProcessThatIsNeverReadyIsEnded(t *testing.T) {
	t.Parallel()
	p, _ := startProcess(t, "never")
	hung := &Process{args: p.args, log: p.log, hang: time.Millisecond}
	r, err := hung.launch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	hung.use(t.Context(), r)
	if hung.current.Load() != nil {
		t.Error("it is used")
	}
}

func TestProgramThatServesNoHashesIsRefused(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"quit", "other"} {
		p, err := StartProcess(nil, mode)
		if !errors.Is(err, errNotServing) || p != nil {
			t.Errorf("%s: %v, %v", mode, p, err)
		}
	}
}

func TestServeTasksRefusesOtherInput(t *testing.T) {
	t.Parallel()
	if err := serveTasks(strings.NewReader("this is no task\n"), io.Discard); err == nil {
		t.Error("took text for tasks")
	}
}
