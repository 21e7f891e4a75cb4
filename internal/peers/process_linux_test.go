package peers_test

import (
	"os/exec"
	"syscall"
)

// dieWithTest has the kernel end the process when the test's is gone, also
// when that was killed and could not clean up.
func dieWithTest(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
