package authsvc_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"math/big"
	"net/netip"
	"slices"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// checklist: C1 C2 I1 I2 I4 I5
func TestAServiceGetsATokenForItself(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		secret := w.addClient()
		req := bySecret("crawler", secret)
		req.Scopes = []string{"notes.index", "notes.write"}
		resp, err := w.IssueClientToken(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		if resp.GetTokenType() != "Bearer" || resp.GetExpiresIn().AsDuration() != authsvc.DefaultAccessTTL || !slices.Equal(resp.GetScopes(), []string{"notes.index"}) {
			t.Errorf("got %q for %s with %q", resp.GetTokenType(), resp.GetExpiresIn().AsDuration(), resp.GetScopes())
		}
		claims := w.claims(&grpcauthv1.Tokens{AccessToken: resp.GetAccessToken()})
		counters, ok := claims.Counters()
		switch {
		case claims.Kind() != token.Access || claims.Subject() != "client:crawler" || claims.ClientID() != "crawler":
			t.Errorf("the token is of kind %q, subject %q, client %q", claims.Kind(), claims.Subject(), claims.ClientID())
		case !slices.Equal(claims.Scopes(), []string{"notes.index"}) || !slices.Equal(claims.Audience(), []string{"notes"}):
			t.Errorf("it is for %q with %q", claims.Audience(), claims.Scopes())
		case claims.SessionID() != "" || !claims.AuthTime().IsZero() || len(claims.Roles()) > 0:
			t.Error("it tells of a session, a login or a role")
		case !ok || counters != token.Counters{All: 1, Client: 1, Subject: 1}:
			t.Errorf("its counters are %+v, %v", counters, ok)
		case claims.ID() == "" || claims.Bound():
			t.Error("it has no id, or is bound")
		}
		if got := w.entries("client_token"); len(got) > 0 {
			t.Errorf("the audit record grows with every token: %+v", got)
		}
	})
}

// checklist: I5
func TestWhatAServiceMayBeGranted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) { s.config.Audiences = []string{"notes", "mail"} })
	secret := w.addClient(func(c *store.Client) {
		c.Scopes, c.Audiences = []string{"notes.read", "grpcauth.introspect"}, []string{"mail", "elsewhere"}
	})
	nowhere := w.addClient(func(c *store.Client) { c.ID, c.Audiences = "lost", []string{"elsewhere"} })
	none := w.addClient(func(c *store.Client) { c.ID, c.Scopes = "plain", nil })
	for name, tc := range map[string]struct {
		id, secret        string
		scopes, audiences []string
		want              string
		granted, for_     []string
	}{
		"all":                 {"crawler", secret, nil, nil, "OK", []string{"notes.read", "grpcauth.introspect"}, []string{"mail"}},
		"some":                {"crawler", secret, []string{"notes.read", "admin"}, []string{"mail", "notes"}, "OK", []string{"notes.read"}, []string{"mail"}},
		"nothing of it":       {"crawler", secret, []string{"admin"}, nil, "PermissionDenied SCOPE_NOT_GRANTED", nil, nil},
		"a foreign audience":  {"crawler", secret, nil, []string{"notes"}, "PermissionDenied SCOPE_NOT_GRANTED", nil, nil},
		"one outside of ours": {"crawler", secret, nil, []string{"elsewhere"}, "PermissionDenied SCOPE_NOT_GRANTED", nil, nil},
		"no audience of ours": {"lost", nowhere, nil, nil, "PermissionDenied SCOPE_NOT_GRANTED", nil, nil},
		"no scope at all":     {"plain", none, nil, nil, "OK", nil, []string{"notes", "mail"}},
	} {
		t.Run(name, func(t *testing.T) {
			req := bySecret(tc.id, tc.secret)
			req.Scopes, req.Audiences = tc.scopes, tc.audiences
			tokens, err := w.clientToken(req)
			wantRefusal(t, err, tc.want)
			if err != nil {
				return
			}
			if claims := w.claims(tokens); !slices.Equal(claims.Scopes(), tc.granted) || !slices.Equal(claims.Audience(), tc.for_) {
				t.Errorf("granted %q for %q", claims.Scopes(), claims.Audience())
			}
		})
	}
}

// checklist: C1
func TestProofsOfClientsThatAreRefused(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use)
		secret, other := w.addClient(), w.addClient(func(c *store.Client) { c.ID = "other" })
		disabled := w.addClient(func(c *store.Client) { c.ID = "disabled" })
		w.disableClient("disabled")
		old, kept := authsvc.NewClientSecret(w.clock.Now(), w.clock.Now().Add(time.Hour))
		w.addClient(func(c *store.Client) { c.ID, c.Secrets = "expired", []store.ClientSecret{kept} })
		w.addClient(func(c *store.Client) { c.ID, c.Secrets = "none", nil })
		w.addApp("web")
		w.clock.advance(time.Hour)
		hash := sha256.Sum256([]byte(secret))
		message := ""
		for name, req := range map[string]*grpcauthv1.IssueClientTokenRequest{
			"an unknown client":           bySecret("nobody", secret),
			"a disabled client":           bySecret("disabled", disabled),
			"a wrong secret":              bySecret("crawler", "gcs_"+rand.Text()),
			"another client's secret":     bySecret("crawler", other),
			"a secret that is cut":        bySecret("crawler", secret[:len(secret)-1]),
			"a secret with a tail":        bySecret("crawler", secret+" "),
			"the hash of the secret":      bySecret("crawler", base64.RawURLEncoding.EncodeToString(hash[:])),
			"an expired secret":           bySecret("expired", old),
			"a client without secrets":    bySecret("none", secret),
			"a public client":             bySecret("web", secret),
			"the default client":          bySecret("default", secret),
			"an assertion without keys":   byAssertion("crawler", "e30.e30.e30"),
			"an assertion by nobody":      byAssertion("nobody", "e30.e30.e30"),
			"an assertion by the default": byAssertion("default", "e30.e30.e30"),
		} {
			_, err := w.clientToken(req)
			wantRefusal(t, err, "Unauthenticated INVALID_CLIENT")
			if text := status.Convert(err).Message(); message != "" && text != message {
				t.Errorf("%s is told %q, others %q", name, text, message)
			}
			message = status.Convert(err).Message()
		}
		if _, err := w.clientToken(bySecret("crawler", secret)); err != nil {
			t.Errorf("the right secret: %v", err)
		}
		var failed []string
		for _, e := range w.entries("client_failed") {
			failed = append(failed, e.ClientID)
		}
		slices.Sort(failed)
		if want := []string{"", "crawler", "default", "disabled", "expired", "none", "web"}; !slices.Equal(failed, want) {
			t.Errorf("the audit record has failures of %q, want %q: of unknown clients without their name", failed, want)
		}
	})
}

// checklist: C1
func TestTwoSecretsOfAClientWorkAtOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.addClient()
	second, kept := authsvc.NewClientSecret(w.clock.Now(), time.Time{})
	w.changeClient("crawler", func(c *store.Client) { c.Secrets = append(c.Secrets, kept) })
	for _, secret := range []string{first, second} {
		_, err := w.clientToken(bySecret("crawler", secret))
		wantRefusal(t, err, "OK")
	}
	w.changeClient("crawler", func(c *store.Client) { c.Secrets = c.Secrets[1:] })
	_, err := w.clientToken(bySecret("crawler", first))
	wantRefusal(t, err, "Unauthenticated INVALID_CLIENT")
	_, err = w.clientToken(bySecret("crawler", second))
	wantRefusal(t, err, "OK")
}

func TestClientTokenRequestsThatAreRefused(t *testing.T) {
	t.Parallel()
	const noProof = "proof: must not be empty: set client_secret or client_assertion"
	w := newWorld(t)
	for name, tc := range map[string]struct {
		req    *grpcauthv1.IssueClientTokenRequest
		fields []string
	}{
		"empty":         {&grpcauthv1.IssueClientTokenRequest{}, []string{"client_id: must not be empty", noProof}},
		"an empty text": {bySecret("a", ""), []string{noProof}},
		"too long": {
			bySecret(string(make([]byte, 129)), string(make([]byte, 257))),
			[]string{"client_id: must have at most 128 bytes, has 129", "client_id: must hold no control characters", "client_secret: must have at most 256 bytes, has 257"},
		},
		"a long assertion": {byAssertion("a", string(make([]byte, 8193))), []string{"client_assertion: must have at most 8192 bytes, has 8193"}},
		"a bad scope": {
			&grpcauthv1.IssueClientTokenRequest{ClientId: "a", Proof: bySecret("a", "x").Proof, Scopes: []string{"a b"}, Audiences: []string{""}},
			[]string{"scopes[0]: must be printable ASCII without spaces, quotes and backslashes", "audiences[0]: must have 1 to 256 bytes, has 0"},
		},
	} {
		_, err := w.clientToken(tc.req)
		wantRefusal(t, err, "InvalidArgument INVALID_REQUEST")
		if fields := violated(err); !slices.Equal(fields, tc.fields) {
			t.Errorf("%s: fields %q, want %q", name, fields, tc.fields)
		}
	}
}

// checklist: B7
func TestClientSecretsAreNotReadFromPlaintext(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret := w.addClient()
	afar := fromAddress(t.Context(), "203.0.113.7")
	_, err := w.IssueClientToken(afar, bySecret("crawler", secret))
	wantRefusal(t, err, "Unauthenticated PLAINTEXT")
	_, err = w.RevokeToken(afar, &grpcauthv1.RevokeTokenRequest{Token: "x"})
	wantRefusal(t, err, "Unauthenticated PLAINTEXT")
}

// Wrong proofs are slowed down, for one client from one block of addresses. A
// right one never waits, so nobody can lock a client out.
//
// checklist: X5
func TestFailedProofsAreSlowedDown(t *testing.T) {
	t.Parallel()
	everyStore(t, func(t *testing.T, open opener) {
		w := newWorld(t, open.use, func(s *setup) {
			s.config.AllowPlaintextFrom = []netip.Prefix{netip.MustParsePrefix("203.0.112.0/22")}
		})
		secret := w.addClient()
		ask := func(id, secret, address string) error {
			_, err := w.IssueClientToken(fromAddress(t.Context(), address), bySecret(id, secret))
			return err
		}
		for range 11 {
			wantRefusal(t, ask("crawler", "wrong", "203.0.113.7"), "Unauthenticated INVALID_CLIENT")
		}
		err := ask("crawler", "wrong", "203.0.113.8")
		wantRefusal(t, err, "ResourceExhausted THROTTLED")
		if retry := comeAgainIn(err); retry <= 0 || retry > store.MaxWait {
			t.Errorf("come again in %s", retry)
		}
		wantRefusal(t, ask("crawler", secret, "203.0.113.7"), "OK")
		wantRefusal(t, ask("other", "wrong", "203.0.113.7"), "Unauthenticated INVALID_CLIENT")
		wantRefusal(t, ask("crawler", "wrong", "203.0.112.7"), "Unauthenticated INVALID_CLIENT")
		if got := w.entries("client_failed"); len(got) != 2 || got[0].Count != 12 {
			t.Errorf("recorded %+v, want 12 failures of the crawler added up, and one of nobody", got)
		}
		w.clock.advance(store.MaxWait)
		wantRefusal(t, ask("crawler", "wrong", "203.0.113.7"), "Unauthenticated INVALID_CLIENT")
	})
}

func comeAgainIn(err error) time.Duration {
	for _, d := range status.Convert(err).Details() {
		if retry, ok := d.(*errdetails.RetryInfo); ok {
			return retry.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// checklist: X5
func TestAClientThatRunsWildIsSlowedDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	secret, other := w.addClient(), w.addClient(func(c *store.Client) { c.ID = "other" })
	for range 1000 {
		if _, err := w.IssueClientToken(t.Context(), bySecret("crawler", secret)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := w.clientToken(bySecret("crawler", secret))
	wantRefusal(t, err, "ResourceExhausted THROTTLED")
	if retry := comeAgainIn(err); retry != time.Second {
		t.Errorf("come again in %s", retry)
	}
	_, err = w.clientToken(bySecret("other", other))
	wantRefusal(t, err, "OK")
	w.clock.advance(time.Second)
	_, err = w.clientToken(bySecret("crawler", secret))
	wantRefusal(t, err, "OK")
	w.clock.advance(-time.Hour)
	_, err = w.clientToken(bySecret("crawler", secret))
	wantRefusal(t, err, "OK")
}

// An unknown client takes as long as a wrong secret, roughly: a difference
// that is gone in the noise of one call tells nobody which ids there are.
func TestUnknownClientsTakeAsLongAsWrongSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.addClient()
	took := map[string][]time.Duration{}
	for range 300 {
		for _, id := range []string{"crawler", "nobody"} {
			start := time.Now()
			_, _ = w.IssueClientToken(t.Context(), bySecret(id, "gcs_wrong"))
			took[id] = append(took[id], time.Since(start))
		}
	}
	known, unknown := median(took["crawler"]), median(took["nobody"])
	t.Logf("wrong secret %s, unknown client %s", known, unknown)
	if ratio := float64(known) / float64(unknown); ratio > 2 || ratio < 0.5 {
		t.Errorf("a wrong secret takes %s, an unknown client %s", known, unknown)
	}
}

// checklist: C3
func TestATokenOfAServiceIsBoundToItsCertificate(t *testing.T) {
	t.Parallel()
	mine, theirs := clientCertificate(t), clientCertificate(t)
	var shown *x509.Certificate
	w := newWorld(t, func(s *setup) {
		s.outermost = func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			info := credentials.TLSInfo{CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity}}
			if shown != nil {
				info.State = tls.ConnectionState{PeerCertificates: []*x509.Certificate{shown}}
			}
			return handler(peer.NewContext(ctx, &peer.Peer{AuthInfo: info}), req)
		}
	})
	secret := w.addClient(func(c *store.Client) {
		c.CertificateBound, c.Scopes, c.Serves = true, []string{"grpcauth.introspect"}, []string{"notes"}
	})
	_, err := w.clientToken(bySecret("crawler", secret))
	wantRefusal(t, err, "Unauthenticated TOKEN_BINDING")
	shown = mine
	tokens, err := w.clientToken(bySecret("crawler", secret))
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := w.claims(tokens).Claim("cnf.x5t#S256").Text(); got != token.CertificateThumbprint(mine) {
		t.Errorf("it is bound to %q", got)
	}
	for _, c := range []struct {
		certificate *x509.Certificate
		want        string
	}{{mine, "OK"}, {theirs, "Unauthenticated TOKEN_BINDING"}, {nil, "Unauthenticated TOKEN_BINDING"}} {
		shown = c.certificate
		_, err := w.IntrospectToken(w.as(tokens), &grpcauthv1.IntrospectTokenRequest{Token: tokens.GetAccessToken()})
		wantRefusal(t, err, c.want)
	}
}

func clientCertificate(t *testing.T) *x509.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	made, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return made
}
