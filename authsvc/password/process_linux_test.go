package password

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// checklist: P2
func TestEveryThreadOfTheProcessGivesWay(t *testing.T) {
	t.Parallel()
	p, _ := startProcess(t, "hash-passwords")
	if _, ok := p.compute(task{Params: Default(), Password: "correct horse"}); !ok { // threads come with work
		t.Fatal("no hash")
	}
	threads, err := filepath.Glob(filepath.Join("/proc", strconv.Itoa(p.current.Load().pid), "task", "*"))
	if err != nil || len(threads) < 2 {
		t.Fatalf("threads %v, %v", threads, err)
	}
	for _, path := range threads {
		id, err := strconv.Atoi(filepath.Base(path))
		if err != nil {
			t.Fatal(err)
		}
		at, err := unix.SchedGetAttr(id, 0)
		if err != nil || at.Policy != unix.SCHED_IDLE {
			t.Errorf("thread %d: %+v, %v", id, at, err)
		}
	}
}

func TestProcessKnowsNoSecretAndIsNotEndedByTheTerminal(t *testing.T) {
	t.Setenv("GRPCAUTH_SECRET", "do not tell")
	p, _ := startProcess(t, "hash-passwords")
	environ, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(p.current.Load().pid), "environ"))
	if err != nil || strings.Contains(string(environ), "do not tell") {
		t.Errorf("%q, %v", environ, err)
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		if err := syscall.Kill(p.current.Load().pid, signal); err != nil {
			t.Fatal(err)
		}
		if _, ok := p.compute(task{Params: cheap(), Password: "correct horse"}); !ok {
			t.Errorf("%v ended it", signal)
		}
	}
}

func TestProcessEndsWithItsParent(t *testing.T) {
	t.Parallel()
	p, _ := startProcess(t, "hash-passwords")
	r := p.current.Load()
	_ = r.in.Close() // as the system does when this process is gone
	<-r.ended
}
