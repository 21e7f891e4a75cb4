package guide_test

import (
	"bytes"
	"net"
	"os/exec"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"

	"github.com/grpcauth/grpcauth/examples/guide"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/internal/testkit"
)

// What a refusal looks like to a program that knows nothing of ours.
func TestWhatGrpcurlShows(t *testing.T) {
	t.Parallel()
	grpcurl := testkit.Require(t, "grpcurl")
	guard, err := interceptor.New(verifier(t, shopIssuer), interceptor.WithPublicInfrastructure())
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	guide.Register(srv)
	reflection.Register(srv)
	if err := guard.Protect(srv); err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = srv.Serve(listener) }()
	t.Cleanup(srv.Stop)

	const addr, call = "127.0.0.1:50051", "guide.v1.ShopService/PlaceOrder"
	ada := holding(claims{"scope": "orders.write"}).mint(t)
	var out bytes.Buffer
	cmd := exec.CommandContext(t.Context(), grpcurl, "-plaintext", "-H", "authorization: Bearer "+ada, "-d", `{"product":"tea"}`, listener.Addr().String(), call)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err == nil {
		t.Errorf("grpcurl was let in: %s", out.String())
	}
	shown := `$ grpcurl -plaintext -H "authorization: Bearer $TOKEN" -d '{"product":"tea"}' ` + addr + " " + call + "\n" + out.String()
	hold(t, "grpcurl", strings.ReplaceAll(shown, "\t", " "))
}
