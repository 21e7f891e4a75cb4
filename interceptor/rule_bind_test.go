package interceptor_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

type (
	bindRequest      = testkitv1.BindRequest
	bindResponse     = testkitv1.BindResponse
	bindClientStream = grpc.ClientStreamingServer[bindRequest, bindResponse]
	bindBidi         = grpc.BidiStreamingServer[bindRequest, bindResponse]
)

// binds answers with the user it was asked about. A handler can be replaced by
// the test that needs another.
type binds struct {
	testkitv1.UnimplementedBindServiceServer
	clientStream func(bindClientStream) error
	bidi         func(bindBidi) error
}

func (binds) Unary(_ context.Context, req *bindRequest) (*bindResponse, error) {
	return &bindResponse{User: req.GetUser()}, nil
}

func (binds) ServerStream(req *bindRequest, stream grpc.ServerStreamingServer[bindResponse]) error {
	return stream.Send(&bindResponse{User: req.GetUser()})
}

func (b binds) ClientStream(stream bindClientStream) error {
	if b.clientStream != nil {
		return b.clientStream(stream)
	}
	var last bindResponse
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&bindResponse{User: last.GetUser(), Received: last.GetReceived()})
		}
		if err != nil {
			return err
		}
		last.User, last.Received = req.GetUser(), last.GetReceived()+1
	}
}

func (b binds) Bidi(stream bindBidi) error {
	if b.bidi != nil {
		return b.bidi(stream)
	}
	for {
		req, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&bindResponse{User: req.GetUser()}); err != nil {
			return err
		}
	}
}

// bindServer serves BindService, whose rule is {bind: {claim: "sub", field:
// "user"}, override: {roles: "admin"}}.
func bindServer(t *testing.T, b binds, options ...interceptor.Option) *authtest.Server {
	t.Helper()
	return authtest.NewServer(t, authtest.NewIssuer(t), func(r grpc.ServiceRegistrar) { testkitv1.RegisterBindServiceServer(r, b) }, options...)
}

// eachBind calls a method of each shape with one message.
func eachBind(t *testing.T, conn *grpc.ClientConn, req *bindRequest, check func(t *testing.T, res *bindResponse, err error)) {
	t.Helper()
	client := testkitv1.NewBindServiceClient(conn)
	t.Run("unary", func(t *testing.T) {
		res, err := client.Unary(t.Context(), req)
		check(t, res, err)
	})
	t.Run("server stream", func(t *testing.T) {
		stream, err := client.ServerStream(t.Context(), req)
		if err != nil {
			t.Fatal(err)
		}
		res, err := stream.Recv()
		check(t, res, err)
	})
	t.Run("client stream", func(t *testing.T) {
		stream, err := client.ClientStream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = stream.Send(req) // io.EOF once refused: the reason is in CloseAndRecv
		res, err := stream.CloseAndRecv()
		check(t, res, err)
	})
	t.Run("bidi", func(t *testing.T) {
		stream, err := client.Bidi(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_ = stream.Send(req)
		res, err := stream.Recv()
		check(t, res, err)
	})
}

// PARITY 38, 39 and 41a, over the rule as the .proto has it.
func TestRuleBind(t *testing.T) {
	t.Parallel()
	server := bindServer(t, binds{})
	ada := token.Spec{Subject: "ada"}
	admin := token.Spec{Subject: "root", Roles: []string{"admin"}}
	for name, tc := range map[string]struct {
		spec token.Spec
		user string
		want outcome
	}{
		"38 the caller's own":          {ada, "ada", ok},
		"38 somebody else's":           {ada, "bob", denied(bindingMismatch)},
		"38 a name that begins alike":  {ada, "adam", denied(bindingMismatch)},
		"41a nobody's":                 {ada, "", denied(bindingMismatch)},
		"39 the override alone":        {admin, "bob", ok},
		"39 the override, and nobody":  {admin, "", ok},
		"39 the rule and the override": {token.Spec{Subject: "bob", Roles: []string{"admin"}}, "bob", ok},
		"39 neither":                   {token.Spec{Subject: "eve", Roles: []string{"reader"}}, "bob", denied(bindingMismatch)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachBind(t, server.With(tc.spec), &bindRequest{User: tc.user}, func(t *testing.T, res *bindResponse, err error) {
				tc.want.check(t, err)
				if err == nil && res.GetUser() != tc.user {
					t.Errorf("the handler saw %q, want %q", res.GetUser(), tc.user)
				}
			})
		})
	}
}

// PARITY 38 and 41a: other fields, which the tests of package policy have all
// of.
func TestRuleBindFields(t *testing.T) {
	t.Parallel()
	spec := token.Spec{Subject: "ada", Claims: map[string]any{
		"n": 42, "digits": "42", "level": "LEVEL_HIGH", "org": map[string]any{"id": "acme"}, "empty": "", "list": []string{"acme"}, "null": nil,
	}}
	parent := &testkitv1.BindParent{Owner: "acme"}
	for name, tc := range map[string]struct {
		claim, field string
		req          *bindRequest
		want         outcome
	}{
		"38 an integer":                 {"n", "number", &bindRequest{Number: 42}, ok},
		"38 another integer":            {"n", "number", &bindRequest{Number: 43}, denied(bindingMismatch)},
		"38 digits":                     {"digits", "big", &bindRequest{Big: 42}, ok},
		"38 an enum":                    {"level", "level", &bindRequest{Level: testkitv1.Level_LEVEL_HIGH}, ok},
		"38 another value of the enum":  {"level", "level", &bindRequest{Level: testkitv1.Level_LEVEL_LOW}, denied(bindingMismatch)},
		"38 a wrapper":                  {"sub", "wrapped", &bindRequest{Wrapped: wrapperspb.String("ada")}, ok},
		"41a no wrapper":                {"sub", "wrapped", &bindRequest{}, denied(bindingMismatch)},
		"38 a field of a field":         {"org.id", "parent.owner", &bindRequest{Parent: parent}, ok},
		"41a no parent":                 {"org.id", "parent.owner", &bindRequest{}, denied(bindingMismatch)},
		"38 every message of a list":    {"org.id", "items.owner", &bindRequest{Items: []*testkitv1.BindParent{parent, parent}}, ok},
		"38 not every message":          {"org.id", "items.owner", &bindRequest{Items: []*testkitv1.BindParent{parent, {Owner: "x"}}}, denied(bindingMismatch)},
		"41a no messages":               {"org.id", "items.owner", &bindRequest{}, denied(bindingMismatch)},
		"41a a missing claim":           {"nothing", "user", &bindRequest{}, denied(bindingMismatch)},
		"41a an empty claim":            {"empty", "user", &bindRequest{}, denied(bindingMismatch)},
		"37 a list for a string":        {"list", "user", &bindRequest{User: "acme"}, denied(claimMismatch)},
		"37 a number for a string":      {"n", "user", &bindRequest{User: "42"}, denied(claimMismatch)},
		"37 an object for a string":     {"org", "user", &bindRequest{User: "acme"}, denied(claimMismatch)},
		"37 null for a string":          {"null", "user", &bindRequest{User: "null"}, denied(claimMismatch)},
		"37 a number for an enum":       {"n", "level", &bindRequest{Level: 42}, denied(claimMismatch)},
		"38 an enum's number in digits": {"digits", "level", &bindRequest{Level: 42}, denied(bindingMismatch)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rule := &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: tc.claim, Field: tc.field}}}
			conn := bindServer(t, binds{}, interceptor.OverrideRule("/testkit.v1.BindService/*", rule)).With(spec)
			eachBind(t, conn, tc.req, func(t *testing.T, _ *bindResponse, err error) { tc.want.check(t, err) })
		})
	}
}

// PARITY 30: who sends no token is let in as nobody, whatever the message says.
func TestRuleBindOfAnOptionalMethod(t *testing.T) {
	t.Parallel()
	rule := &grpcauthv1.Rule{Optional: true, Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: "user"}}}
	server := bindServer(t, binds{}, interceptor.OverrideRule("/testkit.v1.BindService/*", rule))
	for _, tc := range []struct {
		conn *grpc.ClientConn
		want outcome
	}{{server.Anonymous(), ok}, {server.As("bob"), ok}, {server.As("ada"), denied(bindingMismatch)}} {
		eachBind(t, tc.conn, &bindRequest{User: "bob"}, func(t *testing.T, _ *bindResponse, err error) { tc.want.check(t, err) })
	}
}
