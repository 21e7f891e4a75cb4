package testkit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// PostgresServer is a throwaway PostgreSQL with its data in a folder of its
// own. It is for one goroutine at a time.
type PostgresServer struct {
	bin, dir string
	port     int
	sync     bool                // each commit, to the disk
	as       *syscall.Credential // nil: whoever runs the tests
	broom    io.Closer           // closed: the folder is removed
	ended    chan struct{}       // closed when the process has ended; nil: it never ran
	process  *os.Process
}

// lacksPostgres is why there can be no server here, or nil.
func lacksPostgres() error {
	_, binErr := postgresBin()
	_, userErr := unprivileged()
	return errors.Join(binErr, userErr)
}

// newPostgres makes the data of a server that does not run yet.
func newPostgres(sync bool) (*PostgresServer, error) {
	bin, err := postgresBin()
	if err != nil {
		return nil, err
	}
	s := &PostgresServer{bin: bin, sync: sync}
	if s.as, err = unprivileged(); err != nil {
		return nil, err
	}
	if err := s.makeFolder(); err != nil {
		return nil, err
	}
	// trust: the server listens on this machine only and holds nothing.
	init := exec.CommandContext(context.Background(), filepath.Join(bin, "initdb"), //nolint:gosec // Debian's, or whoever runs the tests put it on PATH
		"--pgdata="+s.data(), "--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync")
	init.Dir = s.dir
	init.SysProcAttr = &syscall.SysProcAttr{Credential: s.as}
	if out, err := init.CombinedOutput(); err != nil {
		s.remove()
		return nil, fmt.Errorf("initdb: %w\n%s", err, out)
	}
	s.port, err = freePort()
	return s, err
}

// postgresBin is the folder with the newest server: Debian keeps a folder for
// each version and none on PATH.
func postgresBin() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		version := func(path string) int {
			n, _ := strconv.Atoi(strings.Split(path, "/")[4])
			return n
		}
		newest := slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })
		return filepath.Dir(newest), nil
	}
	path, err := exec.LookPath("postgres")
	if err != nil {
		return "", fmt.Errorf("PostgreSQL is not here: install the package postgresql, or set %s: %w", postgresEnv, err)
	}
	return filepath.Dir(path), nil
}

// unprivileged is whom the server runs as when the tests run as root, which it
// refuses.
func unprivileged() (*syscall.Credential, error) {
	if os.Getuid() != 0 {
		return nil, nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: run the tests as somebody else, or add the user postgres: %w", err)
	}
	uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(uidErr, gidErr)
}

// makeFolder makes the folder and a process that removes it once this one is
// gone, even if it was killed: its standard input ends then.
func (s *PostgresServer) makeFolder() (err error) {
	if s.dir, err = os.MkdirTemp("", "grpcauth-postgres"); err != nil {
		return err
	}
	if s.as != nil {
		if err := os.Chown(s.dir, int(s.as.Uid), int(s.as.Gid)); err != nil {
			return err
		}
	}
	// A server that is being ended may still write for a moment.
	broom := exec.CommandContext(context.Background(), "sh", "-c", //nolint:gosec // the folder is an argument, no part of the script
		`cat; n=0; until rm -rf "$1" 2>/dev/null || [ $n -ge 50 ]; do n=$((n+1)); sleep 0.1; done`, "sh", s.dir)
	broom.Dir = "/"
	broom.SysProcAttr = &syscall.SysProcAttr{Credential: s.as, Setpgid: true} // deaf to ^C
	if s.broom, err = broom.StdinPipe(); err != nil {
		return err
	}
	if err := broom.Start(); err != nil {
		return err
	}
	go func() { _ = broom.Wait() }()
	return nil
}

func (s *PostgresServer) data() string { return filepath.Join(s.dir, "data") }

func (s *PostgresServer) url(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", s.port, database)
}

// local is url over the server's Unix socket.
func (s *PostgresServer) local(database string) string {
	return fmt.Sprintf("postgres://postgres@/%s?host=%s&port=%d&sslmode=disable", database, url.QueryEscape(s.dir), s.port)
}

func freePort() (int, error) {
	l, err := new(net.ListenConfig).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	addr, _ := l.Addr().(*net.TCPAddr)
	return addr.Port, l.Close()
}

// Start starts the server, on the same data and port as before, and returns
// when it takes connections.
func (s *PostgresServer) Start() error {
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	s.ended = make(chan struct{})
	ready := make(chan error, 1)
	// The kernel takes the end of the thread that started a process for the
	// end of its parent, so this one stays until the server has ended.
	go func() {
		runtime.LockOSThread()
		defer close(s.ended)
		defer func() { _ = log.Close() }()
		s.run(log, ready)
	}()
	return <-ready
}

// run runs the server to its end. ready gets nil once it takes connections.
func (s *PostgresServer) run(log io.Writer, ready chan<- error) {
	cmd := exec.CommandContext(context.Background(), filepath.Join(s.bin, "postgres"), "-D", s.data(), //nolint:gosec // as initdb
		"-c", "listen_addresses=127.0.0.1", "-p", strconv.Itoa(s.port), "-c", "unix_socket_directories="+s.dir,
		"-c", "max_connections=300", "-c", "synchronous_commit=on", "-c", fmt.Sprintf("fsync=%t", s.sync),
		"-c", "log_min_messages=warning")
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Credential: s.as,
		Setpgid:    true,
		Pdeathsig:  syscall.SIGQUIT, // the server ends its own processes and gives back its memory
	}
	said, err := cmd.StderrPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		ready <- err
		return
	}
	s.process = cmd.Process
	lines, up := bufio.NewScanner(io.TeeReader(said, log)), false
	for lines.Scan() {
		if !up && strings.Contains(lines.Text(), "ready to accept connections") {
			up = true
			ready <- nil
		}
	}
	err = cmd.Wait()
	if !up {
		ready <- fmt.Errorf("postgres did not start: %w, see %s", err, filepath.Join(s.dir, "log"))
	}
}

// Stop stops the server as a crash would: connections break at once, and the
// next start recovers from the log.
func (s *PostgresServer) Stop() error {
	if err := s.process.Signal(syscall.SIGQUIT); err != nil {
		return err
	}
	<-s.ended
	return nil
}

// remove ends the server and removes its data.
func (s *PostgresServer) remove() {
	if s.process != nil {
		_ = s.process.Signal(syscall.SIGQUIT) // or it has ended
		<-s.ended
	}
	_ = s.broom.Close()
}
