package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/password"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// TestMain lets the test binary be the process that hashes are computed in.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == hashPasswords {
		end(password.ServeProcess())
	}
	os.Exit(m.Run())
}

// The figures are for a quiet machine to give, not for a test.
func TestTheAuthServiceIsMeasured(t *testing.T) {
	dir := t.TempDir()
	var out bytes.Buffer
	if err := run([]string{"-auth", "-rounds", "1", "-duration", "1us", "-docs", dir}, &out); err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(dir, "benchmarks-auth.md"))
	if err != nil || string(page) != out.String() {
		t.Errorf("%v, or another page than was printed", err)
	}
	stores := []string{inMemory, inSQLite}
	if !strings.Contains(out.String(), errNoPostgres.Error()) {
		stores = append(stores, inPostgres)
	}
	for _, store := range stores {
		if !strings.Contains(out.String(), "\n| "+loginOf(store)+" | ") {
			t.Errorf("no login on %s", store)
		}
		for _, group := range []string{refreshOne, refreshMany} {
			if !strings.Contains(out.String(), "\n## R"+group[1:]+", "+store+"\n") {
				t.Errorf("no %s, on %s", group, store)
			}
		}
	}
	if n := strings.Count(out.String(), " ms | "); n != 2*4 {
		t.Errorf("%d figures in ms, want p50 and p99 of each pressure", n)
	}
}

// A login that lets anybody in would be fast, and so would a refresh that does
// not rotate.
func TestTheAuthServiceChecks(t *testing.T) {
	t.Parallel()
	s, err := newService(inMemory, 1, password.Config{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.stop()
	ctx := context.Background()
	if _, err := s.client.Login(ctx, &grpcauthv1.LoginRequest{Username: userName(0), Password: userPassword + "!"}); err == nil {
		t.Error("a wrong password logs in")
	}
	refreshToken, err := s.login(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	first := &grpcauthv1.RefreshRequest{RefreshToken: refreshToken, IdempotencyKey: rand.Text()}
	if _, err := s.handler.Refresh(near(), first); err != nil {
		t.Fatal(err)
	}
	first.IdempotencyKey = rand.Text()
	if _, err := s.handler.Refresh(near(), first); err == nil {
		t.Error("a refresh token that was used up is taken")
	}
}

func TestDelays(t *testing.T) {
	t.Parallel()
	took := make([][]time.Duration, 2)
	for i := range time.Duration(200) {
		took[0], took[1] = append(took[0], i), append(took[1], 1000-2*i)
	}
	got := delays([]pressure{{true, 0}, {true, 9}}, took)
	want := []delay{{pressure{true, 0}, 100, 198, 1}, {pressure{true, 9}, 802, 998, 998.0 / 198}}
	if len(got) != 2 || got[0] != want[0] || got[1] != want[1] {
		t.Errorf("got %+v, want %+v", got, want)
	}
}
