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
	processPatience = time.Second
	// startPatience is how long StartProcess waits for the process to be
	// ready.
	startPatience = 3 * time.Second
	// hangPatience is how long a process may owe an answer, or the word that
	// it is ready, before it is ended.
	hangPatience = time.Minute
	// firstRestart is how long after its end the process is started again,
	// longestRestart how long after it ended time and again.
	firstRestart, longestRestart = time.Second, time.Minute
)

var (
	errNotServing = errors.New("what was started does not compute hashes: let the program call ServeProcess when it is started with these arguments")
	errOwnProcess = errors.New("password: the process for hashes can't be started")
)

// Process is a second process of this program, in which a Hasher computes
// ([Config].Process). Go takes a processor away from a hash only after 10 ms,
// so that in one process each step of any other call may wait that long while
// people log in. The operating system does so at once, and gives the hashes
// what nobody else wants (on Linux; see sched(7), SCHED_IDLE).
//
// While the process is not ready, hangs, or gets no processor for a second, the
// Hasher computes where it is called. A process that ended is started again a
// second later, and later still when that goes on; one that hangs for a minute
// is ended. It ends with this process, however that ends.
//
// Passwords go to it through a pipe, which only the two processes have.
// A Process is safe for concurrent use.
type Process struct {
	args     []string
	log      *slog.Logger
	patience time.Duration       // with an answer
	hang     time.Duration       // with a process that gives none
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
// It returns when the process is ready, or after three seconds: a machine that
// is busy may take longer. An error means that the program can't be started, or
// that what was started ended or is something else. log is told when the
// process ends, hangs and is back; nil for [slog.Default]. [Process.Close] ends
// it.
func StartProcess(log *slog.Logger, args ...string) (*Process, error) {
	if os.Getenv(processEnv) != "" {
		return nil, fmt.Errorf("%w: %w", errOwnProcess, errNotServing) // this is one, and would start another
	}
	if log == nil {
		log = slog.Default()
	}
	ctx, end := context.WithCancel(context.Background())
	p := &Process{args: args, log: log, patience: processPatience, hang: hangPatience, end: end}
	r, err := p.launch(ctx)
	if err != nil {
		end()
		return nil, fmt.Errorf("%w: %w", errOwnProcess, err)
	}
	late := time.NewTimer(startPatience)
	defer late.Stop()
	select {
	case <-r.ready:
		p.current.Store(r)
	case <-r.ended:
		end()
		return nil, fmt.Errorf("%w: %w", errOwnProcess, errNotServing)
	case <-late.C:
		log.WarnContext(ctx, "the process for password hashes is not ready, they are computed beside the other calls until it is")
	}
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
		p.use(ctx, r)
		if ctx.Err() != nil {
			return
		}
		if time.Since(began) > longestRestart {
			pause = firstRestart
		}
		p.log.WarnContext(ctx, "the process for password hashes has ended, they are computed beside the other calls until it is ready again",
			slog.Duration("restart_in", pause))
		if r = p.restart(ctx, pause); r == nil {
			return
		}
	}
}

// use uses a process from when it is ready to its end.
func (p *Process) use(ctx context.Context, r *run) {
	late := time.AfterFunc(p.hang, r.stop)
	defer late.Stop()
	select {
	case <-r.ended:
		return
	case <-r.ready:
		late.Stop()
	}
	if p.current.Swap(r) == nil { // else StartProcess has seen it
		p.log.InfoContext(ctx, "the process for password hashes is ready")
	}
	<-r.ended
	p.current.Store(nil)
}

// restart tries until there is a process, or nil when ctx has ended.
func (p *Process) restart(ctx context.Context, pause time.Duration) *run {
	for ; ; pause = min(2*pause, longestRestart) {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
		r, err := p.launch(ctx)
		if err == nil {
			return r
		}
		if ctx.Err() == nil {
			p.log.WarnContext(ctx, "the process for password hashes can't be started again", slog.String("error", err.Error()))
		}
	}
}
