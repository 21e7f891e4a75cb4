package main

import (
	"bytes"
	"strings"
	"testing"
)

// checklist: R7
func TestRecoverAtATerminal(t *testing.T) {
	t.Parallel()
	for typed, want := range map[string]int{"recover\r": exitOK, " recover \r": exitOK, "yes\r": exitFailure, "\r": exitFailure, "Recover\r": exitFailure, "\x04": exitFailure} {
		s := newFileSite(t)
		program, person := terminal(t)
		screen := &typist{keyboard: person, lines: []string{typed}}
		p := &process{stdin: program, stdout: &bytes.Buffer{}, stderr: screen}
		if code := p.run(t.Context(), []string{"recover", "--store", s.store}); code != want {
			t.Errorf("%q: exit %d", typed, code)
		}
		shown := screen.screen.String()
		if !strings.Contains(shown, `Type "recover" to go on: `) || want == exitFailure != strings.HasSuffix(shown, "grpcauth: cancelled: nothing was changed\n") {
			t.Errorf("%q: the screen shows %q", typed, shown)
		}
		if l := s.ledger(); (l.Epoch == 2) != (want == exitOK) {
			t.Errorf("%q: the ledger is %+v", typed, l)
		}
	}
}
