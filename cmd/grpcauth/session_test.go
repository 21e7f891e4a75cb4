package main

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// sessionID is a session's id by number.
func sessionID(n int) string {
	return base64.RawURLEncoding.EncodeToString(binary.BigEndian.AppendUint64(make([]byte, 8), uint64(n)))
}

func TestSessionsAreListed(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	one, two, other := s.session(1, "ada", "Ada's laptop"), s.session(2, "ada", ""), s.session(3, "bob", "")
	got := s.run("", exitOK, "session", "list", "ADA")
	lines := strings.Split(strings.TrimSpace(got.stdout), "\n")
	if len(lines) != 3 || !strings.HasPrefix(lines[0], "SESSION ") || !strings.HasPrefix(lines[1], one+"  app     Ada's laptop  ") || !strings.HasPrefix(lines[2], two) {
		t.Error(got.stdout)
	}
	s.run("", exitOK, "session", "revoke", one)
	if got := s.run("", exitOK, "session", "list", "ada", "--json").stdout; strings.Count(got, "\n") != 1 || !strings.Contains(got, `"id":"`+two+`"`) {
		t.Errorf("those that stand: %s", got)
	}
	var shown sessionJSON
	out := s.run("", exitOK, "session", "list", "--id", one, "--json").stdout
	if err := json.Unmarshal([]byte(out), &shown); err != nil || shown.RevokedAt == nil || shown.Reason != reasonByOperator || shown.LastAddress != "192.0.2.1" {
		t.Errorf("%v: %s", err, out)
	}
	if strings.Contains(strings.ToLower(out), "hash") || strings.Contains(out, base64.StdEncoding.EncodeToString([]byte("the hash of it"))) {
		t.Errorf("it holds hashes: %s", out)
	}
	if got := s.run("", exitOK, "session", "list", "--id", other).stdout; !strings.Contains(got, other) {
		t.Error(got)
	}
}

// checklist: R6
func TestSessionsAreRevoked(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	one, two, three, other := s.session(1, "ada", ""), s.session(2, "ada", ""), s.session(3, "ada", ""), s.session(4, "bob", "")
	if got := s.run("", exitOK, "session", "revoke", one).stdout; got != one+" has ended\n" {
		t.Error(got)
	}
	if got := s.run("", exitOK, "session", "revoke", one, two, "--json").stdout; got != `{"revoked":false,"session":"`+one+"\"}\n{\"revoked\":true,\"session\":\""+two+"\"}\n" {
		t.Error(got)
	}
	if got := s.run("", exitOK, "session", "revoke", one).stdout; got != one+" had ended already\n" {
		t.Error(got)
	}
	if got := s.run("", exitOK, "session", "revoke", "--user", "Ada").stdout; got != "every session of ada has ended\n" {
		t.Error(got)
	}
	for _, id := range []string{one, two, three} {
		s.wantEnded(id, reasonByOperator)
	}
	s.with(func(st store.Store) {
		if got, err := st.Session(t.Context(), other); err != nil || !got.RevokedAt.IsZero() {
			t.Errorf("another's session: %v, %v", got.RevokedAt, err)
		}
		// A login that began before does not get in after.
		counters, err := st.Counters(t.Context(), s.user("ada").Subject, "app")
		if err != nil || counters.Subject != 2 {
			t.Errorf("the counters are %+v, %v", counters, err)
		}
	})
	want := []string{"session_revoked by operator", "session_revoked by operator", "sessions_revoked by operator"}
	if got := s.audited()[2:]; !slices.Equal(got, want) {
		t.Errorf("the audit record holds %q", got)
	}
}

func TestSessionsThatCannotBeMeant(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	id := s.session(1, "ada", "")
	missing := sessionID(9)
	for want, args := range map[string][]string{
		"whose sessions: name either a user, or a session with --id":                                               {"list"},
		"whose sessions: name either a user, or a session with --id ":                                              {"list", "ada", "--id", id},
		"which sessions: give either their ids, or a user with --user":                                             {"revoke"},
		"which sessions: give either their ids, or a user with --user ":                                            {"revoke", id, "--user", "ada"},
		"there is no session " + missing + ", or it has expired":                                                   {"list", "--id", missing},
		"there is no session " + missing + ", or it has expired ":                                                  {"revoke", missing},
		`there is no user "eve": see grpcauth user list`:                                                           {"list", "eve"},
		`there is no user "eve": see grpcauth user list `:                                                          {"revoke", "--user", "eve"},
		"\"x\\x00\" is no id of a session: it has 22 characters, see grpcauth session list":                        {"revoke", id, "x\x00"},
		"\"' OR 1=1 --\" is no id of a session: it has 22 characters, see grpcauth session list":                   {"list", "--id", "' OR 1=1 --"},
		`"` + strings.Repeat("A", 40) + `" is no id of a session: it has 22 characters, see grpcauth session list`: {"revoke", strings.Repeat("A", 1<<16)},
	} {
		s.refused(strings.TrimSpace(want), append([]string{"session"}, args...)...)
	}
	s.with(func(st store.Store) {
		if got, err := st.Session(t.Context(), id); err != nil || !got.RevokedAt.IsZero() {
			t.Error("a command that can't be meant ended a session")
		}
	})
}

// What people have typed does not reach the operator's terminal.
func TestTablesAreSafeToShow(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	const evil = "\x1b]0;owned\x07\x1b[2J\r\nFAKE LINE\t\u202egnp.exe"
	s.session(1, "ada", evil)
	s.with(func(st store.Store) {
		user := store.User{Subject: "subject " + evil, Username: evil, Scopes: []string{evil}, Roles: []string{evil}}
		if err := st.AddUser(t.Context(), user, store.Entry{Kind: "k", Actor: evil, Subject: evil, Reason: evil, Address: evil}); err != nil {
			t.Fatal(err)
		}
	})
	for _, args := range [][]string{{"user", "list"}, {"session", "list", "ada"}, {"audit", "list"}} {
		text := s.run("", exitOK, args...).stdout
		if strings.ContainsAny(text, "\x1b\x07\r\t\u202e") || strings.Contains(text, "\nFAKE") {
			t.Errorf("%q shows %q", args, text)
		}
		for line := range strings.Lines(s.run("", exitOK, append(args, "--json")...).stdout) {
			if !json.Valid([]byte(line)) || strings.ContainsAny(line, "\x1b\x07\r\t") {
				t.Errorf("%q prints %q", args, line)
			}
		}
	}
}

func TestTheAuditRecordIsFiltered(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	ada := s.user("ada").Subject
	s.with(func(st store.Store) {
		for _, e := range []store.Entry{
			{Kind: "login", Actor: ada, Subject: ada, ClientID: "app", SessionID: "s", Address: "192.0.2.1"},
			{Kind: "refresh_reused", Actor: ada, Subject: ada, Address: "192.0.2.1", OtherAddress: "198.51.100.1", Reason: "why"},
			{Kind: "badge_read", Subject: ada}, // by a program that has the AuthService in it
		} {
			if err := st.RaiseSubject(t.Context(), ada, "", e); err != nil {
				t.Fatal(err)
			}
		}
		for range 3 {
			if err := st.RecordFailure(t.Context(), store.Entry{Kind: "login_failed", Subject: ada, Address: "192.0.2.9"}); err != nil {
				t.Fatal(err)
			}
		}
	})
	for want, args := range map[string][]string{
		"user_added login refresh_reused badge_read login_failed": {"--user", "ADA", "--since", "24h"},
		"login":        {"--kind", "login"},
		"login ":       {"--client", "app"},
		"user_added":   {"--user", "bob"},
		"login_failed": {"--user", ada, "--kind", "login_failed", "--since", time.Now().Add(-time.Hour).Format(time.RFC3339)},
		"":             {"--kind", "recovered"},
		" ":            {"--since", "2999-01-01"},
	} {
		var kinds []string
		for line := range strings.Lines(s.run("", exitOK, append([]string{"audit", "list", "--json"}, args...)...).stdout) {
			var e entryJSON
			if err := json.Unmarshal([]byte(line), &e); err != nil || e.Seq == 0 || e.At.IsZero() || e.Kind == "login_failed" != (e.Count == 3) {
				t.Errorf("%v: %s", err, line)
			}
			kinds = append(kinds, e.Kind)
		}
		if got := strings.Join(kinds, " "); got != strings.TrimSpace(want) {
			t.Errorf("%q: got %s, want %s", args, got, want)
		}
	}
	table := s.run("", exitOK, "audit", "list", "--kind", "refresh_reused").stdout
	if lines := strings.Split(table, "\n"); len(lines) != 3 || !strings.Contains(lines[1], "192.0.2.1  198.51.100.1  why") {
		t.Error(table)
	}
	for _, kind := range []string{"log in", "badge_read"} {
		s.refused(fmt.Sprintf("--kind %q is no kind that grpcauth writes: use one of %s; or list without --kind, which shows what other programs have written too",
			kind, strings.Join(store.Kinds(), ", ")), "audit", "list", "--kind", kind)
	}
	for _, since := range []string{"-1h", "yesterday", "2026-13-01", "\x00", strings.Repeat("9", 1<<16)} {
		if got := s.run("", exitFailure, "audit", "list", "--since="+since); !strings.Contains(got.stderr, "is no time: write how long ago") || len(got.stderr) > 300 {
			t.Errorf("%.20q: got %+v", since, got)
		}
	}
}

// A reader that goes away is an error, not a crash.
func TestAReaderThatGoesAway(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	for _, args := range [][]string{{"user", "list"}, {"user", "list", "--json"}, {"audit", "list"}, {"session", "list", "ada"}} {
		read, gone := io.Pipe()
		_ = read.Close()
		p := &process{stdin: strings.NewReader(""), stdout: gone, stderr: &bytes.Buffer{}}
		if code := p.run(t.Context(), append(args, "--store", s.store)); code != exitFailure {
			t.Errorf("%q: exit %d", args, code)
		}
	}
}
