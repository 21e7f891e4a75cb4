package store

import "context"

// Subjects keeps one counter a subject, also for subjects whose accounts live
// elsewhere. What ends every session of a subject raises its counter, and a
// login inserts its session only while the counter is what it was before the
// password was checked (see [Revocations.Counters]): a login that began before
// can't slip in after.
type Subjects interface {
	// RaiseSubject adds one to the counter and revokes every standing session
	// of the subject, both or neither. reason is written to the sessions.
	RaiseSubject(ctx context.Context, subject, reason string, log ...Entry) error
}
