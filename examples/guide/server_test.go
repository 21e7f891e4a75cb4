package guide_test

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/test/bufconn"

	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

// Who makes tokens, and who takes them.
const (
	shopIssuer    = "https://auth.shop.example"
	partnerIssuer = "https://partner.example"
	audience      = "https://shop.example"
)

// privateKey belongs to an issuer, or to a certificate's owner. It is the same
// at every run, so that the page stays the same.
func privateKey(owner string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("for tests only: " + owner))
	return ed25519.NewKeyFromSeed(seed[:])
}

// bearer is a token: what the page shows of it.
type bearer struct {
	typ    string         // "" is at+jwt
	claims map[string]any // beside those that every token has
}

// mint makes the token as an issuer would that is not of this module.
func (b *bearer) mint(t *testing.T) string {
	t.Helper()
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": shopIssuer, "aud": audience, "client_id": "shop-app", "jti": "4f1c",
		"iat": now.Unix(), "exp": now.Add(15 * time.Minute).Unix(),
	}
	for name, value := range b.claims {
		switch v := value.(type) {
		case ago:
			value = now.Add(-time.Duration(v)).Unix()
		case certificateOf:
			value = map[string]string{"x5t#S256": thumbprint(t, string(v))}
		}
		claims[name] = value
	}
	made := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	made.Header["typ"], made.Header["kid"] = "at+jwt", "k"
	if b.typ != "" {
		made.Header["typ"] = b.typ
	}
	raw, err := made.SignedString(privateKey(claims["iss"].(string)))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// What a claim may be that is only known when the token is made.
type (
	ago           time.Duration // a time
	certificateOf string        // the confirmation of somebody's certificate
)

// show is a token as the page has it, read from the token that is sent. What
// every token has is left out.
func show(t *testing.T, raw string) string {
	t.Helper()
	parts := strings.Split(raw, ".")
	header, claims := decode(t, parts[0]), decode(t, parts[1])
	expires := time.Unix(int64(claims["exp"].(float64)), 0)
	for _, name := range []string{"aud", "client_id", "jti", "iat", "exp"} {
		delete(claims, name)
	}
	if claims["iss"] == shopIssuer {
		delete(claims, "iss")
	}
	text := object(t, claims)
	if login, ok := claims["auth_time"].(float64); ok {
		text += " (auth_time is " + time.Since(time.Unix(int64(login), 0)).String() + " ago)"
	}
	if past := time.Since(expires); past > 0 {
		text += " (expired " + past.String() + " ago)"
	}
	if header["typ"] != "at+jwt" {
		text = `{"typ":"` + header["typ"].(string) + `"} ` + text
	}
	return text
}

func decode(t *testing.T, part string) map[string]any {
	t.Helper()
	text, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		t.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(text, &members); err != nil {
		t.Fatal(err)
	}
	return members
}

// object is JSON with the issuer and the subject first.
func object(t *testing.T, members map[string]any) string {
	t.Helper()
	names := []string{"iss", "sub"}
	for name := range members {
		names = append(names, name)
	}
	slices.Sort(names[2:])
	var out []string
	for i, name := range names {
		if value, ok := members[name]; ok && !slices.Contains(names[:i], name) {
			text, err := json.Marshal(value)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, `"`+name+`":`+string(text))
		}
	}
	return "{" + strings.Join(out, ",") + "}"
}

// verifier trusts issuers.
func verifier(t *testing.T, issuers ...string) *token.Verifier {
	t.Helper()
	config := token.VerifierConfig{}
	for _, name := range issuers {
		key, err := token.NewKey(token.EdDSA, "k", privateKey(name).Public())
		if err != nil {
			t.Fatal(err)
		}
		keys, err := token.NewStaticKeys(key)
		if err != nil {
			t.Fatal(err)
		}
		config.Issuers = append(config.Issuers, token.TrustedIssuer{Issuer: name, Audiences: []string{audience}, Keys: keys})
	}
	v, err := token.NewVerifier(config)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// serve starts a guarded server with TLS and gives connections to it as the
// owner of a certificate, or of none.
func serve(t *testing.T, guard *interceptor.Guard, register func(grpc.ServiceRegistrar)) func(owner string) *grpc.ClientConn {
	t.Helper()
	roots := x509.NewCertPool()
	for _, owner := range []string{"shop.example", "ada", "mallory"} {
		roots.AddCert(certificate(t, owner).Leaf)
	}
	srv := grpc.NewServer(append(guard.ServerOptions(), grpc.Creds(credentials.NewTLS(&tls.Config{
		Certificates: []tls.Certificate{certificate(t, "shop.example")},
		ClientAuth:   tls.VerifyClientCertIfGiven, ClientCAs: roots, MinVersion: tls.VersionTLS13,
	})))...)
	register(srv)
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	listener := bufconn.Listen(1 << 16)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(listener) // ends with Stop below
	}()
	t.Cleanup(func() {
		srv.Stop()
		<-served
	})
	return func(owner string) *grpc.ClientConn {
		config := &tls.Config{RootCAs: roots, ServerName: "shop.example", MinVersion: tls.VersionTLS13}
		if owner != "" {
			config.Certificates = []tls.Certificate{certificate(t, owner)}
		}
		conn, err := grpc.NewClient("passthrough:bufconn", grpc.WithTransportCredentials(credentials.NewTLS(config)),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		return conn
	}
}

// certificate is its owner's own word.
func certificate(t *testing.T, owner string) tls.Certificate {
	t.Helper()
	key := privateKey(owner)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: owner}, DNSNames: []string{owner},
		NotBefore: time.Now().Add(-time.Hour).Truncate(time.Hour), NotAfter: time.Now().Add(24 * time.Hour).Truncate(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}
}

// thumbprint is what a token is bound to (RFC 8705 §3.1).
func thumbprint(t *testing.T, owner string) string {
	t.Helper()
	sum := sha256.Sum256(certificate(t, owner).Certificate[0])
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
