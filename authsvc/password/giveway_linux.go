package password

import (
	"os"
	"runtime"

	"golang.org/x/sys/unix"
)

// ourselves is the program of this process, also when its file was replaced.
const ourselves = "/proc/self/exe"

func itself() (string, error) { return ourselves, nil }

// giveWay lets this process run when nobody else wants the processor. A policy
// is a thread's, and a program has several before its main begins. But it
// stays when a program takes the place of another, and all threads of that one
// come from the one that stays.
func giveWay() {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	now, err := unix.SchedGetAttr(0, 0)
	if err != nil || now.Policy == unix.SCHED_IDLE {
		return
	}
	if unix.SchedSetAttr(0, &unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_IDLE}, 0) != nil {
		return
	}
	// A sandbox may say yes and do nothing.
	if now, err = unix.SchedGetAttr(0, 0); err == nil && now.Policy == unix.SCHED_IDLE {
		_ = unix.Exec(ourselves, os.Args, os.Environ()) // returns only if it can't
	}
}
