package guide_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	channelz "google.golang.org/grpc/channelz/service"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/grpcauth/grpcauth/examples/guide"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/internal/testkit"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// update writes what came into testdata, from where `make readme` copies it
// into the page. Which calls are let in, and for which reason the others are
// not, stands in sections: no update changes that.
var update = flag.Bool("update", false, "write what came into testdata")

// Every call that docs/writing-rules.md shows is made, and came out as it
// says.
func TestWhatThePageShows(t *testing.T) {
	for _, s := range sections {
		t.Run(s.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var shown []string
				for i := range s.calls {
					shown = append(shown, s.calls[i].run(t, s.connect(t, &s.calls[i])))
				}
				hold(t, s.name, strings.Join(shown, "\n"))
			})
		})
	}
}

// connect starts the section's server, as it is for one call.
func (s *section) connect(t *testing.T, x *exchange) *grpc.ClientConn {
	t.Helper()
	register, issuers := guide.Register, []string{shopIssuer}
	if s.partner {
		register, issuers = guide.RegisterPartner, []string{shopIssuer, partnerIssuer}
	}
	options := []interceptor.Option{interceptor.WithRevocations(revocation.CheckerFunc(func(context.Context, *token.Claims) error { return x.revocation }))}
	if s.given {
		options = append(options, guide.Given()...)
		register = func(r grpc.ServiceRegistrar) {
			guide.Register(r)
			channelz.RegisterChannelzServiceToServer(r)
		}
	}
	guard, err := interceptor.New(verifier(t, issuers...), options...)
	if err != nil {
		t.Fatal(err)
	}
	return serve(t, guard, register)(x.certificate)
}

// What can't be right is refused before the server serves, all at once.
func TestWhatIsRefusedAtTheStart(t *testing.T) {
	t.Parallel()
	const shop = "/guide.v1.ShopService/"
	guard, err := interceptor.New(verifier(t, shopIssuer, partnerIssuer),
		interceptor.OverrideRule(shop+"GetOpeningHours", &grpcauthv1.Rule{Public: true, Scopes: []string{"hours.read"}}),
		interceptor.OverrideRule(shop+"GetPrice", &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "email", Field: "owner"}}}),
		interceptor.OverrideRule(shop+"CancelOrder", &grpcauthv1.Rule{Roles: []string{"support"}, DenyRoles: []string{"support"}}),
		interceptor.OverrideRule(shop+"WatchOrders", &grpcauthv1.Rule{StreamLifetime: grpcauthv1.StreamLifetime_STREAM_LIFETIME_SESSION}),
		interceptor.OverrideRule(shop+"UpdateAccount", interceptor.Scopes("account.write")),
	)
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(guard.ServerOptions()...)
	guide.Register(srv)
	healthv1.RegisterHealthServer(srv, health.NewServer())
	err = guard.Protect(srv)
	if err == nil {
		t.Fatal("rules that can't be right were accepted")
	}
	hold(t, "refused_at_start", err.Error()+"\n")
}

// hold compares with what the page shows, by way of testdata.
func hold(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("what came is not what docs/writing-rules.md shows (make readme copies it):\n%s\nthe page has:\n%s", got, want)
	}
}

// Each field of Rule has a heading in the page, a call that passes and one
// that does not; and the page shows all that was written down.
func TestThePageLeavesNothingOut(t *testing.T) {
	t.Parallel()
	root, err := testkit.Root()
	if err != nil {
		t.Fatal(err)
	}
	page, err := os.ReadFile(filepath.Join(root, "docs", "writing-rules.md"))
	if err != nil {
		t.Fatal(err)
	}
	passes, refuses := map[string]bool{}, map[string]bool{}
	for _, s := range sections {
		for _, x := range s.calls {
			passes[s.name] = passes[s.name] || x.want == ok
			refuses[s.name] = refuses[s.name] || x.want != ok
		}
	}
	fields := new(grpcauthv1.Rule).ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		name := string(fields.Get(i).Name())
		if !strings.Contains(string(page), "\n## `"+name+"`") || !passes[name] || !refuses[name] {
			t.Errorf("%s lacks a heading in docs/writing-rules.md, a call that passes, or one that does not", name)
		}
	}
	written, err := filepath.Glob(filepath.Join("testdata", "*.txt"))
	if err != nil || len(written) == 0 {
		t.Fatal(written, err)
	}
	for _, path := range written {
		if !strings.Contains(string(page), "<!-- file: examples/guide/"+filepath.ToSlash(path)+" -->") {
			t.Errorf("docs/writing-rules.md does not show %s", path)
		}
	}
}
