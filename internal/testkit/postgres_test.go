package testkit_test

import (
	"bufio"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"

	"github.com/grpcauth/grpcauth/internal/testkit"
)

// holdEnv has TestHold say its database and stay.
const holdEnv = "GRPCAUTH_TESTKIT_HOLD"

func TestHold(t *testing.T) {
	if os.Getenv(holdEnv) == "" {
		return // nobody asked: the test is for the process below
	}
	url := testkit.Postgres(t)
	fmt.Println("holding " + url)
	if os.Getenv(holdEnv) == "panic" {
		panic("a bug in a test")
	}
	select {}
}

// However a test's process ends, its server ends with it.
func TestPostgresEndsWithTheProcess(t *testing.T) {
	t.Parallel()
	testkit.Postgres(t) // or skip
	for _, how := range []string{"panic", "kill"} {
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestHold$")
		cmd.Env = append(os.Environ(), holdEnv+"="+how, "GRPCAUTH_TEST_POSTGRES_URL=")
		out, err := cmd.StdoutPipe()
		if err == nil {
			err = cmd.Start()
		}
		if err != nil {
			t.Fatal(err)
		}
		url := ""
		for lines := bufio.NewScanner(out); url == "" && lines.Scan(); {
			_, url, _ = strings.Cut(lines.Text(), "holding ")
		}
		if url == "" {
			t.Fatal("it did not start a server")
		}
		if how == "kill" {
			if err := ping(t, url); err != nil {
				t.Errorf("while it runs: %v", err)
			}
			_ = cmd.Process.Kill()
		}
		_ = cmd.Wait()
		if err := gone(t, url); err != nil {
			t.Errorf("%s: %v", how, err)
		}
	}
}

func ping(t *testing.T, url string) error {
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	return db.PingContext(t.Context())
}

// gone waits until there is no server any more.
func gone(t *testing.T, url string) error {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for ping(t, url) == nil {
		select {
		case <-time.After(20 * time.Millisecond):
		case <-ctx.Done():
			return errors.New("the server is still there")
		}
	}
	return nil
}

func TestEachTestHasADatabaseOfItsOwn(t *testing.T) {
	t.Parallel()
	var inside string
	t.Run("one", func(t *testing.T) {
		inside = testkit.Postgres(t)
		if err := ping(t, inside); err != nil {
			t.Error(err)
		}
	})
	outside := testkit.Postgres(t)
	if outside == inside {
		t.Error("two tests were given the same database")
	}
	if err := ping(t, inside); err == nil || !strings.Contains(err.Error(), "does not exist") {
		t.Errorf("after the test that used it: %v", err)
	}
}

func TestPostgresIsStoppedAndStarted(t *testing.T) {
	t.Parallel()
	server, url := testkit.NewPostgres(t)
	for range 2 {
		if err := ping(t, url); err != nil {
			t.Errorf("started: %v", err)
		}
		if err := server.Stop(); err != nil {
			t.Fatal(err)
		}
		if ping(t, url) == nil {
			t.Error("stopped, it answers")
		}
		if err := server.Start(); err != nil {
			t.Fatal(err)
		}
	}
}
