package main

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

func (s *site) ledger() (l store.Ledger) {
	s.Helper()
	s.with(func(st store.Store) {
		var err error
		if l, err = st.Ledger(s.Context()); err != nil {
			s.Fatal(err)
		}
	})
	return l
}

// checklist: R7
func TestRecoverEndsEverything(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	one, other := s.session(1, "ada", ""), s.session(2, "bob", "")
	s.run("", exitOK, "session", "revoke", s.session(3, "bob", "")) // does not stand
	got := s.run("", exitOK, "recover", "--yes")
	if want := s.store + " is recovered: epoch 2, sessions ended: 2\n"; got.stdout != want {
		t.Errorf("it says %q", got.stdout)
	}
	if want := s.store + ": every session ends (open now: 2), every access token made before is refused, and refresh tokens get a new key (epoch 1 to 2).\n"; got.stderr != want {
		t.Errorf("it announces %q", got.stderr)
	}
	s.wantEnded(one, reasonRecovered)
	s.wantEnded(other, reasonRecovered)
	if l := s.ledger(); l.Epoch != 2 || l.All != 1+store.FarAhead {
		t.Errorf("the ledger is %+v", l)
	}
	if got := s.audited(); got[len(got)-1] != "recovered by operator" {
		t.Errorf("the audit record holds %q", got)
	}
	if got := s.run("", exitOK, "recover", "--yes", "--json").stdout; got != `{"epoch":3,"sessions_ended":0,"store":"`+s.store+"\"}\n" {
		t.Error(got)
	}
}

// Nothing that was made in an epoch which was lost may fit into a later one.
//
// checklist: R7
func TestRecoverGoesBeyondTheEpochThatWasSeen(t *testing.T) {
	t.Parallel()
	for name, flags := range map[string][]string{"beside the database": nil, "beside the key file": {"--key-file", filepath.Join(t.TempDir(), "k")}} {
		s := newFileSite(t)
		key := filepath.Join(filepath.Dir(s.store), "grpcauth.key")
		if flags != nil {
			key = flags[1]
		}
		if err := (seen{KeyID: "k", Epoch: 4, Seq: 9, Audit: 9, Tag: "t"}).write(seenPath(key)); err != nil {
			t.Fatal(err)
		}
		got := s.run("", exitOK, append([]string{"recover", "--yes"}, flags...)...)
		if l := s.ledger(); l.Epoch != 5 || l.All != 1+4*store.FarAhead || !strings.Contains(got.stderr, "epoch 1 to 5") {
			t.Errorf("%s: the ledger is %+v; %s", name, l, got.stderr)
		}
		// The backup, put back once more, is told from what was recovered.
		was, err := readSeen(seenPath(key))
		if err != nil || was.Epoch != 5 || was.KeyID != "k" {
			t.Errorf("%s: written down is %+v, %v", name, was, err)
		}
		if err := was.mustPrecede(t.Context(), nil, seen{KeyID: "k", Epoch: 1, Seq: 99, Audit: 99}); !errors.Is(err, errRestored) {
			t.Errorf("%s: the backup a second time: %v", name, err)
		}
	}
}

// checklist: R7
func TestRecoverAsksFirst(t *testing.T) {
	t.Parallel()
	for _, stdin := range []string{"", "y\n", "recover\n"} { // no terminal: nobody has read the plan
		s := newFileSite(t)
		if got := s.run(stdin, exitFailure, "recover"); !strings.HasSuffix(got.stderr, "grpcauth: no terminal to ask on: add --yes\n") || got.stdout != "" {
			t.Errorf("%q: got %+v", stdin, got)
		}
		if l := s.ledger(); l.Epoch != 1 || len(s.audited()) != 2 {
			t.Errorf("%q: the ledger is %+v", stdin, l)
		}
	}
}

func TestRecoverReadsWhatWasSeenOrSaysSo(t *testing.T) {
	t.Parallel()
	s := newFileSite(t)
	key := filepath.Join(filepath.Dir(write(t, "k.seen", "{", 0o600)), "k")
	if got := s.run("", exitFailure, "recover", "--yes", "--key-file", key); !strings.Contains(got.stderr, "k.seen is damaged") {
		t.Errorf("got %+v", got)
	}
	if l := s.ledger(); l.Epoch != 1 {
		t.Errorf("the ledger is %+v", l)
	}
}
