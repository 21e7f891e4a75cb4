package authclient_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcauth/grpcauth/authclient"
	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/internal/fault"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// clientIssuer issues client-1, client-2, … to whoever asks.
type clientIssuer struct {
	grpcauthv1.UnimplementedAuthServiceServer
	lifetime time.Duration
	answer   func(n int) error

	mu    sync.Mutex
	asked []*grpcauthv1.IssueClientTokenRequest
}

func (c *clientIssuer) IssueClientToken(_ context.Context, req *grpcauthv1.IssueClientTokenRequest) (*grpcauthv1.IssueClientTokenResponse, error) {
	c.mu.Lock()
	c.asked = append(c.asked, req)
	n := len(c.asked)
	c.mu.Unlock()
	if c.answer != nil {
		if err := c.answer(n); err != nil {
			return nil, err
		}
	}
	return &grpcauthv1.IssueClientTokenResponse{
		AccessToken: fmt.Sprintf("client-%d", n), TokenType: "Bearer", ExpiresIn: durationpb.New(c.lifetime),
	}, nil
}

func (c *clientIssuer) requests() []*grpcauthv1.IssueClientTokenRequest {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clip(c.asked)
}

func newClientCredentials(t *testing.T, conn grpc.ClientConnInterface, proof authclient.ClientProof, opts ...authclient.Option) *authclient.ClientCredentials {
	t.Helper()
	creds, err := authclient.NewClientCredentials(conn, "reporter", proof, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(creds.Close)
	return creds
}

func TestClientCredentialsRenewThemselves(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := &clientIssuer{lifetime: 15 * time.Minute}
		creds := newClientCredentials(t, serveAuth(t, auth), authclient.ClientSecret("the secret"),
			authclient.WithScopes("notes.read"), authclient.WithAudiences("https://notes.example"))
		synctest.Wait()
		if n := len(auth.requests()); n != 1 {
			t.Errorf("%d tokens were asked for at the start, want one", n)
		}
		for range 24 * 60 {
			time.Sleep(time.Minute)
			began := time.Now()
			if _, err := creds.Token(t.Context()); err != nil || time.Since(began) != 0 {
				t.Fatalf("waited %s, %v", time.Since(began), err)
			}
		}
		asked := auth.requests()
		if n := len(asked); n < 96 || n > 160 {
			t.Errorf("%d renewals in a day", n)
		}
		for _, r := range asked {
			if r.GetClientId() != "reporter" || r.GetClientSecret() != "the secret" || r.GetClientAssertion() != "" ||
				!slices.Equal(r.GetScopes(), []string{"notes.read"}) || !slices.Equal(r.GetAudiences(), []string{"https://notes.example"}) {
				t.Fatalf("asked for %v", r)
			}
		}
	})
}

func TestClientCredentialsAreRetriedWhereANewTokenHelps(t *testing.T) {
	t.Parallel()
	auth := &clientIssuer{lifetime: time.Hour}
	creds := newClientCredentials(t, serveAuth(t, auth), authclient.ClientSecret("the secret"))
	res := &resource{admit: refuse("Bearer client-1", grpcauthv1.Reason_REASON_TOKEN_OUTDATED)}
	listener := serve(t, func(r grpc.ServiceRegistrar) { testkitv1.RegisterStreamsServiceServer(r, res) }, res.options()...)
	client := testkitv1.NewStreamsServiceClient(dial(t, listener, creds.DialOptions()...))
	if err := call(client); err != nil {
		t.Error(err)
	}
	if want := []string{"Bearer client-1", "Bearer client-2"}; !slices.Equal(res.attempts(), want) {
		t.Errorf("attempts %q, want %q", res.attempts(), want)
	}
}

// A client that is refused may be mended at the server, so it asks on.
func TestAClientThatIsRefusedAsksOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		auth := &clientIssuer{lifetime: time.Hour, answer: func(n int) error {
			if n <= 5 {
				return fault.Because(grpcauthv1.Reason_REASON_INVALID_CLIENT, nil)
			}
			return nil
		}}
		creds := newClientCredentials(t, serveAuth(t, auth), authclient.ClientSecret("the secret"))
		_, err := creds.Token(t.Context())
		if authclient.Reason(err) != grpcauthv1.Reason_REASON_INVALID_CLIENT || status.Code(err) != codes.Unauthenticated || errors.Is(err, authclient.ErrSessionEnded) {
			t.Errorf("Token = %v", err)
		}
		if err != nil && strings.Contains(err.Error(), "the secret") {
			t.Errorf("the error shows the secret: %v", err)
		}
		time.Sleep(2 * time.Minute)
		if text, err := creds.Token(t.Context()); err != nil || text != "client-6" {
			t.Errorf("Token = %v", err)
		}
		creds.Close()
		if _, err := creds.Token(t.Context()); !errors.Is(err, authclient.ErrClosed) {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestClientCredentialsThatCantBe(t *testing.T) {
	t.Parallel()
	shared, err := token.NewHMACKey("", []byte("32 bytes of a secret for testing"))
	if err != nil {
		t.Fatal(err)
	}
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	secret := authclient.ClientSecret("s")
	for name, tc := range map[string]struct {
		id    string
		proof authclient.ClientProof
		opts  []authclient.Option
		want  string
	}{
		"no client":           {"", secret, nil, "name the client"},
		"no proof":            {"c", authclient.ClientProof{}, nil, "the proof is empty"},
		"an empty secret":     {"c", authclient.ClientSecret(""), nil, "the proof is empty"},
		"no key":              {"c", authclient.PrivateKeyJWT("https://auth.test", nil), nil, "the proof is empty"},
		"no issuer":           {"c", authclient.PrivateKeyJWT("", key), nil, "without an issuer"},
		"a shared secret":     {"c", authclient.PrivateKeyJWT("https://auth.test", shared), nil, "use a private key"},
		"a label":             {"c", secret, []authclient.Option{authclient.WithLabel("l")}, "leave them out"},
		"a store":             {"c", secret, []authclient.Option{authclient.WithStore(&inMemory{})}, "leave them out"},
		"the client id twice": {"c", secret, []authclient.Option{authclient.WithClientID("c")}, "leave them out"},
	} {
		creds, err := authclient.NewClientCredentials(nil, tc.id, tc.proof, tc.opts...)
		if err == nil {
			creds.Close()
		}
		if err == nil || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: %v, want %q", name, err, tc.want)
		}
	}
}

// checklist: B2
func TestClientCredentialsShowNoSecret(t *testing.T) {
	t.Parallel()
	proof := authclient.ClientSecret("the secret")
	creds := newClientCredentials(t, serveAuth(t, &clientIssuer{lifetime: time.Hour}), proof)
	if _, err := creds.Token(t.Context()); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]any{"ClientCredentials": creds, "ClientProof": proof, "a pointer": &proof} {
		var log strings.Builder
		slog.New(slog.NewTextHandler(&log, nil)).Info("made", "value", value)
		for _, text := range []string{log.String(), fmt.Sprintf("%v %+v %#v %s %q %x %d", value, value, value, value, value, value, value)} {
			if strings.Contains(text, "secret") || strings.Contains(text, "client-1") || strings.Contains(text, "746865") || !strings.Contains(text, "redacted") {
				t.Errorf("%s shows %s", name, text)
			}
		}
	}
}

// checklist: B7
func TestClientSecretIsNotSentInPlaintext(t *testing.T) {
	t.Parallel()
	n, w := newNetwork(t, "tcp", "127.0.0.1:0"), new(wire)
	far := n.connect(t, w, insecure.NewCredentials())
	_, err := newClientCredentials(t, far, authclient.ClientSecret("the secret")).Token(t.Context())
	if !errors.Is(err, authclient.ErrPlaintext) || strings.Contains(w.text(), "the secret") {
		t.Errorf("Token = %v, and the wire saw %q", err, w.text())
	}
	// This network's AuthService has no clients, so it is reached and refuses.
	_, err = newClientCredentials(t, far, authclient.ClientSecret("the secret"), authclient.InsecureAllowPlaintext()).Token(t.Context())
	if status.Code(err) != codes.Unimplemented || !strings.Contains(w.text(), "the secret") {
		t.Errorf("when allowed: %v", err)
	}
}

// checklist: C1 C2 I4
func TestEndToEndClientCredentials(t *testing.T) {
	t.Parallel()
	everyIssuer(t, func(t *testing.T, i *issuer) {
		key, err := token.GenerateKey(token.EdDSA)
		if err != nil {
			t.Fatal(err)
		}
		jwks, err := token.MarshalJWKS(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		secret, kept := authsvc.NewClientSecret(i.Now(), time.Time{})
		reporter := store.Client{
			ID: "reporter", Service: true, Scopes: []string{"notes.read", "notes.write"}, JWKS: jwks,
			Secrets: []store.ClientSecret{kept}, CreatedAt: i.Now(),
		}
		if err := authsvc.CheckClient(reporter, i.Now()); err != nil {
			t.Fatal(err)
		}
		if err := i.store.AddClient(t.Context(), reporter); err != nil {
			t.Fatal(err)
		}
		for name, proof := range map[string]authclient.ClientProof{
			"a secret": authclient.ClientSecret(secret), "a key": authclient.PrivateKeyJWT("https://auth.test", key),
		} {
			creds := newClientCredentials(t, i.connect(t), proof, authclient.WithScopes("notes.read"))
			for range 3 { // an assertion is used once
				if err := creds.Refresh(t.Context()); err != nil {
					t.Fatalf("%s: %v", name, err)
				}
				raw, err := creds.Token(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				claims, err := i.auth.Verifier().Verify(t.Context(), raw)
				if err != nil {
					t.Fatal(err)
				}
				if claims.Subject() != "client:reporter" || claims.ClientID() != "reporter" || !slices.Equal(claims.Scopes(), []string{"notes.read"}) || claims.SessionID() != "" {
					t.Errorf("%s: %v", name, claims)
				}
			}
			if err := call(i.resource(t, interceptor.Scopes("notes.read"), creds.DialOptions())); err != nil {
				t.Errorf("%s: a guarded call: %v", name, err)
			}
			err := call(i.resource(t, interceptor.Scopes("notes.write"), creds.DialOptions()))
			if authclient.Reason(err) != grpcauthv1.Reason_REASON_SCOPE_MISSING {
				t.Errorf("%s: a call that wants a scope it did not ask for: %v", name, err)
			}
		}
		other, err := token.GenerateKey(token.EdDSA)
		if err != nil {
			t.Fatal(err)
		}
		for name, proof := range map[string]authclient.ClientProof{
			"another secret": authclient.ClientSecret(secret + "x"), "another key": authclient.PrivateKeyJWT("https://auth.test", other),
			"for another issuer": authclient.PrivateKeyJWT("https://other.test", key),
		} {
			_, err := newClientCredentials(t, i.connect(t), proof).Token(t.Context())
			if authclient.Reason(err) != grpcauthv1.Reason_REASON_INVALID_CLIENT {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
