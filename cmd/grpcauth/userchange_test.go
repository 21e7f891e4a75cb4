package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/password"
	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// site is a database with people in it, and the commands on it.
type site struct {
	*testing.T
	store string
}

// newSite has ada, who is an administrator, and bob.
func newSite(t *testing.T, at string) *site {
	t.Helper()
	s := &site{t, at}
	s.run(goodPassword, exitOK, "user", "add", "ada", "--admin", "--scope", "notes.read")
	s.run(goodPassword, exitOK, "user", "add", "bob")
	return s
}

func newFileSite(t *testing.T) *site {
	t.Helper()
	return newSite(t, filepath.Join(t.TempDir(), "grpcauth.db"))
}

// run runs a command that must end with a code.
func (s *site) run(stdin string, code int, args ...string) outcome {
	s.Helper()
	got := runWith(s.T, stdin, []string{"GRPCAUTH_STORE=" + s.store}, args...)
	if got.code != code {
		s.Fatalf("%q: got %+v", args, got)
	}
	return got
}

// refused wants a command to fail with a line.
func (s *site) refused(want string, args ...string) {
	s.Helper()
	if got := s.run("", exitFailure, args...); got.stderr != "grpcauth: "+want+"\n" || got.stdout != "" {
		s.Errorf("%q: got %+v\nwant %s", args, got, want)
	}
}

// with opens the database.
func (s *site) with(fn func(store.Store)) {
	s.Helper()
	st, err := storeFlag{Store: s.store}.open(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	fn(st)
}

func (s *site) user(name string) (u store.User) {
	s.Helper()
	s.with(func(st store.Store) {
		var err error
		if u, err = st.UserByName(s.Context(), name); err != nil {
			s.Fatal(err)
		}
	})
	return u
}

// session opens a session of a user and gives its id.
func (s *site) session(n int, name, label string) string {
	s.Helper()
	id, now := sessionID(n), time.Now()
	subject := s.user(name).Subject
	s.with(func(st store.Store) {
		counters, err := st.Counters(s.Context(), subject, "app")
		if err != nil {
			s.Fatal(err)
		}
		session := store.Session{
			ID: id, ClientID: "app", Subject: subject, Gen: 1, CurHash: []byte("the hash of it"), Label: label, Scopes: []string{"notes.read"},
			LastAddress: "192.0.2.1", CreatedAt: now, LastSeen: now, IdleExpires: now.Add(time.Hour), Expires: now.Add(time.Hour),
		}
		if err := st.CreateSession(s.Context(), session, counters.Subject); err != nil {
			s.Fatal(err)
		}
	})
	return id
}

// audited is kind, actor and subject of what the record holds.
func (s *site) audited() (lines []string) {
	s.Helper()
	s.with(func(st store.Store) {
		page, err := st.Entries(s.Context(), 0, 1000)
		if err != nil {
			s.Fatal(err)
		}
		for _, e := range page {
			lines = append(lines, e.Kind+" by "+e.Actor)
		}
	})
	return lines
}

// checklist: C5 R6
func TestUsersAreManagedAtTheStore(t *testing.T) {
	t.Parallel()
	for name, at := range map[string]func() string{
		"SQLite":     func() string { return filepath.Join(t.TempDir(), "grpcauth.db") },
		"PostgreSQL": func() string { return testkit.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, at())
			first, second := s.session(1, "bob", ""), s.session(2, "ada", "")
			if got := s.run("", exitOK, "user", "disable", "BOB").stdout; !strings.Contains(got, "disabled  20") {
				t.Error(got)
			}
			s.wantEnded(first, store.ReasonDisabled)
			s.run("", exitOK, "user", "disable", s.user("bob").Subject) // again, by the subject
			if got := s.run("", exitOK, "user", "enable", "bob").stdout; !strings.Contains(got, "disabled  -") {
				t.Error(got)
			}
			s.run(goodPassword+"!", exitOK, "user", "password", "Ada", "--password-stdin")
			s.wantEnded(second, store.ReasonPassword)
			hasher, err := password.NewHasher(password.Config{})
			if err != nil {
				t.Fatal(err)
			}
			if ok, _, err := hasher.Verify(t.Context(), s.user("ada").PasswordHash, goodPassword+"!"); !ok || err != nil {
				t.Errorf("the new password does not fit: %v", err)
			}
			want := []string{"user_added by operator", "user_added by operator", "user_disabled by operator", "user_enabled by operator", "password_changed by operator"}
			if got := s.audited(); !slices.Equal(got, want) {
				t.Errorf("the audit record holds %q", got)
			}
		})
	}
}

func (s *site) wantEnded(id, reason string) {
	s.Helper()
	s.with(func(st store.Store) {
		got, err := st.Session(s.Context(), id)
		if err != nil || got.RevokedAt.IsZero() || got.Reason != reason {
			s.Errorf("the session is revoked at %v with %q, %v", got.RevokedAt, got.Reason, err)
		}
	})
}

// checklist: C5
func TestTheLastAdministratorStays(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	s.refused(`"ada" is the last administrator: make another one first, with grpcauth user add --admin`, "user", "disable", "ada")
	if u := s.user("ada"); !u.DisabledAt.IsZero() {
		t.Error("ada is disabled all the same")
	}
	s.run(goodPassword, exitOK, "user", "add", "eve", "--admin")
	s.run("", exitOK, "user", "disable", "ada")
	s.refused(`"eve" is the last administrator: make another one first, with grpcauth user add --admin`, "user", "disable", "eve")
}

func TestUsersAreListed(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	got := s.run("", exitOK, "user", "list").stdout
	lines := strings.Split(strings.TrimSpace(got), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "USERNAME  SUBJECT ") || !strings.HasPrefix(lines[1], "ada       "+s.user("ada").Subject+"  yes ") || !strings.HasPrefix(lines[2], "bob ") {
		t.Error(got)
	}
	got = s.run("", exitOK, "user", "list", "--json").stdout
	for line := range strings.Lines(got) {
		var u userJSON
		if err := json.Unmarshal([]byte(line), &u); err != nil || s.user(u.Username).Subject != u.Subject || u.CreatedAt == nil || u.DisabledAt != nil || u.Scopes == nil {
			t.Errorf("%v: %s", err, line)
		}
	}
	if strings.Contains(got, "argon2id") {
		t.Error("it holds hashes")
	}
	if show := s.run("", exitOK, "user", "show", "ADA", "--json").stdout; !strings.HasPrefix(got, show) {
		t.Errorf("show says %s", show)
	}
}

func TestListsAreReadToTheEnd(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	const n = 2*pageSize + 1
	s.with(func(st store.Store) {
		for i := range n {
			u := store.User{Subject: fmt.Sprint("s", i), Username: fmt.Sprintf("u%05d", i)}
			if err := st.AddUser(t.Context(), u, store.Entry{Kind: "user_added", Actor: "import", Subject: u.Subject}); err != nil {
				t.Fatal(err)
			}
		}
	})
	if got := strings.Count(s.run("", exitOK, "user", "list").stdout, "\n"); got != 1+2+n {
		t.Errorf("%d lines of users", got)
	}
	if got := strings.Count(s.run("", exitOK, "audit", "list", "--json").stdout, `"actor":"import"`); got != n {
		t.Errorf("%d lines of the audit record", got)
	}
}

func TestUsersThatAreNotThere(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	for _, command := range []string{"show", "disable", "enable", "password"} {
		for name, want := range map[string]string{
			"eve":                    `there is no user "eve": see grpcauth user list`,
			"' OR 1=1 --":            `there is no user "' OR 1=1 --": see grpcauth user list`,
			"":                       "the name is empty: give one",
			"a\x00b":                 `the name "a\x00b" holds a control character or is not UTF-8: leave it out`,
			"a\xff":                  `the name "a\xff" holds a control character or is not UTF-8: leave it out`,
			strings.Repeat("a", 257): "the name has 257 bytes: use at most 256",
		} {
			s.refused(want, "user", command, name)
		}
	}
	if got := len(s.audited()); got != 2 {
		t.Errorf("%d entries", got)
	}
}

func TestABadNewPasswordChangesNothing(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	before := s.user("ada").PasswordHash
	for stdin, want := range map[string]string{
		"":             "stdin holds no password: give it as one line, or run this on a terminal to be asked",
		"1234567\n":    "password: use at least 8 characters",
		"password1":    "password: is one of the most used passwords, choose another",
		"abcdefgh\x00": "password: must be valid UTF-8 without NUL",
		"\n" + "abc":   "password: use at least 8 characters",
	} {
		if got := s.run(stdin, exitFailure, "user", "password", "ada"); got.stderr != "grpcauth: "+want+"\n" {
			t.Errorf("%q: got %+v", stdin, got)
		}
	}
	if s.user("ada").PasswordHash != before || len(s.audited()) != 2 {
		t.Error("the password is another one")
	}
}

// A slip in a path must not look like an empty database.
func TestNoCommandMakesADatabase(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	for _, args := range [][]string{
		{"user", "list"},
		{"user", "show", "ada"},
		{"user", "disable", "ada"},
		{"user", "enable", "ada"},
		{"user", "password", "ada"},
		{"session", "list", "ada"},
		{"session", "revoke", "--user", "ada"},
		{"audit", "list"},
		{"recover", "--yes"},
	} {
		got := runWith(t, goodPassword, nil, append(args, "--store", db)...)
		if got.code != exitFailure || got.stderr != "grpcauth: open database "+db+": no such file or directory\n" {
			t.Errorf("%q: got %+v", args, got)
		}
	}
	if _, err := os.Stat(db); !errors.Is(err, fs.ErrNotExist) {
		t.Error("there is a database")
	}
}
