package store

import (
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// The errors of every store, found by errors.Is. Anything else that comes out
// of a store is the error of the caller's own ended context, or what the
// function given to UpdateSession returned.
var (
	// ErrNotFound: there is no such record. What a client should be told
	// depends on what was looked up, so the caller maps it.
	ErrNotFound = fault.New(grpcauthv1.Reason_REASON_INTERNAL, "store: not found")

	// ErrStale: the record is no longer what the caller said it must be, so
	// nothing was changed. Read it again and decide anew.
	ErrStale = fault.New(grpcauthv1.Reason_REASON_CONFLICT, "store: the record has changed, read it again")

	// ErrExists: a record with that key is there already.
	ErrExists = fault.New(grpcauthv1.Reason_REASON_INTERNAL, "store: already exists")

	// ErrLastAdmin: nobody would be left who may administer the service.
	ErrLastAdmin = fault.New(grpcauthv1.Reason_REASON_INTERNAL, "store: the last administrator can't be disabled")

	// ErrUnavailable: the store can't answer now: it is closed, out of reach,
	// or busy for too long. Whether a change that failed so was made is not
	// known. The driver's error is in the chain.
	ErrUnavailable = fault.New(grpcauthv1.Reason_REASON_STORE_UNAVAILABLE, "store: unavailable")

	// ErrNewerSchema: the database was written by a newer version of this
	// program and is not touched.
	ErrNewerSchema = fault.New(grpcauthv1.Reason_REASON_INTERNAL, "store: the database has a newer schema than this program knows")
)
