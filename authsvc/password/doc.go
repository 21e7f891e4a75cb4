// Package password hashes passwords with argon2id (RFC 9106) and says which
// new ones are acceptable.
//
// A hash costs 19 MiB and about 25 ms on purpose, so a [Hasher] computes only
// a few at once and lets the rest wait under their own context: a storm of
// logins can't fill the memory. Encoded hashes carry their parameters (PHC
// string form), so raising the cost later leaves old hashes valid; Verify
// tells which ones to replace.
//
//	hasher, err := password.NewHasher(password.Config{})
//	...
//	if err := password.Check(newPassword); err != nil { ... }   // too short, too common
//	encoded, err := hasher.Hash(ctx, newPassword)               // store this
//
// At a login, a user who does not exist must cost what a wrong password
// costs, or the time tells who has an account:
//
//	user, err := users.UserByName(ctx, name)
//	if errors.Is(err, store.ErrNotFound) {
//		if err := hasher.VerifyNone(ctx, given); err != nil {
//			return err
//		}
//		return errInvalidCredentials
//	}
//	ok, rehash, err := hasher.Verify(ctx, user.PasswordHash, given)
//
// Nothing is trimmed, folded or cut: every byte of a password counts.
package password
