package password

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// processPatience is how long a hash may take in the process. It is given
	// up then, and computed here: the process gets too little of the
	// processors.
	processPatience = 2 * time.Second
	// startPatience is how long the process may take until it is ready.
	startPatience = 10 * time.Second
	// firstRestart is how long after its end the process is started again,
	// longestRestart how long after it ended time and again.
	firstRestart, longestRestart = time.Second, time.Minute
)

var (
	errNotServing = errors.New("password: the process that was started does not compute hashes: let the program call ServeProcess when it is started with these arguments")
	errOwnProcess = errors.New("password: the process for hashes can't be started")
)

// Process is a second process of this program, in which a Hasher computes
// ([Config].Process). Go takes a processor away from a hash only after 10 ms,
// so that in one process each step of any other call may wait that long while
// people log in. The operating system does so at once, and gives the hashes
// what nobody else wants (on Linux; see sched(7), SCHED_IDLE).
//
// When the process has ended, hangs, or gets no processor for two seconds, the
// Hasher computes where it is called. It is started again a second after its
// end, later when that goes on. It ends with this process, however that ends.
//
// Passwords go to it through a pipe, which only the two processes have.
// A Process is safe for concurrent use.
type Process struct {
	args     []string
	log      *slog.Logger
	patience time.Duration
	current  atomic.Pointer[run] // nil: none is ready
	end      context.CancelFunc
	kept     sync.WaitGroup
}

// StartProcess starts the program that is running again, with these arguments.
// They must lead it to [ServeProcess]:
//
//	if slices.Equal(os.Args[1:], []string{"hash-passwords"}) {
//		return password.ServeProcess()
//	}
//
// It returns when the process is ready, or an error when there is none after
// ten seconds. log is told when it ends and when it is back; nil for
// [slog.Default]. [Process.Close] ends it.
func StartProcess(log *slog.Logger, args ...string) (*Process, error) {
	if os.Getenv(processEnv) != "" {
		return nil, fmt.Errorf("%w: %w", errOwnProcess, errNotServing) // this is one, and would start another
	}
	if log == nil {
		log = slog.Default()
	}
	ctx, end := context.WithCancel(context.Background())
	p := &Process{args: args, log: log, patience: processPatience, end: end}
	r, err := start(ctx, args)
	if err != nil {
		end()
		return nil, err
	}
	p.current.Store(r)
	p.kept.Go(func() { p.keep(ctx, r) })
	return p, nil
}

// Close ends the process and returns when it has ended. Hashes are computed
// where they are asked for from then on.
func (p *Process) Close() {
	p.end()
	p.kept.Wait()
}

// compute has the process do it. false: it can't, for now.
func (p *Process) compute(t task) (answer, bool) {
	r := p.current.Load()
	if r == nil {
		return answer{}, false
	}
	return r.ask(t, p.patience)
}

// keep starts the process again whenever it has ended, until ctx ends.
func (p *Process) keep(ctx context.Context, r *run) {
	for pause := firstRestart; ; pause = min(2*pause, longestRestart) {
		began := time.Now()
		<-r.ended
		p.current.Store(nil)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > longestRestart {
			pause = firstRestart
		}
		p.log.WarnContext(ctx, "the process for password hashes has ended, they are computed beside the other calls until it is back",
			slog.Duration("restart_in", pause))
		if r = p.restart(ctx, pause); r == nil {
			return
		}
		p.current.Store(r)
		p.log.InfoContext(ctx, "the process for password hashes is back")
	}
}

// restart tries until there is a process, or nil when ctx has ended.
func (p *Process) restart(ctx context.Context, pause time.Duration) *run {
	for ; ; pause = min(2*pause, longestRestart) {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		r, err := start(ctx, p.args)
		if err == nil {
			return r
		}
		if ctx.Err() == nil {
			p.log.WarnContext(ctx, "the process for password hashes can't be started again", slog.String("error", err.Error()))
		}
	}
}

// start starts a process and waits until it is ready.
func start(ctx context.Context, args []string) (*run, error) {
	r, err := launch(ctx, args)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errOwnProcess, err)
	}
	late := time.NewTimer(startPatience)
	defer late.Stop()
	select {
	case <-r.ready:
		return r, nil
	case <-r.ended:
	case <-late.C:
		r.stop()
	}
	return nil, fmt.Errorf("%w: %w", errOwnProcess, errNotServing)
}
