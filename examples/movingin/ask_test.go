package movingin

import (
	"context"
	"crypto/ed25519"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
)

// token is what the issuer of the server by hand signs.
func (c *call) token(t *testing.T, key ed25519.PrivateKey) string {
	t.Helper()
	now := time.Now()
	claims := jwt.MapClaims{
		"iss": "https://auth.example", "aud": "https://notes.example", "sub": "ada", "client_id": "app", "jti": "4f1c",
		"iat": now.Unix(), "exp": now.Add(15 * time.Minute).Unix(), "scope": "notes.read",
	}
	for name, value := range c.more {
		if claims[name] = value; value == nil {
			delete(claims, name)
		}
	}
	made := jwt.NewWithClaims(jwt.SigningMethodEdDSA, claims)
	made.Header["typ"], made.Header["kid"] = c.typ, "2026-01"
	raw, err := made.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// ask makes the call and tells how it came out.
func (c *call) ask(t *testing.T, key ed25519.PrivateKey, srv *grpc.Server) string {
	t.Helper()
	listener := bufconn.Listen(1 << 16)
	served := make(chan struct{})
	go func() {
		defer close(served)
		_ = srv.Serve(listener) // ends with Stop below
	}()
	conn, err := grpc.NewClient("passthrough:bufconn", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = conn.Close()
		srv.Stop()
		<-served
		synctest.Wait() // for the observers, too: the end of a stream is told on a goroutine of its own
	}()
	ctx := t.Context()
	if c.typ != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+c.token(t, key))
	}
	begun := time.Now()
	err = c.make(ctx, notesv1.NewNotesServiceClient(conn))
	if err == nil {
		return in
	}
	words := []string{code.Code(status.Code(err)).String()}
	if reason := fault.FromStatus(err); reason != 0 {
		words = append(words, fault.Name(reason))
	}
	if took := time.Since(begun); took > 0 {
		words = append(words, "after", took.String())
	}
	return strings.Join(words, " ")
}
