package policy

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

const (
	passes          grpcauthv1.Reason = 0
	issuerDenied                      = grpcauthv1.Reason_REASON_ISSUER_DENIED
	wrongKind                         = grpcauthv1.Reason_REASON_TOKEN_KIND
	reauthenticate                    = grpcauthv1.Reason_REASON_REAUTHENTICATION_REQUIRED
	roleDenied                        = grpcauthv1.Reason_REASON_ROLE_DENIED
	noScope                           = grpcauthv1.Reason_REASON_SCOPE_MISSING
	noRole                            = grpcauthv1.Reason_REASON_ROLE_MISSING
	claimMissing                      = grpcauthv1.Reason_REASON_CLAIM_MISSING
	claimMismatch                     = grpcauthv1.Reason_REASON_CLAIM_MISMATCH
	bindingMismatch                   = grpcauthv1.Reason_REASON_BINDING_MISMATCH
)

const (
	issuerA = "https://a.test"
	issuerB = "https://b.test"
)

// now is the clock of every test.
var now = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func clock() time.Time { return now }

// secret signs what it is told to, also what no issuer of ours would make.
var secret = []byte(strings.Repeat("k", 32))

// verifier trusts issuerA and issuerB.
var verifier = sync.OnceValue(func() *token.Verifier {
	key, err := token.NewHMACKey("k", secret)
	if err != nil {
		panic(err)
	}
	keys, err := token.NewStaticKeys(key.Public())
	if err != nil {
		panic(err)
	}
	trust := func(issuer string) token.TrustedIssuer {
		return token.TrustedIssuer{Issuer: issuer, Audiences: []string{"api"}, Keys: keys}
	}
	v, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{trust(issuerA), trust(issuerB)}, Now: clock})
	if err != nil {
		panic(err)
	}
	return v
})

// prove verifies an access token with these claims beside those that every
// token has; sub and iss may be among them.
func prove(tb testing.TB, members string) (*token.Claims, error) {
	tb.Helper()
	return proveTyp(tb, "at+jwt", members)
}

func proveTyp(tb testing.TB, typ, members string) (*token.Claims, error) {
	tb.Helper()
	payload := `{"aud":"api","client_id":"web","jti":"1","iat":1772366400,"exp":1772370000`
	for _, standard := range []string{`"sub":"ada"`, `"iss":"` + issuerA + `"`} {
		if name, _, _ := strings.Cut(standard, ":"); !strings.Contains(members, name+":") {
			payload += "," + standard
		}
	}
	if members != "" {
		payload += "," + members
	}
	signed := b64(`{"alg":"HS256","typ":"`+typ+`","kid":"k"}`) + "." + b64(payload+"}")
	mac := hmac.New(sha256.New, secret)
	mac.Write([]byte(signed))
	return verifier().Verify(tb.Context(), signed+"."+b64(string(mac.Sum(nil))), token.Access, "reset+jwt")
}

func b64(s string) string { return base64.RawURLEncoding.EncodeToString([]byte(s)) }

// proven is prove where it must succeed.
func proven(tb testing.TB, members string) *token.Claims {
	tb.Helper()
	claims, err := prove(tb, members)
	if err != nil {
		tb.Fatalf("the token of the test is refused: %v\n%s", err, members)
	}
	return claims
}

// compiled is a rule for methods that take a BindRequest.
func compiled(tb testing.TB, rule *grpcauthv1.Rule) *Policy {
	tb.Helper()
	p, err := Compile(rule, bindRequest(), nil)
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func bindRequest() protoreflect.MessageDescriptor {
	return (&testkitv1.BindRequest{}).ProtoReflect().Descriptor()
}

// decide holds claims and request to all of a policy, in the order in which
// the interceptor does.
func decide(p *Policy, claims *token.Claims, request proto.Message) grpcauthv1.Reason {
	if err := p.CheckToken(claims); err != nil {
		return fault.ReasonOf(err)
	}
	if _, err := p.CheckHolder(claims, clock); err != nil {
		return fault.ReasonOf(err)
	}
	return fault.ReasonOf(p.CheckRequest(claims, request.ProtoReflect()))
}

// claimRule is a rule of claims alone.
func claimRule(matches ...*grpcauthv1.ClaimMatch) *grpcauthv1.Rule {
	return &grpcauthv1.Rule{Claims: matches}
}

func b64Text(s string) string {
	text, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}
