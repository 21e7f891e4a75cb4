package sqlstore_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

const (
	// contestEnv names the database that a child process rotates in: a path,
	// or the URL of a PostgreSQL.
	contestEnv = "GRPCAUTH_TEST_CONTEST"
	// contestGens is how many generations the processes rotate, together.
	contestGens = 60
)

// TestMain lets the test binary be the server processes of
// TestManyProcessesOnOneFile and TestManyProcessesOnOnePostgres.
func TestMain(m *testing.M) {
	name := os.Getenv(contestEnv)
	if name == "" {
		os.Exit(m.Run())
	}
	wins, err := enter(context.Background(), name)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Print(wins)
}

// checklist: R3
func TestManyProcessesOnOneFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "auth.db")
	manyProcesses(t, open(t, path), path)
}

// checklist: R3
func TestManyProcessesOnOnePostgres(t *testing.T) {
	t.Parallel()
	url := testkit.Postgres(t)
	manyProcesses(t, openPostgres(t, url), url)
}

func manyProcesses(t *testing.T, s store.Store, name string) {
	counter, err := s.Counters(t.Context(), "ada", "app")
	if err != nil {
		t.Fatal(err)
	}
	ends := time.Now().Add(time.Hour)
	session := store.Session{ID: "id", ClientID: "app", Subject: "ada", CurHash: hashOf(0), IdleExpires: ends, Expires: ends}
	if err := s.CreateSession(t.Context(), session, counter.Subject); err != nil {
		t.Fatal(err)
	}
	var wins atomic.Int64
	var wg sync.WaitGroup
	for range 3 {
		wg.Go(func() { wins.Add(child(t, name)) })
	}
	wg.Wait()
	end, err := s.Session(t.Context(), "id")
	if err != nil {
		t.Fatal(err)
	}
	if end.Gen < contestGens || wins.Load() != end.Gen {
		t.Errorf("%d callers rotated %d generations, want one each and at least %d", wins.Load(), end.Gen, contestGens)
	}
}

// child runs a process that takes part and tells how often it won.
func child(t *testing.T, name string) int64 {
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), contestEnv+"="+name)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Errorf("%v: %s", err, stderr.String())
		return 0
	}
	wins, err := strconv.ParseInt(string(out), 10, 64)
	if err != nil {
		t.Error(err)
	}
	return wins
}

// enter opens the database that is named and takes part.
func enter(ctx context.Context, name string) (int64, error) {
	opened := sqlstore.OpenSQLite
	if strings.HasPrefix(name, "postgres://") {
		opened = postgres
	}
	s, err := opened(ctx, name)
	if err != nil {
		return 0, err
	}
	defer s.Close()
	return contest(ctx, s)
}

// contest rotates whatever generation stands, ten callers at a time, and
// counts the wins.
func contest(ctx context.Context, s store.Store) (int64, error) {
	var wins atomic.Int64
	for {
		session, err := s.Session(ctx, "id")
		if err != nil || session.Gen >= contestGens {
			return wins.Load(), err
		}
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				err := s.RotateSession(ctx, store.Rotation{
					ID: "id", Gen: session.Gen, CurHash: session.CurHash, ClientID: "app",
					NewHash: hashOf(session.Gen + 1), Idle: time.Hour,
				})
				if err == nil {
					wins.Add(1)
				}
			})
		}
		wg.Wait()
	}
}
