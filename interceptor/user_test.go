package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

const (
	userNotFound    = grpcauthv1.Reason_REASON_USER_NOT_FOUND
	userUnavailable = grpcauthv1.Reason_REASON_USER_UNAVAILABLE
)

func unavailable(reason grpcauthv1.Reason) outcome { return outcome{codes.Unavailable, reason} }

// user is what the loaders of these tests load.
type user struct{ name string }

func (u *user) String() string { return u.name }

// found has every subject be a user.
func found(_ context.Context, claims *token.Claims) (*user, error) {
	return &user{name: claims.Subject()}, nil
}

// asking are services that answer with what ask finds in the context.
type asking struct{ ask func(context.Context) string }

type askingRules struct {
	rules
	asking
}

func (a askingRules) Public(ctx context.Context, _ *testkitv1.PublicRequest) (*testkitv1.PublicResponse, error) {
	return &testkitv1.PublicResponse{Subject: a.ask(ctx)}, nil
}

func (a askingRules) Optional(ctx context.Context, _ *testkitv1.OptionalRequest) (*testkitv1.OptionalResponse, error) {
	return &testkitv1.OptionalResponse{Subject: a.ask(ctx)}, nil
}

type askingStreams struct {
	streams
	asking
}

func (a askingStreams) Unary(ctx context.Context, _ *testkitv1.UnaryRequest) (*testkitv1.UnaryResponse, error) {
	return &testkitv1.UnaryResponse{Text: a.ask(ctx)}, nil
}

func (a askingStreams) ServerStream(_ *testkitv1.ServerStreamRequest, stream grpc.ServerStreamingServer[testkitv1.ServerStreamResponse]) error {
	return stream.Send(&testkitv1.ServerStreamResponse{Payload: []byte(a.ask(stream.Context()))})
}

func (a askingStreams) ClientStream(stream grpc.ClientStreamingServer[testkitv1.ClientStreamRequest, testkitv1.ClientStreamResponse]) error {
	a.ask(stream.Context())
	return a.streams.ClientStream(stream)
}

func (a askingStreams) Bidi(stream grpc.BidiStreamingServer[testkitv1.BidiRequest, testkitv1.BidiResponse]) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	return stream.Send(&testkitv1.BidiResponse{Text: a.ask(stream.Context())})
}

// askServer serves both test services with handlers that ask.
func askServer(t *testing.T, issuer *authtest.Issuer, ask func(context.Context) string, options ...interceptor.Option) *authtest.Server {
	t.Helper()
	options = append(options, interceptor.OverrideRule("/testkit.v1.RulesService/Issuers", interceptor.Authenticated()))
	return authtest.NewServer(t, issuer, func(r grpc.ServiceRegistrar) {
		testkitv1.RegisterRulesServiceServer(r, askingRules{asking: asking{ask}})
		testkitv1.RegisterStreamsServiceServer(r, askingStreams{asking: asking{ask}})
	}, options...)
}

// userName is the name of the call's user, or "nobody".
func userName(ctx context.Context) string {
	u, ok := interceptor.UserFrom[*user](ctx)
	if !ok {
		return "nobody"
	}
	return u.name
}

func Test35WhatTheLoaderAnswers(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		user *user
		err  error
		want outcome
	}{
		"a user":                            {&user{"ada"}, nil, ok},
		"35 nobody":                         {nil, interceptor.ErrNoUser, unauthenticated(userNotFound)},
		"35 nobody, with more words":        {nil, fmt.Errorf("%w: row secret-7", interceptor.ErrNoUser), unauthenticated(userNotFound)},
		"35 nobody beside a user":           {&user{"ada"}, interceptor.ErrNoUser, unauthenticated(userNotFound)},
		"35 a nil user":                     {nil, nil, unauthenticated(userNotFound)},
		"35 its own failure":                {nil, errors.New("secret-7: connection refused"), unavailable(userUnavailable)},
		"35 its own failure beside a user":  {&user{"ada"}, errors.New("secret-7"), unavailable(userUnavailable)},
		"35 its own timeout":                {nil, fmt.Errorf("secret-7: %w", context.DeadlineExceeded), unavailable(userUnavailable)},
		"35 its own cancellation":           {nil, context.Canceled, unavailable(userUnavailable)},
		"an error that is a status":         {nil, status.Error(codes.NotFound, "secret-7"), unavailable(userUnavailable)},
		"an error that says OK":             {nil, status.FromProto(nil).Err(), unauthenticated(userNotFound)}, // is nil
		"an error of a verifier":            {nil, fmt.Errorf("secret-7: %w", token.ErrExpired), unavailable(userUnavailable)},
		"an error of a check":               {nil, interceptor.ErrRejected, unavailable(userUnavailable)},
		"an error of a revocation":          {nil, revocation.ErrRevoked, unavailable(userUnavailable)},
		"an error that another guard gave":  {nil, &interceptor.Denial{Reason: scopeMissing}, unavailable(userUnavailable)},
		"nobody among other errors, joined": {nil, errors.Join(errors.New("secret-7"), interceptor.ErrNoUser), unauthenticated(userNotFound)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := askServer(t, authtest.NewIssuer(t), userName,
				interceptor.WithUser(func(context.Context, *token.Claims) (*user, error) { return tc.user, tc.err })).As("ada")
			eachShape(t, conn, t.Context(), func(t *testing.T, got string, err error) {
				tc.want.check(t, err)
				if err == nil && got != "" && got != "ada" {
					t.Errorf("the handler found %q", got)
				}
				if err != nil && strings.Contains(status.Convert(err).Proto().String(), "secret-7") {
					t.Errorf("the client is told what the loader said: %v", err)
				}
			})
		})
	}
}

func Test31NobodyIsLoadedForNobody(t *testing.T) {
	t.Parallel()
	var loads atomic.Int32
	server := askServer(t, authtest.NewIssuer(t), userName, interceptor.WithUser(func(ctx context.Context, claims *token.Claims) (*user, error) {
		loads.Add(1)
		return found(ctx, claims)
	}))
	for name, tc := range map[string]struct {
		conn   *grpc.ClientConn
		method string
		want   string
		loads  int32
	}{
		"31 public without a token":    {server.Anonymous(), "Public", "nobody", 0},
		"31 public with a token":       {server.As("ada"), "Public", "nobody", 0},
		"31 optional without a token":  {server.Anonymous(), "Optional", "nobody", 0},
		"optional with a token":        {server.As("ada"), "Optional", "ada", 1},
		"a rule that is not met":       {server.As("ada"), "Scopes", "", 0},
		"a token that is none":         {server.WithToken("junk"), "Optional", "", 0},
		"the next call asks once more": {server.As("ada"), "Optional", "ada", 1},
	} {
		t.Run(name, func(t *testing.T) {
			before := loads.Load()
			res := &testkitv1.PublicResponse{} // every response of the service has this one field
			err := tc.conn.Invoke(t.Context(), "/testkit.v1.RulesService/"+tc.method, &testkitv1.PublicRequest{}, res)
			if res.GetSubject() != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("the handler found %q (%v), want %q", res.GetSubject(), err, tc.want)
			}
			if got := loads.Load() - before; got != tc.loads {
				t.Errorf("the loader was called %d times, want %d", got, tc.loads)
			}
		})
	}
}

// A nil user is nobody, whatever its kind; a zero one that is no pointer is
// somebody.
func TestNilUsers(t *testing.T) {
	t.Parallel()
	nobody, somebody := unauthenticated(userNotFound), ok
	for name, tc := range map[string]struct {
		option interceptor.Option
		want   outcome
	}{
		"a pointer":                  {loads[*user](nil), nobody},
		"an interface":               {loads[fmt.Stringer](nil), nobody},
		"a pointer in an interface":  {loads[fmt.Stringer]((*user)(nil)), nobody},
		"anything":                   {loads[any](nil), nobody},
		"a map":                      {loads[map[string]int](nil), nobody},
		"a slice":                    {loads[[]string](nil), nobody},
		"a function":                 {loads[func()](nil), nobody},
		"a channel":                  {loads[chan int](nil), nobody},
		"an empty slice":             {loads([]string{}), somebody},
		"an empty map":               {loads(map[string]int{}), somebody},
		"an empty struct":            {loads(struct{}{}), somebody},
		"zero":                       {loads(0), somebody},
		"no text":                    {loads(""), somebody},
		"a struct in an interface":   {loads[any](user{}), somebody},
		"a pointer to nobody's name": {loads(&user{}), somebody},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := newServer(t, authtest.NewIssuer(t), tc.option).As("ada")
			_, err := testkitv1.NewStreamsServiceClient(conn).Unary(t.Context(), &testkitv1.UnaryRequest{})
			tc.want.check(t, err)
		})
	}
}

// loads is WithUser with one user for everybody.
func loads[T any](user T) interceptor.Option {
	return interceptor.WithUser(func(context.Context, *token.Claims) (T, error) { return user, nil })
}

func TestUserFrom(t *testing.T) {
	t.Parallel()
	claims := proven(t)
	for name, tc := range map[string]struct {
		ctx   func(context.Context) context.Context
		want  string
		panic string
	}{
		"nothing":          {func(ctx context.Context) context.Context { return ctx }, "nobody", ""},
		"a user of a test": {func(ctx context.Context) context.Context { return interceptor.NewUserContext(ctx, &user{"ada"}) }, "ada", ""},
		"the last one wins": {func(ctx context.Context) context.Context {
			return interceptor.NewUserContext(interceptor.NewUserContext(ctx, 5), &user{"bob"})
		}, "bob", ""},
		"another type": {
			func(ctx context.Context) context.Context { return interceptor.NewUserContext(ctx, user{"ada"}) }, "",
			"interceptor: UserFrom[*interceptor_test.user]: WithUser loads a interceptor_test.user",
		},
		"claims and no user": {
			func(ctx context.Context) context.Context { return token.NewContext(ctx, claims) }, "",
			"interceptor: UserFrom[*interceptor_test.user]: no user was loaded: give interceptor.New the option WithUser, or a test's context NewUserContext",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			defer func() {
				if got := recover(); fmt.Sprint(got) != fmt.Sprint(orNil(tc.panic)) {
					t.Errorf("panic = %v\nwant %q", got, tc.panic)
				}
			}()
			if got := userName(tc.ctx(t.Context())); got != tc.want {
				t.Errorf("user = %q, want %q", got, tc.want)
			}
		})
	}
	t.Run("not by printing the context", func(t *testing.T) {
		t.Parallel()
		ctx := interceptor.NewUserContext(context.Background(), user{"secret-7"})
		if got := fmt.Sprintf("%v %s %+v", ctx, ctx, ctx); strings.Contains(got, "secret-7") || !strings.HasPrefix(got, "context.Background.WithUser") {
			t.Errorf("the context prints as %s", got)
		}
	})
	t.Run("by an interface that it has", func(t *testing.T) {
		t.Parallel()
		got, ok := interceptor.UserFrom[fmt.Stringer](interceptor.NewUserContext(t.Context(), &user{"ada"}))
		if !ok || got.String() != "ada" {
			t.Errorf("user = %v, %t", got, ok)
		}
	})
}

func orNil(text string) any {
	if text == "" {
		return nil
	}
	return text
}

// proven are the claims of a good token.
func proven(t *testing.T) *token.Claims {
	t.Helper()
	issuer := authtest.NewIssuer(t)
	claims, err := issuer.Verifier().Verify(t.Context(), issuer.Token(token.Spec{Subject: "ada"}))
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// A panic of the server's own functions is for whoever recovers panics; the
// call is not let in, and the next one is served.
func TestPanicsOfTheServersOwnFunctionsReachRecovery(t *testing.T) {
	t.Parallel()
	panics := func(context.Context, *token.Claims) error { panic("at the disco") }
	for name, option := range map[string]interceptor.Option{
		"a loader":     interceptor.WithUser(func(ctx context.Context, claims *token.Claims) (*user, error) { return nil, panics(ctx, claims) }),
		"a check":      interceptor.WithCheck(panics),
		"a revocation": interceptor.WithRevocations(revocation.CheckerFunc(panics)),
		"a mapper":     interceptor.WithErrorMapper(func(context.Context, *interceptor.Denial) error { panic("at the disco") }),
		"an observer": interceptor.WithObserver(func(_ context.Context, d interceptor.Decision) {
			if d.Claims != nil || d.Denied() {
				panic("at the disco")
			}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			issuer := authtest.NewIssuer(t)
			recovered := recovery.WithRecoveryHandler(func(any) error { return status.Error(codes.DataLoss, "recovered") })
			handled := func(context.Context) string { t.Error("the handler was reached"); return "" }
			guard := guardOf(t, issuer, option)
			srv := grpc.NewServer(
				grpc.ChainUnaryInterceptor(recovery.UnaryServerInterceptor(recovered), guard.Unary()),
				grpc.ChainStreamInterceptor(recovery.StreamServerInterceptor(recovered), guard.Stream()))
			testkitv1.RegisterRulesServiceServer(srv, rules{})
			testkitv1.RegisterStreamsServiceServer(srv, askingStreams{asking: asking{handled}})
			if err := guard.Protect(srv); err != nil {
				t.Fatal(err)
			}
			conn, raw := startOwn(t, srv), issuer.Token(token.Spec{})
			if name == "a mapper" {
				raw = "junk"
			}
			eachShape(t, conn, sending(t, "Bearer "+raw), func(t *testing.T, _ string, err error) {
				outcome{codes.DataLoss, 0}.check(t, err)
			})
			_, err := testkitv1.NewRulesServiceClient(conn).Public(t.Context(), &testkitv1.PublicRequest{})
			ok.check(t, err)
		})
	}
}
