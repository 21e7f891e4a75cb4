package authsvc

import (
	"context"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// entry is a line of the audit record about a session, done by its own
// subject.
func (o origins) entry(ctx context.Context, kind string, s store.Session) store.Entry {
	return store.Entry{
		Kind: kind, Actor: s.Subject, Subject: s.Subject, ClientID: s.ClientID, SessionID: s.ID,
		Address: o.address(ctx), Reason: s.Reason,
	}
}
