// Package password hashes passwords with argon2id (RFC 9106) and says which
// new ones are acceptable.
//
// A hash costs 19 MiB and about 25 ms on purpose, so a [Hasher] computes only
// a few at once (GOMAXPROCS) and lets a bounded number of callers wait, each
// under its own context; past that it answers [ErrBusy] with the time to come
// again. A storm of logins can't fill the memory, and a flood from one block of
// addresses can't take the places of the others ([WithOrigin]).
//
// Encoded hashes carry their parameters (PHC string form), so raising the cost
// later leaves old hashes valid; Verify tells which ones to replace.
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
// Nor does the time tell what kind of hash a user has: every refusal is held
// back until the next tick of a clock that is the same for all.
//
// # A process of their own
//
// Hashing in the same process slows the other calls down: Go takes a processor
// away from a hash only after 10 ms. A server that sees storms of
// logins computes them in a second process of its program, which gets the
// processors that nobody else wants ([StartProcess]; grpcauth serve does so).
//
// # Users from elsewhere
//
// Put their hashes into the store as they are. Verify takes, beside argon2id,
//
//	$2b$12$...                          bcrypt 2a, 2b and 2y, cost 4 to 15
//	$pbkdf2-sha256$29000$salt$hash      PBKDF2 of passlib: $pbkdf2$ (SHA-1), -sha256, -sha512
//	pbkdf2_sha256$1000000$salt$hash     PBKDF2 of Django: sha1, sha256, sha512
//
// with up to 4,000,000 iterations, and asks for a new hash when the password
// is right, which is argon2id then.
//
// # What counts
//
// Nothing is trimmed, folded or cut: every byte of a password counts, up to
// the 1024 that [Check] accepts. Check wants valid UTF-8 without NUL; Hash and
// Verify take the bytes as they come. bcrypt reads no more than 72 bytes and
// ends at a NUL, and PBKDF2 fills up with NULs. What they could not tell from
// another password is refused, never cut: a user whose bcrypt hash was made
// from more than 72 bytes must be given a new password.
package password
