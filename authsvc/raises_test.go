package authsvc

import (
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// checklist: R6
func TestWhichEventsRaiseASubject(t *testing.T) {
	t.Parallel()
	of := func(seq int64, kind store.EventKind, key string) store.Event {
		return store.Event{Seq: seq, Kind: kind, Key: key}
	}
	for name, tc := range map[string]struct {
		page []store.Event
		want bool
	}{
		"its own":             {[]store.Event{of(8, store.EventToken, "t"), of(9, store.EventSubject, "ada")}, true},
		"of everything":       {[]store.Event{of(8, store.EventAll, "")}, true},
		"another's":           {[]store.Event{of(8, store.EventSubject, "bob")}, false},
		"others of its name":  {[]store.Event{of(8, store.EventToken, "ada"), of(9, store.EventSession, "ada"), of(10, store.EventClient, "ada")}, false},
		"the first is gone":   {[]store.Event{of(9, store.EventToken, "t")}, true},
		"one between is gone": {[]store.Event{of(8, store.EventToken, "t"), of(10, store.EventToken, "u")}, true},
	} {
		if got := raises(tc.page, 7, "ada"); got != tc.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}
