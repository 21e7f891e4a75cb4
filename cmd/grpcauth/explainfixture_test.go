package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"
	"time"

	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// explained is when, by whom and for whom the tokens of these tests are good.
const (
	explainedAt     = "2026-01-31T12:00:00Z"
	explainedMethod = "/grpc.health.v1.Health/Check"
)

// forger signs whatever it is told to, right or wrong.
type forger struct {
	t       *testing.T
	private ed25519.PrivateKey
	kid     string
}

func newForger(t *testing.T) *forger {
	t.Helper()
	seed := sha256.Sum256([]byte("explain"))
	return &forger{t: t, private: ed25519.NewKeyFromSeed(seed[:]), kid: "k1"}
}

// key verifies what the forger signs.
func (f *forger) key() *token.Key {
	f.t.Helper()
	key, err := token.NewKey(token.EdDSA, f.kid, f.private.Public())
	if err != nil {
		f.t.Fatal(err)
	}
	return key
}

// jwks writes a file with the key.
func (f *forger) jwks() string {
	f.t.Helper()
	set, err := token.MarshalJWKS(f.key())
	if err != nil {
		f.t.Fatal(err)
	}
	return write(f.t, "jwks.json", string(set), 0o600)
}

// sign makes a token of a header and a payload as they are.
func (f *forger) sign(header, payload string) string {
	signed := encode(header) + "." + encode(payload)
	return signed + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(f.private, []byte(signed)))
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

const accessHeader = `{"alg":"EdDSA","kid":"k1","typ":"at+jwt"}`

// with makes a good access token but for the claims that are named: nil leaves
// one out.
func (f *forger) with(changed map[string]any) string {
	f.t.Helper()
	return f.sign(accessHeader, f.payload(changed))
}

func (f *forger) payload(changed map[string]any) string {
	f.t.Helper()
	at := explainedTime(f.t).Unix()
	claims := map[string]any{
		"iss": testIssuer, "aud": testAudience, "sub": "ada", "client_id": "web", "jti": "t1",
		"iat": at - 60, "exp": at + 600, "auth_time": at - 3600, "scope": "notes.read", "roles": []string{"editor"},
		"tier": "gold", "level": 3, "beta": true, "groups": []any{"a", 1, false, map[string]any{"x": 1}},
	}
	maps.Copy(claims, changed)
	maps.DeleteFunc(claims, func(_ string, value any) bool { return value == nil })
	payload, err := json.Marshal(claims)
	if err != nil {
		f.t.Fatal(err)
	}
	return string(payload)
}

func explainedTime(t *testing.T) time.Time {
	t.Helper()
	at, err := time.Parse(time.RFC3339, explainedAt)
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// healthFile is health.proto with a rule beside Check, none when it is nil.
func healthFile(t *testing.T, rule *grpcauthv1.Rule) *descriptorpb.FileDescriptorProto {
	t.Helper()
	file := protodesc.ToFileDescriptorProto(healthv1.File_grpc_health_v1_health_proto)
	if rule != nil {
		options := &descriptorpb.MethodOptions{}
		proto.SetExtension(options, grpcauthv1.E_Rule, rule)
		file.GetService()[0].GetMethod()[0].Options = options
	}
	return file
}

// explainArgs is a command line that explains a call of Check under a rule,
// with a token unless raw is "".
func explainArgs(t *testing.T, f *forger, rule *grpcauthv1.Rule, raw string, more ...string) []string {
	t.Helper()
	args := []string{
		"explain", "--method", explainedMethod, "--descriptor-set", setOf(t, healthFile(t, rule)),
		"--issuer", testIssuer, "--audience", testAudience, "--jwks", f.jwks(), "--at", explainedAt,
	}
	if raw != "" {
		args = append(args, "--token", write(t, "token", raw+"\n", 0o600))
	}
	return append(args, more...)
}

// explainRun runs it, and sees to it that the token is told to nobody.
func explainRun(t *testing.T, raw, stdin string, args ...string) outcome {
	t.Helper()
	got := runWith(t, stdin, nil, args...)
	for part := range strings.SplitSeq(raw, ".") {
		if len(part) > 20 && strings.Contains(got.stdout+got.stderr, part) {
			t.Errorf("the token is in what it says:\n%s%s", got.stdout, got.stderr)
		}
	}
	return got
}

// certificateFile writes a certificate, and gives its thumbprint as cnf has it.
func certificateFile(t *testing.T) (path, thumbprint string) {
	t.Helper()
	path, _, _ = selfSigned(t)
	certificate, err := readCertificate(path)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(certificate.Raw)
	return path, base64.RawURLEncoding.EncodeToString(sum[:])
}
