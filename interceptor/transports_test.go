package interceptor_test

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// A lease must end streams on every transport of grpc-go, over real sockets
// too: its own HTTP/2 server, and net/http's by ServeHTTP.
func TestStreamsEndOnEveryTransport(t *testing.T) {
	t.Parallel()
	for name, start := range map[string]func(*testing.T, *grpc.Server) *grpc.ClientConn{
		"grpc's own HTTP/2 server": startOwn,
		"net/http's server":        startHTTP,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			public, private, err := ed25519.GenerateKey(nil)
			if err != nil {
				t.Fatal(err)
			}
			guard, returned := strictGuard(t, public), make(chan error, 1)
			srv := grpc.NewServer(guard.ServerOptions()...)
			testkitv1.RegisterStreamsServiceServer(srv, streams{bidi: func(stream grpc.BidiStreamingServer[testkitv1.BidiRequest, testkitv1.BidiResponse]) error {
				_, err := stream.Recv() // blocked: the client sends nothing
				returned <- err
				return errors.New("what the handler returns later")
			}})
			if err := guard.Protect(srv); err != nil {
				t.Fatal(err)
			}
			client := testkitv1.NewStreamsServiceClient(start(t, srv))
			stream, err := client.Bidi(sending(t, "Bearer "+shortLived(t, private)))
			if err != nil {
				t.Fatal(err)
			}
			_, err = stream.Recv()
			unauthenticated(expired).check(t, err)
			if err := <-returned; err == nil {
				t.Error("Recv gave the handler a message nobody sent")
			}
		})
	}
}

// Over ServeHTTP nothing ends while the client reads nothing, not even the
// stream. The handler must be told all the same.
func TestContextEndsWithTheTokenWhateverTheTransport(t *testing.T) {
	t.Parallel()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	guard, cause := strictGuard(t, public), make(chan error, 1)
	srv := grpc.NewServer(guard.ServerOptions()...)
	testkitv1.RegisterStreamsServiceServer(srv, streams{serverStream: func(stream grpc.ServerStreamingServer[testkitv1.ServerStreamResponse]) error {
		go func() {
			<-stream.Context().Done()
			cause <- context.Cause(stream.Context())
		}()
		for {
			if err := stream.Send(&testkitv1.ServerStreamResponse{Payload: make([]byte, 64<<10)}); err != nil {
				return err
			}
		}
	}})
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	client := testkitv1.NewStreamsServiceClient(startHTTP(t, srv))
	stream, err := client.ServerStream(sending(t, "Bearer "+shortLived(t, private)), &testkitv1.ServerStreamRequest{})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-cause; !errors.Is(err, token.ErrExpired) {
		t.Errorf("the context's cause = %v, want ErrExpired", err)
	}
	for err == nil { // now the client reads, and the stream ends
		_, err = stream.Recv()
	}
	unauthenticated(expired).check(t, err)
}

// strictGuard has no leeway, so that the test need not wait for it.
func strictGuard(t *testing.T, public ed25519.PublicKey, options ...interceptor.Option) *interceptor.Guard {
	t.Helper()
	key, err := token.NewKey(token.EdDSA, "k", public)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := token.NewStaticKeys(key)
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := token.NewVerifier(token.VerifierConfig{
		Leeway:  token.NoLeeway,
		Issuers: []token.TrustedIssuer{{Issuer: "https://issuer.test", Audiences: []string{"a"}, Keys: keys}},
	})
	if err != nil {
		t.Fatal(err)
	}
	guard, err := interceptor.New(verifier, options...)
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

// shortLived is a token that expires in one to two seconds.
func shortLived(t *testing.T, private ed25519.PrivateKey) string {
	t.Helper()
	key, err := token.NewSigningKey(token.EdDSA, "k", private)
	if err != nil {
		t.Fatal(err)
	}
	issuer, err := token.NewIssuer(token.IssuerConfig{Issuer: "https://issuer.test", Audience: []string{"a"}, Key: key})
	if err != nil {
		t.Fatal(err)
	}
	raw, _, err := issuer.Issue(t.Context(), token.Spec{Subject: "ada", ClientID: "c", Lifetime: 2 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func startOwn(t *testing.T, srv *grpc.Server) *grpc.ClientConn {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(srv.Stop)
	return connect(t, listener.Addr().String(), insecure.NewCredentials())
}

func startHTTP(t *testing.T, srv *grpc.Server) *grpc.ClientConn {
	t.Helper()
	server := httptest.NewUnstartedServer(http.HandlerFunc(srv.ServeHTTP))
	server.EnableHTTP2 = true
	server.StartTLS()
	t.Cleanup(server.Close)
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return connect(t, server.Listener.Addr().String(), credentials.NewTLS(&tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}))
}

func connect(t *testing.T, addr string, creds credentials.TransportCredentials) *grpc.ClientConn {
	t.Helper()
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(creds))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}
