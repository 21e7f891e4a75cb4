package main

import (
	"os/exec"
	"syscall"
)

// dieWithTest has the kernel end the program when the test's process is gone,
// also when that was killed and could not clean up.
func dieWithTest(cmd *exec.Cmd) {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
