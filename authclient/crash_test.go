package authclient_test

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "modernc.org/sqlite" // the driver

	"github.com/grpcauth/grpcauth/authclient"
	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	"github.com/grpcauth/grpcauth/interceptor"
)

// issuer is a real AuthService on loopback, whose clock is moved by hand.
type issuer struct {
	address string
	store   store.Store
	auth    *authsvc.Service

	mu  sync.Mutex
	now time.Time
}

func (i *issuer) Now() time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.now
}

func (i *issuer) advance(d time.Duration) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.now = i.now.Add(d)
}

// everyIssuer runs a test against an issuer with each kind of store.
func everyIssuer(t *testing.T, test func(*testing.T, *issuer)) {
	t.Helper()
	for name, open := range map[string]func(*testing.T, func() time.Time) store.Store{
		"memory": func(_ *testing.T, now func() time.Time) store.Store { return memory.New(memory.WithNow(now)) },
		"SQLite": func(t *testing.T, now func() time.Time) store.Store {
			db, err := sqlstore.OpenSQLite(t.Context(), filepath.Join(t.TempDir(), "auth.db"), sqlstore.WithNow(now))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = db.Close() })
			return db
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			i := &issuer{now: time.Now()}
			i.store = open(t, i.Now)
			i.serve(t)
			test(t, i)
		})
	}
}

func (i *issuer) serve(t *testing.T) {
	t.Helper()
	var err error
	i.auth, err = authsvc.New(authsvc.Config{
		Issuer: "https://auth.test", Audiences: []string{"https://api.test"},
		Secret: []byte("32 bytes of a secret for testing"), Store: i.store, Now: i.Now,
		Clients:      []authsvc.Client{{ID: authsvc.DefaultClient, AllScopes: true}, {ID: "phone", AllScopes: true}},
		Authenticate: authenticate, Load: load,
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	i.listen(t, interceptor.WithRevocations(i.auth.Revocations()))
}

// listen serves the AuthService at one more address, behind a guard of its own.
func (i *issuer) listen(t *testing.T, opts ...interceptor.Option) {
	t.Helper()
	guard, err := interceptor.New(i.auth.Verifier(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	i.auth.Register(srv)
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i.address = listener.Addr().String()
	var serving sync.WaitGroup
	serving.Go(func() { _ = srv.Serve(listener) })
	t.Cleanup(func() { srv.Stop(); serving.Wait() })
}

func (i *issuer) connect(t *testing.T) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(i.address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func newFileStore(t *testing.T) (files *authclient.FileStore, path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "session.json")
	files, err := authclient.NewFileStore(path)
	if err != nil {
		t.Fatal(err)
	}
	return files, path
}

// resumed goes on with what a store holds, twice, and gives its session's id.
func resumed(t *testing.T, conn grpc.ClientConnInterface, tokens authclient.TokenStore) string {
	t.Helper()
	session, err := authclient.Resume(t.Context(), conn, tokens)
	if err != nil {
		t.Fatal(err)
	}
	defer session.Close()
	if err := session.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	saved, err := tokens.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return saved.SessionID
}

// A program is killed at each step that a renewal has, the next one panics
// there, and what comes after them goes on, long after the server would answer
// a retry without a key.
//
// checklist: R2
func TestAKilledProgramLogsNobodyOut(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		files, path := newFileStore(t)
		conn := i.connect(t)
		session, err := authclient.Login(t.Context(), conn, "ada", "correct horse", authclient.WithStore(files))
		if err != nil {
			t.Fatal(err)
		}
		session.Close()
		id := resumed(t, conn, files)
		step, killed := 0, true
		for killed {
			step++
			for how, says := range map[string]string{"kill": "", "panic": "panic: the store is out of order"} {
				out, err := child(t, "die", path, i.address, fmt.Sprintf("AUTHCLIENT_TEST_STEP=%d", step), "AUTHCLIENT_TEST_END="+how).CombinedOutput()
				if killed = err != nil; killed && (says == "" && len(out) > 0 || !strings.HasPrefix(string(out), says)) {
					t.Fatalf("step %d, %s: %v: %s", step, how, err, out)
				}
				i.advance(time.Minute)
			}
			if again := resumed(t, conn, files); again != id {
				t.Fatalf("step %d: another session", step)
			}
			i.advance(time.Minute)
		}
		if step < 15 {
			t.Errorf("the program has only %d steps", step)
		}
	})
}

var errStep = errors.New("the store is out of order")

// failing makes one step fail.
type failing struct {
	mu   sync.Mutex
	left int // until the step; below 1: it is over
	name string
}

// at makes the n-th step from now on fail, counting from 1.
func (f *failing) at(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.left, f.name = n, ""
}

// failed is the step that has failed, or "".
func (f *failing) failed() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.name
}

func (f *failing) step(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.left--; f.left == 0 {
		f.name = name
		return errStep
	}
	return nil
}

// The same, with a program that goes on after a step that fails.
//
// checklist: R2
func TestAStepThatFailsLogsNobodyOut(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		files, _ := newFileStore(t)
		conn := i.connect(t)
		plan := &failing{}
		w := &watched{TokenStore: files, step: plan.step}
		session, err := authclient.Login(t.Context(), w.way(conn), "ada", "correct horse", authclient.WithStore(w))
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		steps := map[string]bool{}
		for step := 1; ; step++ {
			plan.at(step)
			err := session.Refresh(t.Context())
			failed := plan.failed()
			if failed == "" {
				break
			}
			steps[failed] = true
			if !errors.Is(err, errStep) || errors.Is(err, authclient.ErrSessionEnded) {
				t.Fatalf("step %d, %s: Refresh = %v", step, failed, err)
			}
			i.advance(time.Minute)
			for range 2 {
				if err := session.Refresh(t.Context()); err != nil {
					t.Fatalf("after step %d, %s: %v", step, failed, err)
				}
			}
		}
		for _, name := range []string{"before Lock", "before Load", "before Save", "after Save", "before Refresh", "after Refresh"} {
			if !steps[name] {
				t.Errorf("%s was not tried, only %v", name, steps)
			}
		}
	})
}

// checklist: R2
func TestAStoreThatFailsAtTheLogin(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		conn := i.connect(t)
		for step := 1; ; step++ {
			files, _ := newFileStore(t)
			plan := &failing{}
			plan.at(step)
			w := &watched{TokenStore: files, step: plan.step}
			session, err := authclient.Login(t.Context(), w.way(conn), "ada", "correct horse", authclient.WithStore(w))
			if err == nil {
				session.Close()
				break
			}
			if !errors.Is(err, errStep) {
				t.Fatalf("step %d: %v", step, err)
			}
			if _, err := authclient.Resume(t.Context(), conn, files); !errors.Is(err, authclient.ErrNoSession) && !errors.Is(err, authclient.ErrSessionEnded) {
				t.Errorf("step %d: Resume = %v", step, err)
			}
		}
		// Only the last login and the one whose answer was lost hold a session.
		sessions, err := i.store.SessionsOf(t.Context(), "u-1815", "", 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(sessions) != 2 {
			t.Errorf("%d sessions stand at the server", len(sessions))
		}
	})
}

// Programs that share a file never use up one refresh token twice.
//
// checklist: R2
func TestProgramsThatShareAFile(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		files, path := newFileStore(t)
		session, err := authclient.Login(t.Context(), i.connect(t), "ada", "correct horse", authclient.WithStore(files))
		if err != nil {
			t.Fatal(err)
		}
		defer session.Close()
		var programs sync.WaitGroup
		for range 4 {
			programs.Go(func() {
				if out, err := child(t, "resume", path, i.address).CombinedOutput(); err != nil {
					t.Errorf("%v: %s", err, out)
				}
			})
		}
		for range 10 { // while they run, and holding older tokens than they do
			if err := session.Refresh(t.Context()); err != nil {
				t.Error(err)
			}
		}
		programs.Wait()
		if err := session.Refresh(t.Context()); err != nil {
			t.Error(err)
		}
		sessions, err := i.store.SessionsOf(t.Context(), "u-1815", "", 10)
		if err != nil || len(sessions) != 1 || sessions[0].ReplayedGens != 0 {
			t.Errorf("%d sessions, %v", len(sessions), err)
		}
		if want := int64(1 + 4*10 + 11); len(sessions) == 1 && sessions[0].Gen != want {
			t.Errorf("generation %d, want %d: one for each renewal", sessions[0].Gen, want)
		}
	})
}
