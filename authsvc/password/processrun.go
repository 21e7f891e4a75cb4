package password

import (
	"context"
	"encoding/gob"
	"io"
	"os"
	"os/exec"
	"sync"
	"time"
)

// endPatience is how long a process may go on once its input has ended.
const endPatience = 2 * time.Second

// processEnv tells a process that it was started by StartProcess.
const processEnv = "GRPCAUTH_HASH_PROCESS"

// readyID is the ID of the answer to no task, by which the process tells that
// it is ready.
const readyID = 0

// run is one process, from its start to its end.
type run struct {
	pid   int
	in    *os.File
	stop  context.CancelFunc
	ready chan struct{} // closed, and so is
	ended chan struct{}
	hung  func() // is called when an answer is overdue

	mu      sync.Mutex
	tasks   *gob.Encoder
	last    uint64
	waiting map[uint64]chan answer // nil: nobody waits for that one any more
	overdue int                    // how many those are
	late    *time.Timer            // ends the process unless the answers come
	hang    time.Duration
}

// launch starts a process. It ends with ctx.
func (p *Process) launch(ctx context.Context) (*run, error) {
	program, err := itself()
	if err != nil {
		return nil, err
	}
	theirs, ours, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = theirs.Close() }()
	ctx, stop := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, program, p.args...)
	cmd.Args[0] = os.Args[0]
	cmd.Stdin, cmd.Stderr = theirs, os.Stderr
	cmd.Env = []string{processEnv + "=1", "GODEBUG=" + os.Getenv("GODEBUG")} // no secret of ours is its business
	cmd.Cancel, cmd.WaitDelay = ours.Close, endPatience
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		stop()
		_ = ours.Close()
		return nil, err
	}
	r := &run{
		pid: cmd.Process.Pid, in: ours, stop: stop, ready: make(chan struct{}), ended: make(chan struct{}),
		tasks: gob.NewEncoder(ours), waiting: map[uint64]chan answer{}, hang: p.hang,
		hung: func() {
			p.log.WarnContext(ctx, "the process for password hashes does not answer, they are computed beside the other calls until it does")
		},
	}
	go r.watch(cmd, out)
	return r, nil
}

// watch hands out the answers until the process ends.
func (r *run) watch(cmd *exec.Cmd, out io.Reader) {
	defer close(r.ended)
	answers := gob.NewDecoder(out)
	var first answer
	if answers.Decode(&first) == nil && first.ID == readyID {
		close(r.ready)
		for {
			var a answer
			if answers.Decode(&a) != nil {
				break
			}
			r.deliver(a)
		}
	}
	r.stop()
	_ = cmd.Wait()
}

// ask has a task done. false: the process has ended, or is too slow.
func (r *run) ask(t task, patience time.Duration) (answer, bool) {
	told, ok := r.send(&t, patience)
	if !ok {
		return answer{}, false
	}
	late := time.NewTimer(patience)
	defer late.Stop()
	select {
	case a := <-told:
		return a, true
	case <-r.ended:
	case <-late.C:
		r.forget(t.ID)
	}
	return answer{}, false
}

// send writes a task, unless one before is overdue: no use in asking more.
func (r *run) send(t *task, patience time.Duration) (chan answer, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.overdue > 0 {
		return nil, false
	}
	r.last++
	t.ID = r.last
	_ = r.in.SetWriteDeadline(time.Now().Add(patience)) // or it takes as long as it does
	if r.tasks.Encode(*t) != nil {
		r.stop() // half a task may have been written
		return nil, false
	}
	told := make(chan answer, 1)
	r.waiting[t.ID] = told
	return told, true
}

// deliver hands an answer to who waits for it.
func (r *run) deliver(a answer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	told, ok := r.waiting[a.ID]
	delete(r.waiting, a.ID)
	switch {
	case told != nil:
		told <- a
	case ok:
		if r.overdue--; r.overdue == 0 {
			r.late.Stop()
		}
	}
}

// forget gives a task up that was sent.
func (r *run) forget(id uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if _, ok := r.waiting[id]; !ok {
		return // it has just come
	}
	r.waiting[id] = nil
	if r.overdue++; r.overdue == 1 {
		r.hung()
		r.late = time.AfterFunc(r.hang, r.stop)
	}
}
