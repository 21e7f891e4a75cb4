// Package authsvc is the AuthService: it logs people in, issues their tokens,
// renews them and ends them. It lives in your own gRPC server, beside your
// other services and behind the same guard.
//
// # Your users
//
// Two functions say who your users are. Authenticate checks a login; Load is
// asked again at every refresh, so that a role taken away is gone from the
// next token:
//
//	auth, err := authsvc.New(authsvc.Config{
//		Issuer:       "https://auth.example",
//		Audiences:    []string{"notes"},
//		Secret:       secret,                  // 32 random bytes
//		Store:        sessions,                // sqlstore.OpenSQLite(ctx, "auth.db"), with the driver it names
//		Authenticate: users.Authenticate,
//		Load:         users.Load,
//	})
//
// Leave both out and the users are those of the Store, with argon2id
// passwords. Their names are stored as [NormalizeUsername] spells them, and may
// be typed in any case. Hashes of bcrypt and PBKDF2 may be put into the Store
// as they are; the first login replaces them. This adds a user:
//
//	err := password.Check(given)                        // too short, too common
//	hasher, err := password.NewHasher(password.Config{})
//	hash, err := hasher.Hash(ctx, given)
//	name, err := authsvc.NormalizeUsername("Ada")
//	err = sessions.AddUser(ctx, store.User{
//		Subject: rand.Text(), Username: name, PasswordHash: hash, Scopes: []string{"notes.read"},
//	})
//
// # Your server
//
// The Service is a trusted issuer like any other. Its methods carry their
// rules in their .proto, and those that are not public refuse to run without
// a guard before them:
//
//	guard, err := interceptor.New(auth.Verifier())
//	srv := grpc.NewServer(guard.ServerOptions()...)
//	auth.Register(srv)
//	err = guard.Protect(srv)
//	go auth.Housekeep(ctx)                              // deletes what has expired
//
// # The tokens
//
// A login opens a session and gives two tokens. The access token is a JWT (RFC
// 9068) for [Config.AccessTTL]. It holds what was asked for, of what the
// client may have, of what the user has. The refresh token is opaque, is
// replaced at every use, and lives in the Store as one row a session; the page
// docs/refresh-tokens.md says what happens when one is lost or stolen.
//
// The keys are derived from [Config.Secret]. Without [Config.SigningKey] access
// tokens are signed with HS256, which is enough while this process is the only
// one that verifies them. With an EdDSA key, [Service.JWKS] and the method
// GetJwks publish its public half for every other service.
//
// # A login and its sessions
//
// Users list their sessions (ListSessions) and end one (RevokeSession) or all
// (RevokeAllSessions). Reauthenticate asks for the password once more, and puts
// a new session in the place of the caller's: what to call when a method with
// max_auth_age answers REAUTHENTICATION_REQUIRED. ChangePassword ends all
// sessions and opens one for the caller; it is for the users of the Store. For
// your own, change the hash first and call RaiseSubject of the Store then.
//
// Where a second factor is wanted, Authenticate returns a [ChallengeError] for
// the right password, and is asked again with the user's answer. Login and
// Reauthenticate pass the question on and keep nothing; the client has it,
// encrypted. The program examples/totp does it with codes from a phone, and
// examples/ownusers puts the service over a table of users in SQLite.
//
// # Guesses
//
// After a sixth wrong password the next attempt at an account from the same block
// of addresses (IPv4 /24, IPv6 /48) has to wait, a second at first and 30 at
// last, and is refused until then with THROTTLED and a RetryInfo. Attempts from
// elsewhere don't wait for that: nobody can lock somebody else out. A block is
// slowed down as well after a thousand wrong attempts on whatever accounts.
// docs/adr/0007 has the reasons. Behind a proxy, have it tell who calls: see
// [Config.Proxies].
//
// The audit record in the Store has an entry for each login, and one for each
// hour of wrong passwords, by user or for all unknown names together;
// [Config.Audit] and the log are told of each.
//
// # Services
//
// A service that acts for itself is a client of the Store ([store.Client]). It
// proves itself by a secret ([NewClientSecret]) or by assertions that it signs,
// and IssueClientToken gives it an access token with the subject "client:" and
// its id. The page docs/clients.md shows both.
//
// # Taking tokens back
//
// An access token is good until it expires, for whoever verifies it by our keys
// alone. A guard in this process can ask the Store at every call, so that a
// logout is felt at the next one:
//
//	guard, err := interceptor.New(auth.Verifier(), interceptor.WithRevocations(auth.Revocations()))
//
// A service elsewhere asks by IntrospectToken.
//
// # When something is wrong
//
// Every refusal carries its reason (google.rpc.ErrorInfo, domain "grpcauth").
// What the service can't know now is UNAVAILABLE and changes nothing; a user
// is never told that their password is wrong because a database is down. The
// log has the cause, each entry of the audit record whole (docs/operating.md
// has its attributes), and one event each for challenge, refresh,
// client_token, and what was refused. Four events are worth an alert:
// refresh_reused, a used-up refresh token came back and its session was ended;
// refresh_forged, somebody knows the Secret or the store was set back;
// password_unusable, what the Store has as a user's password hash is none, so
// they can't log in; audit_failed, a wrong password could not be written to the
// audit record. No event holds a token, a password, or a user name.
package authsvc
