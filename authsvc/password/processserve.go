package password

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"sync"
	"syscall"
)

// ServeProcess computes hashes for the process that started this one with
// [StartProcess], and returns when that has ended. It takes tasks from stdin
// and answers on stdout. SIGINT and SIGTERM are left to the other one, which
// ends this one when it has no more use for it.
//
// On Linux it starts the program once more in its place, because that is how
// every thread of it comes to have SCHED_IDLE. Elsewhere, and where the system
// forbids it, it runs like any other process.
func ServeProcess() error {
	signal.Ignore(os.Interrupt, syscall.SIGTERM)
	giveWay()
	return serveTasks(os.Stdin, os.Stdout)
}

// serveTasks computes all tasks at once that it gets: the Hasher that sends
// them has a queue.
func serveTasks(in io.Reader, out io.Writer) error {
	tasks, answers := gob.NewDecoder(in), gob.NewEncoder(out)
	if err := answers.Encode(answer{ID: readyID}); err != nil {
		return fmt.Errorf("password: serving hashes: %w", err)
	}
	var one sync.Mutex
	for {
		var t task
		if err := tasks.Decode(&t); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("password: serving hashes: what came in is no task, StartProcess starts this process: %w", err)
		}
		go func() {
			a := t.compute()
			one.Lock()
			defer one.Unlock()
			_ = answers.Encode(a) // nobody is there to read it: the input ends, too
		}()
	}
}
