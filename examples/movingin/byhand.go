package movingin

import (
	"context"
	"crypto/ed25519"
	"slices"
	"strings"

	"github.com/golang-jwt/jwt/v5"
	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// byHand is the kind of interceptor that many services have.
type byHand struct{ key ed25519.PublicKey }

// readme:start by-hand

// open lists the methods that need no token.
var open = []string{"/notes.v1.NotesService/Ping"}

func (h *byHand) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	if slices.Contains(open, info.FullMethod) {
		return handler(ctx, req)
	}
	ctx, err := h.authenticate(ctx)
	if err != nil {
		return nil, err
	}
	return handler(ctx, req)
}

func (h *byHand) stream(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	if slices.Contains(open, info.FullMethod) {
		return handler(srv, stream)
	}
	ctx, err := h.authenticate(stream.Context())
	if err != nil {
		return err
	}
	return handler(srv, &middleware.WrappedServerStream{ServerStream: stream, WrappedContext: ctx})
}

func (h *byHand) authenticate(ctx context.Context) (context.Context, error) {
	values := metadata.ValueFromIncomingContext(ctx, "authorization")
	if len(values) == 0 {
		return nil, status.Error(codes.Unauthenticated, "no token")
	}
	raw, _ := strings.CutPrefix(values[0], "Bearer ")
	claims := &myClaims{}
	_, err := jwt.ParseWithClaims(raw, claims, func(*jwt.Token) (any, error) { return h.key, nil },
		jwt.WithValidMethods([]string{"EdDSA"}), jwt.WithAudience("https://notes.example"))
	if err != nil {
		return nil, status.Error(codes.Unauthenticated, err.Error())
	}
	return context.WithValue(ctx, myClaimsKey{}, claims), nil
}

// readme:end

type myClaims struct {
	jwt.RegisteredClaims
	Scope string `json:"scope"`
}

func (c *myClaims) has(scope string) bool { return slices.Contains(strings.Fields(c.Scope), scope) }

type myClaimsKey struct{}

func myClaimsFrom(ctx context.Context) *myClaims {
	claims, ok := ctx.Value(myClaimsKey{}).(*myClaims)
	if !ok {
		return &myClaims{}
	}
	return claims
}
