package authclient_test

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcauth/grpcauth/authclient"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// scripted is an AuthService whose tokens are access-1, access-2, … and whose
// failures and delays a test decides.
type scripted struct {
	grpcauthv1.UnimplementedAuthServiceServer
	lifetime  time.Duration
	onLogin   func(*grpcauthv1.LoginRequest) (*grpcauthv1.LoginResponse, error)
	onRefresh func(n int, req *grpcauthv1.RefreshRequest) error // n counts from 1
	onLogout  func(authorization string) error

	mu        sync.Mutex
	session   string // of the tokens
	issued    int
	refreshes []time.Time // when each arrived
	logouts   []string    // the authorization of each
}

func (a *scripted) tokens() *grpcauthv1.Tokens {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.issued++
	return &grpcauthv1.Tokens{
		AccessToken:  fmt.Sprintf("access-%d", a.issued),
		RefreshToken: fmt.Sprintf("refresh-%d", a.issued),
		TokenType:    "Bearer",
		ExpiresIn:    durationpb.New(a.lifetime),
		SessionId:    a.session,
	}
}

func (a *scripted) Login(_ context.Context, req *grpcauthv1.LoginRequest) (*grpcauthv1.LoginResponse, error) {
	if a.onLogin != nil {
		return a.onLogin(req)
	}
	return &grpcauthv1.LoginResponse{Result: &grpcauthv1.LoginResponse_Tokens{Tokens: a.tokens()}}, nil
}

func (a *scripted) Refresh(_ context.Context, req *grpcauthv1.RefreshRequest) (*grpcauthv1.RefreshResponse, error) {
	a.mu.Lock()
	a.refreshes = append(a.refreshes, time.Now())
	n := len(a.refreshes)
	a.mu.Unlock()
	if a.onRefresh != nil {
		if err := a.onRefresh(n, req); err != nil {
			return nil, err
		}
	}
	return &grpcauthv1.RefreshResponse{Tokens: a.tokens()}, nil
}

func (a *scripted) Logout(ctx context.Context, _ *grpcauthv1.LogoutRequest) (*grpcauthv1.LogoutResponse, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.logouts = append(a.logouts, bearerOf(ctx))
	if a.onLogout != nil {
		if err := a.onLogout(bearerOf(ctx)); err != nil {
			return nil, challenged(ctx, err)
		}
	}
	return &grpcauthv1.LogoutResponse{}, nil
}

func (a *scripted) refreshed() []time.Time {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clip(a.refreshes)
}

func bearerOf(ctx context.Context) string {
	md, _ := metadata.FromIncomingContext(ctx)
	return strings.Join(md.Get("authorization"), " and ")
}

// resource is a service that takes or refuses tokens as a test decides.
type resource struct {
	testkitv1.UnimplementedStreamsServiceServer
	admit func(authorization string) error // nil: everyone

	mu    sync.Mutex
	calls []string // the authorization of each attempt
}

func (r *resource) enter(ctx context.Context) error {
	authorization := bearerOf(ctx)
	r.mu.Lock()
	r.calls = append(r.calls, authorization)
	n := len(r.calls)
	r.mu.Unlock()
	if err := grpc.SetHeader(ctx, metadata.Pairs("attempt", fmt.Sprint(n))); err != nil {
		return err
	}
	if err := grpc.SetTrailer(ctx, metadata.Pairs("attempt", fmt.Sprint(n))); err != nil {
		return err
	}
	if r.admit == nil {
		return nil
	}
	return challenged(ctx, r.admit(authorization))
}

// challenged adds the header of a guard that refuses a call with err.
func challenged(ctx context.Context, err error) error {
	if err != nil {
		_ = grpc.SetHeader(ctx, metadata.Pairs("www-authenticate", `Bearer error="invalid_token"`))
	}
	return err
}

func (r *resource) attempts() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clip(r.calls)
}

func (r *resource) Unary(ctx context.Context, req *testkitv1.UnaryRequest) (*testkitv1.UnaryResponse, error) {
	return &testkitv1.UnaryResponse{Text: req.GetText() + " by " + bearerOf(ctx)}, nil
}

func (r *resource) ServerStream(req *testkitv1.ServerStreamRequest, stream grpc.ServerStreamingServer[testkitv1.ServerStreamResponse]) error {
	for range req.GetCount() {
		if err := stream.Send(&testkitv1.ServerStreamResponse{Payload: []byte(bearerOf(stream.Context()))}); err != nil {
			return err
		}
	}
	return nil
}

func (r *resource) options() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.UnaryInterceptor(func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handle grpc.UnaryHandler) (any, error) {
			if strings.HasPrefix(info.FullMethod, "/grpcauth.v1.") {
				return handle(ctx, req)
			}
			if err := r.enter(ctx); err != nil {
				return nil, err
			}
			return handle(ctx, req)
		}),
		grpc.StreamInterceptor(func(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, handle grpc.StreamHandler) error {
			if err := r.enter(stream.Context()); err != nil {
				return err
			}
			return handle(srv, stream)
		}),
	}
}

// serve serves in memory until the test ends.
func serve(t testing.TB, register func(grpc.ServiceRegistrar), opts ...grpc.ServerOption) *bufconn.Listener {
	t.Helper()
	listener := bufconn.Listen(1 << 20)
	srv := grpc.NewServer(append(opts, grpc.WaitForHandlers(true))...)
	register(srv)
	var serving sync.WaitGroup
	serving.Go(func() { _ = srv.Serve(listener) })
	t.Cleanup(func() { srv.Stop(); serving.Wait() })
	return listener
}

func dial(t testing.TB, listener *bufconn.Listener, opts ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient("passthrough:///in-memory", append(opts,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// serveAuth serves an AuthService and connects to it.
func serveAuth(t testing.TB, auth grpcauthv1.AuthServiceServer) *grpc.ClientConn {
	t.Helper()
	return dial(t, serve(t, func(r grpc.ServiceRegistrar) { grpcauthv1.RegisterAuthServiceServer(r, auth) }))
}

// serveResource serves a resource and connects to it as the session's user.
func serveResource(t testing.TB, res *resource, session *authclient.Session) testkitv1.StreamsServiceClient {
	t.Helper()
	listener := serve(t, func(r grpc.ServiceRegistrar) { testkitv1.RegisterStreamsServiceServer(r, res) }, res.options()...)
	return testkitv1.NewStreamsServiceClient(dial(t, listener, session.DialOptions()...))
}

// login opens a session that lives as long as the test.
func login(t testing.TB, conn grpc.ClientConnInterface, opts ...authclient.Option) *authclient.Session {
	t.Helper()
	session, err := authclient.Login(context.Background(), conn, "ada", "correct horse", opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(session.Close)
	return session
}

// mustToken is the session's token now.
func mustToken(t testing.TB, session *authclient.Session) string {
	t.Helper()
	token, err := session.Token(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return token
}
