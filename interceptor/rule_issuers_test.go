package interceptor_test

import (
	"testing"

	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// twoIssuers are trusted by one server: "https://one.test" and
// "https://other.example", which a rule of testkit.proto names.
type twoIssuers struct {
	one, other *token.Issuer
	verifier   *token.Verifier
}

func newTwoIssuers(t *testing.T) twoIssuers {
	t.Helper()
	one, trustOne := issuerNamed(t, "https://one.test")
	other, trustOther := issuerNamed(t, "https://other.example")
	verifier, err := token.NewVerifier(token.VerifierConfig{Issuers: []token.TrustedIssuer{trustOne, trustOther}})
	if err != nil {
		t.Fatal(err)
	}
	return twoIssuers{one, other, verifier}
}

func issuerNamed(t *testing.T, name string) (*token.Issuer, token.TrustedIssuer) {
	t.Helper()
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := token.NewStaticKeys(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := token.NewIssuer(token.IssuerConfig{Issuer: name, Audience: []string{authtest.Audience}, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	return issuer, token.TrustedIssuer{Issuer: name, Audiences: []string{authtest.Audience}, Keys: keys}
}

// server is one that trusts both issuers.
func (i twoIssuers) server(t *testing.T, options ...interceptor.Option) *grpc.Server {
	t.Helper()
	guard, err := interceptor.New(i.verifier, options...)
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	testkitv1.RegisterStreamsServiceServer(srv, streams{})
	testkitv1.RegisterRulesServiceServer(srv, rules{})
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	return srv
}

func adaOf(t *testing.T, issuer *token.Issuer, roles ...string) string {
	t.Helper()
	raw, _, err := issuer.Issue(t.Context(), token.Spec{Subject: "ada", ClientID: "c", Roles: roles})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestRuleIssuers(t *testing.T) {
	t.Parallel()
	issuers := newTwoIssuers(t)
	for name, tc := range map[string]struct {
		rule       *grpcauthv1.Rule
		one, other outcome
	}{
		"none named: both":              {&grpcauthv1.Rule{}, ok, ok},
		"one named":                     {&grpcauthv1.Rule{Issuers: []string{"https://one.test"}}, ok, denied(issuerDenied)},
		"the other named":               {&grpcauthv1.Rule{Issuers: []string{"https://other.example"}}, denied(issuerDenied), ok},
		"both named":                    {&grpcauthv1.Rule{Issuers: []string{"https://other.example", "https://one.test"}}, ok, ok},
		"optional, too":                 {&grpcauthv1.Rule{Optional: true, Issuers: []string{"https://one.test"}}, ok, denied(issuerDenied)},
		"39 an override does not lift":  {&grpcauthv1.Rule{Issuers: []string{"https://one.test"}, Scopes: []string{"a"}, Override: &grpcauthv1.Override{Roles: []string{"admin"}}}, ok, denied(issuerDenied)},
		"the issuer before what it has": {&grpcauthv1.Rule{Issuers: []string{"https://one.test"}, DenyRoles: []string{"admin"}}, denied(roleDenied), denied(issuerDenied)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := startOwn(t, issuers.server(t, interceptor.OverrideRule("/testkit.v1.StreamsService/*", tc.rule)))
			for issuer, want := range map[*token.Issuer]outcome{issuers.one: tc.one, issuers.other: tc.other} {
				raw := adaOf(t, issuer, "admin")
				for range 2 { // the second time the token is known
					eachShape(t, conn, sending(t, "Bearer "+raw), func(t *testing.T, _ string, err error) { want.check(t, err) })
				}
			}
		})
	}
}

// The rule as a .proto has it.
func TestRuleIssuersInTheProto(t *testing.T) {
	t.Parallel()
	issuers := newTwoIssuers(t)
	client := testkitv1.NewRulesServiceClient(startOwn(t, issuers.server(t)))
	_, err := client.Issuers(sending(t, "Bearer "+adaOf(t, issuers.other)), &testkitv1.IssuersRequest{})
	ok.check(t, err)
	_, err = client.Issuers(sending(t, "Bearer "+adaOf(t, issuers.one)), &testkitv1.IssuersRequest{})
	denied(issuerDenied).check(t, err)
}

// A subject is unique within its issuer only (RFC 7519 §4.1.2).
func TestBindingOfASubjectSaysWhose(t *testing.T) {
	t.Parallel()
	issuers := newTwoIssuers(t)
	bind := &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: "user"}}}
	guard, err := interceptor.New(issuers.verifier, interceptor.OverrideRule("/testkit.v1.BindService/*", bind))
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	testkitv1.RegisterBindServiceServer(srv, binds{})
	want := `interceptor: the server is not protected, 4 problems:
    /testkit.v1.BindService/Bidi (OverrideRule): bind[0] binds sub, which is unique within one issuer only, and the verifier trusts 2 (https://one.test, https://other.example): add issuers: with the one whose users the field names
    /testkit.v1.BindService/ClientStream (OverrideRule): bind[0] binds sub, which is unique within one issuer only, and the verifier trusts 2 (https://one.test, https://other.example): add issuers: with the one whose users the field names
    /testkit.v1.BindService/ServerStream (OverrideRule): bind[0] binds sub, which is unique within one issuer only, and the verifier trusts 2 (https://one.test, https://other.example): add issuers: with the one whose users the field names
    /testkit.v1.BindService/Unary (OverrideRule): bind[0] binds sub, which is unique within one issuer only, and the verifier trusts 2 (https://one.test, https://other.example): add issuers: with the one whose users the field names`
	if err := guard.Protect(srv); err == nil || err.Error() != want {
		t.Errorf("Protect = %v\nwant %s", err, want)
	}

	bind.Issuers = []string{"https://one.test"}
	guard, err = interceptor.New(issuers.verifier, interceptor.OverrideRule("/testkit.v1.BindService/*", bind))
	if err != nil {
		t.Fatal(err)
	}
	srv = grpc.NewServer(guard.ServerOptions()...)
	testkitv1.RegisterBindServiceServer(srv, binds{})
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	client := testkitv1.NewBindServiceClient(startOwn(t, srv))
	_, err = client.Unary(sending(t, "Bearer "+adaOf(t, issuers.one)), &testkitv1.BindRequest{User: "ada"})
	ok.check(t, err)
	_, err = client.Unary(sending(t, "Bearer "+adaOf(t, issuers.other)), &testkitv1.BindRequest{User: "ada"}) // another ada
	denied(issuerDenied).check(t, err)
}
