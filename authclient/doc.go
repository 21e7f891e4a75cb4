// Package authclient is the client's side of grpcauth: log in once, and every
// call carries a token that is valid.
//
//	session, err := authclient.Login(ctx, authConn, "ada", password)
//	if err != nil { return err }
//	defer session.Close()
//
//	conn, err := grpc.NewClient(address, append(session.DialOptions(),
//		grpc.WithTransportCredentials(tls))...)
//	notes := notesv1.NewNotesServiceClient(conn)
//
// authConn leads to the AuthService; it may lead to the same address as conn.
// It carries passwords and refresh tokens in messages, so it is dialled
// without the session's own options.
//
// # Renewal
//
// A [Session] renews its tokens in the background, at 60 to 90 % of the access
// token's lifetime: three quarters, give or take a fifth, at random, so that
// clients that logged in together do not come back together. Calls do not
// wait for that. Only when the token has expired after all do they wait for
// the renewal, each under its own context; however many wait, it is one
// Refresh.
//
// The lifetime counts from when the request for the token was sent, by the
// monotonic clock. The client's wall clock may be wrong. (A machine that was
// asleep may find its token expired; the retry below covers that.)
//
// A renewal that fails is tried again after 1, 2, 4, … 30 seconds, give or
// take 20 %, or later if the server says so (google.rpc.RetryInfo). Until the
// token expires it stays in use and nobody notices. After that, calls fail
// with the status of the last attempt and are not sent; they do not add
// attempts of their own. Refresh does.
//
// When the server answers REFRESH_INVALID, REFRESH_REUSED or SESSION_REVOKED
// the session is over: everything fails with [ErrSessionEnded] from then on,
// and the user must log in again. Its store is cleared, except after
// REFRESH_INVALID: another server may know that refresh token.
//
// # A second factor
//
// The server may want more than a password, such as a code from a phone. Login
// then returns a [ChallengeError], which says what to ask the user for and
// takes what they give:
//
//	session, err := authclient.Login(ctx, authConn, "ada", password)
//	if challenge, ok := errors.AsType[*authclient.ChallengeError](err); ok {
//		session, err = challenge.Answer(ctx, ask(challenge.Method))
//	}
//
// It can be answered again after a wrong answer, for as long as it stands; and
// an answer may bring the next challenge. What Login was given holds for the
// answer: client, scopes, audiences, label, store.
//
// # Lost answers, crashes, restarts
//
// Every refresh carries an idempotency key: 128 random bits, new for each
// refresh token. Both are kept before they are sent, and sent again together
// until an answer is there; then the successor takes their place. The server
// answers a retry with the same successor, to that key only. So an answer that
// is lost on its way logs nobody out, however late the retry comes.
//
// A session lives in memory, unless it is given a [TokenStore]:
//
//	tokens, err := authclient.NewFileStore(filepath.Join(configDir, "session.json"))
//	...
//	session, err := authclient.Resume(ctx, authConn, tokens)
//	if errors.Is(err, authclient.ErrNoSession) || errors.Is(err, authclient.ErrSessionEnded) {
//		session, err = authclient.Login(ctx, authConn, "ada", password, authclient.WithStore(tokens))
//	}
//
// Then it survives the program, also one that is killed: at whatever step that
// happens, what the store holds is good. Programs may share a store. One at a
// time renews, and it begins with what the store holds, not with what it
// remembers, so that no two of them use up one refresh token, which the server
// would take for theft.
//
// A renewal that can't be saved fails like one that the server does not
// answer: the token in use is good until it expires, and it is tried again.
//
// # Proving anew who the user is
//
// A method may want a password that was given lately; the reason is
// REAUTHENTICATION_REQUIRED. No renewal helps there and none is tried.
// [Session.Reauthenticate] does, with the user's password. Where the server
// wants a second factor it returns a [ChallengeError]: answer it as at a Login.
//
// # Services
//
// [ClientCredentials] is the same for a program that calls in its own name: a
// token that renews itself, by a secret or by a key that signs.
//
//	reporter, err := authclient.NewClientCredentials(authConn, "reporter", authclient.ClientSecret(secret))
//	if err != nil { return err }
//	defer reporter.Close()
//	conn, err := grpc.NewClient(address, append(reporter.DialOptions(), ...)...)
//
// # Retry
//
// A call over a connection made with DialOptions is made a second
// time, with a newer token, when the server refused the first for one of
//
//   - TOKEN_EXPIRED
//   - TOKEN_OUTDATED: the user's rights changed
//   - TOKEN_KEY_UNKNOWN: the issuer's key was changed
//
// and nothing of an answer has been seen: a unary call, or a server stream
// with its one request, before its first message was received or its header
// was read. Client and bidirectional streams are not retried; open them again.
//
// Nothing is done twice: the answer must carry a www-authenticate header, which
// a guard sends only with a call that it refused before the handler ran. A
// handler that passes on such an error of another service is not called again,
// nor is a stream that was let in and ended with its token.
//
// There is never a third attempt. If the token was renewed while the first was
// under way, the second uses what is there; otherwise it waits for a renewal.
// Renewals for a server that refuses even fresh tokens are spaced out like
// those that fail; in between, its refusal is final. The caller sees the
// header, trailer, peer and error of the last attempt.
//
// # Plaintext
//
// Passwords and tokens leave only over a connection that is encrypted
// (PrivacyAndIntegrity, such as TLS) or whose peer is local: a Unix socket, an
// in-memory connection, a loopback address (RFC 6750 §5.3). The connection
// that was picked for the attempt is looked at, when it has been picked and
// before anything is written; what was dialled does not matter. Anything else
// fails with [ErrPlaintext], unless [InsecureAllowPlaintext] is given.
//
// What listens on a local address is trusted with what it is sent. Mind a
// tunnel or an HTTP proxy on loopback that leads to somewhere else.
//
// # Errors
//
// [Reason] is why a server refused, for programs:
//
//	switch authclient.Reason(err) {
//	case grpcauthv1.Reason_REASON_SCOPE_MISSING:
//		return errors.New("you may read notes but not write them")
//	case grpcauthv1.Reason_REASON_REAUTHENTICATION_REQUIRED:
//		return session.Reauthenticate(ctx, askForThePassword())
//	}
package authclient
