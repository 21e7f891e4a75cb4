package authclient

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

const (
	// assertionKind is the `typ` of an assertion, so that it is taken for no
	// other token.
	assertionKind token.Kind = "client-authentication+jwt"
	// assertionLife leaves room for a clock of ours that is minutes wrong. A
	// server takes at most five.
	assertionLife = 150 * time.Second
)

// ClientProof is how a client shows who it is: a secret that it shares with
// the server, or a key that nobody else has. Printing or logging it shows
// nothing of either.
type ClientProof struct {
	secret func() string // nil for none; a field would be printed with what holds a ClientProof
	issuer string        // for whom an assertion is
	key    *token.SigningKey
}

// ClientSecret proves the client by a secret that the server gave out for it
// (RFC 6749 §2.3.1).
func ClientSecret(secret string) ClientProof {
	if secret == "" {
		return ClientProof{}
	}
	return ClientProof{secret: func() string { return secret }}
}

// PrivateKeyJWT proves the client by a JWT that it signs with its private
// key, for issuer, which is the server's `iss`, such as "https://auth.example"
// (RFC 7523 §3, "private_key_jwt"). The server knows the public key. Each
// renewal signs a new one, which is good for minutes, and once.
func PrivateKeyJWT(issuer string, key *token.SigningKey) ClientProof {
	return ClientProof{issuer: issuer, key: key}
}

func (p ClientProof) check() error {
	switch {
	case p.secret != nil:
		return nil
	case p.key == nil:
		return errors.New("the proof is empty: pass a secret to ClientSecret, or a key to PrivateKeyJWT")
	case p.issuer == "":
		return errors.New("PrivateKeyJWT without an issuer: name the server as its tokens do in `iss`")
	case strings.HasPrefix(string(p.key.Algorithm()), "HS"):
		return errors.New("PrivateKeyJWT with a shared secret: use a private key, such as one of token.GenerateKey, or ClientSecret")
	}
	return nil
}

// prove adds the proof to a request.
func (p ClientProof) prove(ctx context.Context, r *grpcauthv1.IssueClientTokenRequest) error {
	if p.secret != nil {
		r.Proof = &grpcauthv1.IssueClientTokenRequest_ClientSecret{ClientSecret: p.secret()}
		return nil
	}
	assertion, err := p.assert(ctx, r.GetClientId())
	r.Proof = &grpcauthv1.IssueClientTokenRequest_ClientAssertion{ClientAssertion: assertion}
	return err
}

// assert makes the client the issuer of a token about itself. Every token has
// a random jti of its own.
func (p ClientProof) assert(ctx context.Context, clientID string) (string, error) {
	issuer, err := token.NewIssuer(token.IssuerConfig{Issuer: clientID, Audience: []string{p.issuer}, Key: p.key, Lifetime: assertionLife})
	if err != nil {
		return "", err
	}
	raw, _, err := issuer.Issue(ctx, token.Spec{Kind: assertionKind, Subject: clientID})
	return raw, err
}

const redactedProof = "authclient.ClientProof{redacted}"

// Format prints the same for every verb and flag.
func (p ClientProof) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, redactedProof) }

// LogValue says what this is, and nothing else.
func (p ClientProof) LogValue() slog.Value { return slog.StringValue(redactedProof) }
