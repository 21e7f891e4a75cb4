package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// testHashesApart has a server lose the process that computes its hashes.
//
// checklist: P2
func testHashesApart(t *testing.T, b binaries) {
	at := &engine{store: filepath.Join(t.TempDir(), "grpcauth.db")}
	l := &lost{T: t, b: b, at: at, key: keyFile(t), refresh: map[string]string{}, access: map[string]string{}}
	l.command(goodPassword, exitOK, "user", "add", "ada")
	l.serve()
	logsIn := func(when string) {
		t.Helper()
		if _, err := l.conn.Login(t.Context(), &grpcauthv1.LoginRequest{Username: "ada", Password: goodPassword}); err != nil {
			t.Errorf("%s: %v", when, err)
		}
		_, err := l.conn.Login(t.Context(), &grpcauthv1.LoginRequest{Username: "ada", Password: goodPassword + "!"})
		if status.Code(err) != codes.Unauthenticated {
			t.Errorf("%s, with a wrong password: %v", when, err)
		}
	}
	hashing := hashingOf(t, l.auth.cmd.Process.Pid)
	logsIn("at first")
	if err := syscall.Kill(hashing, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	logsIn("without the process")
	l.auth.line(&l.auth.stderr, "the process for password hashes is ready")
	hashing = hashingOf(t, l.auth.cmd.Process.Pid)
	logsIn("with another one")
	l.auth.terminate()
	if err := syscall.Kill(hashing, 0); err == nil {
		t.Error("it outlives the server")
	}
	l.serve()
	hashing = hashingOf(t, l.auth.cmd.Process.Pid)
	l.auth.signal(syscall.SIGKILL)
	l.auth.wait()
	for gone := time.After(patience); syscall.Kill(hashing, 0) == nil; {
		select {
		case <-gone:
			t.Fatal("it outlives a server that was killed")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// hashingOf is the process that computes hashes for a server. On a busy
// machine it comes late.
func hashingOf(t *testing.T, server int) int {
	t.Helper()
	for late := time.After(patience); ; {
		if pid := hashingNow(t, server); pid != 0 {
			return pid
		}
		select {
		case <-late:
			t.Fatal("the server has no process for its hashes")
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func hashingNow(t *testing.T, server int) int {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, dir := range all {
		command, _ := os.ReadFile(filepath.Join(dir, "cmdline"))
		about, _ := os.ReadFile(filepath.Join(dir, "status"))
		if strings.HasSuffix(string(command), "\x00"+hashPasswords+"\x00") && strings.Contains(string(about), "\nPPid:\t"+strconv.Itoa(server)+"\n") {
			pid, _ := strconv.Atoi(filepath.Base(dir))
			return pid
		}
	}
	return 0
}
