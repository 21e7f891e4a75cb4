package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/health"
	healthv1 "google.golang.org/grpc/health/grpc_health_v1"
	reflectiongrpc "google.golang.org/grpc/reflection"
	reflectionv1 "google.golang.org/grpc/reflection/grpc_reflection_v1"
	reflectionv1alpha "google.golang.org/grpc/reflection/grpc_reflection_v1alpha"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/grpcauth/grpcauth/authtest"
	"github.com/grpcauth/grpcauth/interceptor"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// serveReflection serves on loopback and gives the address.
func serveReflection(t *testing.T, register func(*grpc.Server), options ...grpc.ServerOption) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := grpc.NewServer(options...)
	register(srv)
	served := make(chan error, 1)
	go func() { served <- srv.Serve(listener) }()
	t.Cleanup(func() {
		srv.Stop()
		if err := <-served; err != nil && !errors.Is(err, grpc.ErrServerStopped) {
			t.Error(err)
		}
	})
	return listener.Addr().String()
}

func registerTestkit(srv *grpc.Server) {
	testkitv1.RegisterUnruledServiceServer(srv, testkitv1.UnimplementedUnruledServiceServer{})
	testkitv1.RegisterRulesServiceServer(srv, testkitv1.UnimplementedRulesServiceServer{})
	testkitv1.RegisterStreamsServiceServer(srv, testkitv1.UnimplementedStreamsServiceServer{})
	healthv1.RegisterHealthServer(srv, health.NewServer())
}

// linked are rows of services that are linked into this program.
func linked(t *testing.T, names ...string) string {
	t.Helper()
	var services []protoreflect.ServiceDescriptor
	for _, name := range names {
		found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
		if err != nil {
			t.Fatal(err)
		}
		services = append(services, found.(protoreflect.ServiceDescriptor))
	}
	var text bytes.Buffer
	if err := writeMatrixJSON(&text, matrixOf(services)); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func TestRulesOfAServerThatRuns(t *testing.T) {
	t.Parallel()
	cert, key, _ := selfSigned(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	secured := grpc.Creds(credentials.NewServerTLSFromCert(&pair))
	testkit := []string{"testkit.v1.RulesService", "testkit.v1.StreamsService", "testkit.v1.UnruledService"}
	for _, c := range []struct {
		name     string
		register func(*grpc.Server)
		options  []grpc.ServerOption
		args     []string
		want     string
	}{
		{
			"both versions of reflection, TLS", func(srv *grpc.Server) { registerTestkit(srv); reflectiongrpc.Register(srv) },
			[]grpc.ServerOption{secured},
			[]string{"--ca-file", cert},
			linked(t, append([]string{"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"}, testkit...)...),
		},
		{
			"v1", func(srv *grpc.Server) { registerTestkit(srv); reflectiongrpc.RegisterV1(srv) }, nil,
			[]string{"--plaintext"},
			linked(t, append([]string{"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection"}, testkit...)...),
		},
		{
			"v1alpha", func(srv *grpc.Server) {
				registerTestkit(srv)
				reflectionv1alpha.RegisterServerReflectionServer(srv, reflectiongrpc.NewServer(reflectiongrpc.ServerOptions{Services: srv}))
			}, nil,
			[]string{"--plaintext"},
			linked(t, append([]string{"grpc.health.v1.Health", "grpc.reflection.v1alpha.ServerReflection"}, testkit...)...),
		},
		{
			"one that sends no imports along, and lists a service twice", reflecting(func(a *answers) {
				registerFileByFile(t, a)
				a.list = func(string) *reflectionv1.ServerReflectionResponse {
					return listing("testkit.v1.StreamsService", "testkit.v1.StreamsService")
				}
			}), nil,
			[]string{"--plaintext"},
			linked(t, "testkit.v1.StreamsService"),
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			address := serveReflection(t, c.register, c.options...)
			got := runWith(t, "", nil, append([]string{"rules", "--json", "--reflect", address}, c.args...)...)
			if want := (outcome{exitOK, c.want, ""}); got != want {
				t.Errorf("got %+v\nwant %s", got, c.want)
			}
		})
	}
}

func TestRulesOfAServerThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	cert, key, _ := selfSigned(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	secured := grpc.Creds(credentials.NewServerTLSFromCert(&pair))
	missing := t.TempDir() + "/none.pem"
	noCert := write(t, "text.pem", "text", 0o600)
	plain := []string{"--plaintext"}
	for _, c := range []struct {
		name     string
		register func(*grpc.Server)
		options  []grpc.ServerOption
		args     []string
		want     string // what follows the address; a star is anything
	}{
		{"no reflection", registerTestkit, nil, plain, "the server has no reflection service: register it (reflection.Register), or use --descriptor-set FILE"},
		{"TLS to a server without it", registerTestkit, nil, nil, `connection error: desc = "transport: authentication handshake failed: tls: first record does not look like a TLS handshake": the server speaks no TLS there, add --plaintext`},
		{"no TLS to a server with it", registerTestkit, []grpc.ServerOption{secured}, plain, `connection error: desc = "error reading server preface: *": if the server wants TLS, leave out --plaintext`},
		{"a certificate that nobody vouches for", registerTestkit, []grpc.ServerOption{secured}, nil, `connection error: desc = "transport: authentication handshake failed: tls: failed to verify certificate: x509: *": name the file of the CA that vouches for it with --ca-file`},
		{"a file of certificates that is not there", registerTestkit, nil, []string{"--ca-file", missing}, "--ca-file " + missing + ": no such file or directory"},
		{"a file without certificates", registerTestkit, nil, []string{"--ca-file", noCert}, "--ca-file " + noCert + ": it holds no certificate in PEM"},
		{"no services", reflecting(func(a *answers) { a.list = func(string) *reflectionv1.ServerReflectionResponse { return listing() } }), nil, plain, "it describes no service: give the files in which services are written"},
		{"an error for a list", reflecting(func(a *answers) {
			a.list = func(string) *reflectionv1.ServerReflectionResponse { return errorAnswer("so") }
		}), nil, plain, "the server can't list its services (so): use --descriptor-set FILE"},
		{"a service of no .proto", reflecting(func(a *answers) {
			a.symbol = func(string) *reflectionv1.ServerReflectionResponse { return errorAnswer("no such symbol") }
		}), nil, plain, `the server can't describe "testkit.v1.StreamsService" (no such symbol): use --descriptor-set FILE`},
		{"junk for a file", reflecting(func(a *answers) {
			a.symbol = func(string) *reflectionv1.ServerReflectionResponse { return fileAnswer([]byte("junk")) }
		}), nil, plain, `what the server sent to describe "testkit.v1.StreamsService" is no file descriptor: use --descriptor-set FILE`},
		{"another file", reflecting(func(a *answers) {
			registerFileByFile(t, a)
			a.file = func(string) *reflectionv1.ServerReflectionResponse { return a.symbol("testkit.v1.StreamsService") }
		}), nil, plain, `the server sent another file than "*": use --descriptor-set FILE`},
		{"another service", reflecting(func(a *answers) {
			registerFileByFile(t, a)
			a.list = func(string) *reflectionv1.ServerReflectionResponse { return listing("testkit.v1.BidiRequest") }
		}), nil, plain, `the server lists "testkit.v1.BidiRequest", but describes no such service: use --descriptor-set FILE`},
		{"no answer", reflecting(func(a *answers) { a.symbol = nil }), nil, plain, "the reflection service ended without an answer: use --descriptor-set FILE"},
		{"a failure", reflecting(func(a *answers) { a.fail = status.Error(codes.Internal, "so") }), nil, plain, "reflection failed: Internal: so"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			address := serveReflection(t, c.register, c.options...)
			got := runWith(t, "", nil, append([]string{"rules", "--reflect", address}, c.args...)...)
			before, after, _ := strings.Cut("grpcauth: --reflect "+address+": "+c.want+"\n", "*")
			if got.code != exitFailure || got.stdout != "" || !strings.HasPrefix(got.stderr, before) || !strings.HasSuffix(got.stderr, after) {
				t.Errorf("got  %+v\nwant %s", got, c.want)
			}
		})
	}
}

// A guarded server that keeps reflection to itself says what would open it.
func TestRulesOfAServerThatGuardsReflection(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	guard, err := interceptor.New(issuer.Verifier(), interceptor.WithRule("/grpc.reflection.v1.ServerReflection/*", interceptor.Authenticated()))
	if err != nil {
		t.Fatal(err)
	}
	address := serveReflection(t, func(srv *grpc.Server) {
		reflectiongrpc.RegisterV1(srv)
		if err := guard.Protect(srv); err != nil {
			t.Error(err)
		}
	}, guard.ServerOptions()...)
	got := runWith(t, "", nil, "rules", "--plaintext", "--reflect", address)
	want := "grpcauth: --reflect " + address + ": the server keeps its reflection service to itself (no bearer token was sent): " +
		"open it with interceptor.WithPublicInfrastructure, or use --descriptor-set FILE\n"
	if got.code != exitFailure || got.stderr != want {
		t.Errorf("got %+v", got)
	}
}

func TestRulesOfNoServer(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	got := runWith(t, "", nil, "rules", "--reflect", address)
	if want := "grpcauth: --reflect " + address + ": connection error: "; got.code != exitFailure || !strings.HasPrefix(got.stderr, want) || !strings.Contains(got.stderr, "connection refused") {
		t.Errorf("got %+v", got)
	}
}

// A server that takes a connection and says nothing is not waited for longer
// than whoever asks waits.
func TestRulesOfASilentServer(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	address := serveReflection(t, func(srv *grpc.Server) {
		reflectionv1.RegisterServerReflectionServer(srv, silent{cancel: cancel})
	})
	var stdout, stderr bytes.Buffer
	p := &process{stdin: strings.NewReader(""), stdout: &stdout, stderr: &stderr}
	if code := p.run(ctx, []string{"rules", "--plaintext", "--reflect", address}); code != exitFailure || stderr.String() != "grpcauth: --reflect "+address+": reflection failed: Canceled: context canceled\n" {
		t.Errorf("exit %d: %s", code, stderr.String())
	}
}

// silent has the caller give up once it was asked, and never answers.
type silent struct {
	reflectionv1.UnimplementedServerReflectionServer

	cancel context.CancelCauseFunc
}

func (s silent) ServerReflectionInfo(stream grpc.BidiStreamingServer[reflectionv1.ServerReflectionRequest, reflectionv1.ServerReflectionResponse]) error {
	s.cancel(errors.New("enough"))
	<-stream.Context().Done()
	return nil
}

func TestRulesReflectFlags(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"":                                      "missing flags: one of --descriptor-set=FILE and --reflect=ADDR",
		"--descriptor-set=a --reflect=b":        "--descriptor-set and --reflect can't be used together",
		"--descriptor-set=a --plaintext":        "rules: --plaintext and --ca-file belong to --reflect ADDR: leave them out",
		"--descriptor-set=a --ca-file=b":        "rules: --plaintext and --ca-file belong to --reflect ADDR: leave them out",
		"--reflect=a --plaintext --ca-file=b":   "--plaintext and --ca-file can't be used together",
		"--descriptor-set=- --diff=-":           "rules: --descriptor-set and --diff can't both read stdin: give one of them a file",
		"--descriptor-set=a --diff=b something": "unexpected argument something",
	} {
		got := runWith(t, "", nil, append([]string{"rules"}, strings.Fields(args)...)...)
		if got.code != exitUsage || got.stderr != "grpcauth: "+want+" (see grpcauth rules --help)\n" {
			t.Errorf("%s: got %+v", args, got)
		}
	}
}
