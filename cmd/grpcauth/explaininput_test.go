package main

import (
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/reflection"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/known/anypb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/token"
)

// What keeps the answer from being found is told in one line, and is not taken
// for an answer.
func TestExplainOnWhatItCantRead(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	raw := f.with(nil)
	none := filepath.Join(t.TempDir(), "none")
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"no such method":            {[]string{"--method", "/grpc.health.v1.Health/Chek"}, `has no method "/grpc.health.v1.Health/Chek": did you mean /grpc.health.v1.Health/Check?`},
		"a method in another case":  {[]string{"--method", "/grpc.health.v1.Health/check"}, `did you mean /grpc.health.v1.Health/Check?`},
		"a method of another":       {[]string{"--method", "/grpc.health.v1.Helth/Watch"}, `did you mean /grpc.health.v1.Health/Watch?`},
		"nothing like it":           {[]string{"--method", "/x.Y/Z"}, `has no method "/x.Y/Z": grpcauth rules lists those that it has`},
		"a very long method":        {[]string{"--method", "/x.Y/" + strings.Repeat("Z", 5000)}, `ZZ": grpcauth rules lists those that it has`},
		"no method":                 {[]string{"--method", "Check"}, `--method "Check": want /package.Service/Method`},
		"an empty service":          {[]string{"--method", "//Check"}, `--method "//Check": want /package.Service/Method`},
		"three parts":               {[]string{"--method", "/a/b/c"}, `--method "/a/b/c": want /package.Service/Method`},
		"control characters":        {[]string{"--method", "/a\x1b[2J/b"}, `--method "/a\x1b[2J/b": want /package.Service/Method`},
		"no such token file":        {[]string{"--token", none}, "--token: no such file or directory: give a file that holds the token, or - for stdin"},
		"a folder":                  {[]string{"--token", t.TempDir()}, "--token: is a directory"},
		"an empty token":            {[]string{"--token", write(t, "empty", " \n", 0o600)}, "--token: it is empty: give the token, or leave the flag out for a call without one"},
		"the token itself":          {[]string{"--token", raw}, "--token is followed by a token: others on the machine can see a command line, so write it to a file or to stdin (-), and revoke this one"},
		"the token as an argument":  {[]string{raw}, "unexpected argument [a token]"},
		"both from stdin":           {[]string{"--token", "-", "--descriptor-set", "-"}, "--token and --descriptor-set can't both be read from stdin: give one of them as a file"},
		"a request that is no JSON": {[]string{"--request", "{service"}, "--request: it is no JSON of grpc.health.v1.HealthCheckRequest: syntax error (line 1:2)"},
		"an unknown field":          {[]string{"--request", `{"nobody":1}`}, `--request: it is no JSON of grpc.health.v1.HealthCheckRequest: (line 1:2): unknown field "nobody"`},
		"no such request file":      {[]string{"--request", "@" + none}, "--request: " + none + ": no such file or directory"},
		"no certificate":            {[]string{"--certificate", write(t, "cert", "junk", 0o600)}, "cert holds no certificate in PEM"},
		"a broken certificate":      {[]string{"--certificate", write(t, "cert", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0o600)}, "x509: malformed certificate"},
		"no such certificate":       {[]string{"--certificate", none}, "--certificate: " + none + ": no such file or directory"},
		"a time that is none":       {[]string{"--at", "yesterday"}, `--at "yesterday" is no time: write it like 2026-01-31T12:00:00Z`},
		"keys that are none":        {[]string{"--jwks", write(t, "jwks", "junk", 0o600)}, "is neither a JWK Set nor whole blocks of PEM"},
		"no key that can be used":   {[]string{"--jwks", write(t, "jwks", `{"keys":[{"kty":"oct","k":"AAAA"}]}`, 0o600)}, "has no key that this package can verify with"},
		"no such key file":          {[]string{"--jwks", none}, "no such file or directory"},
		"keys by plain http":        {[]string{"--jwks", "http://keys.example/jwks.json"}, `token: key set URL "http://keys.example/jwks.json": want https, or http on a loopback address`},
		"an issuer by plain http":   {[]string{"--issuer", "http://auth.example", "--jwks", ""}, `token: issuer "http://auth.example": want https, or http on a loopback address`},
		"no audience":               {[]string{"--audience", ""}, "without audiences: say who you are in Audiences"},
		"an unknown profile":        {[]string{"--profile", "acme"}, `--profile must be one of "rfc9068","keycloak","auth0","okta","entra","cognito" but got "acme"`},
		"a tenant that is many":     {[]string{"--profile", "entra", "--issuer", "https://login.microsoftonline.com/common/v2.0"}, `"common" stands for many tenants: name the one you trust by its id`},
		"a leeway without a unit":   {[]string{"--leeway", "30"}, "30 is no duration: write it with its unit, such as 90s, 15m or 720h"},
		"a leeway that is too long": {[]string{"--leeway", "3m"}, "token: leeway of 3m0s: want at most 2m0s"},
		"a leeway below nothing":    {[]string{"--leeway", "-1ns"}, "--leeway -1ns: want none (0s) or more"},
		"too many places of roles":  {[]string{"--roles-claim", "a,b,c,d"}, "profile has 5 places of roles: want at most 4"},
		"a set that is none":        {[]string{"--descriptor-set", write(t, "set", "junk", 0o600)}, "it is no descriptor set"},
		"no server":                 {[]string{"--descriptor-set", "", "--reflect", closedPort(t), "--plaintext"}, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := explainArgs(t, newForger(t), &grpcauthv1.Rule{}, "")
			got := explainRun(t, raw, "", replaced(args, c.args)...)
			if got.code != exitUsage || got.stdout != "" || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, c.want) {
				t.Errorf("got %+v\nwant %s", got, c.want)
			}
		})
	}
}

// replaced is args with other values for flags; "" leaves one out.
func replaced(args, more []string) []string {
	for i := 0; i+1 < len(more); i += 2 {
		for at := range args {
			if args[at] == more[i] {
				args = append(args[:at:at], args[at+2:]...)
				break
			}
		}
		if more[i+1] == "" && more[i] != "--audience" {
			continue
		}
		if strings.HasPrefix(more[i+1], "-") && len(more[i+1]) > 1 && !strings.HasPrefix(more[i+1], "--") {
			args = append(args, more[i]+"="+more[i+1])
			continue
		}
		args = append(args, more[i], more[i+1])
	}
	if len(more)%2 == 1 {
		args = append(args, more[len(more)-1])
	}
	return args
}

func closedPort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}

// The issuer's keys are found by its name, as a server finds them.
func TestExplainFindsKeysByTheIssuersName(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	set, err := token.MarshalJWKS(f.key())
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	mux.HandleFunc("/.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write([]byte(`{"issuer":"` + server.URL + `","jwks_uri":"` + server.URL + `/jwks.json"}`))
	})
	mux.HandleFunc("/jwks.json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(set) })
	mux.HandleFunc("/junk.json", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("\x1b[2Jjunk")) })
	raw := f.with(map[string]any{"iss": server.URL})
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"by its name":    {[]string{"--jwks", ""}, exitOK, "\n  key           ok           EdDSA, id \"k1\"\n"},
		"by URL":         {[]string{"--jwks", server.URL + "/jwks.json"}, exitOK, "\n  key           ok           EdDSA, id \"k1\"\n"},
		"junk":           {[]string{"--jwks", server.URL + "/junk.json"}, exitUsage, "\n  reason   KEYS_UNAVAILABLE\n  message  the issuer's keys are unavailable\n  cause    token: key \"k1\": token: keys are unavailable: token: key set from " + server.URL + "/junk.json: not a JSON object with a list \"keys\"\n"},
		"nothing there":  {[]string{"--jwks", server.URL + "/none.json"}, exitUsage, server.URL + "/none.json answered 404\n"},
		"nobody there":   {[]string{"--jwks", "http://" + closedPort(t) + "/jwks.json"}, exitUsage, "\n  code     Unavailable\n"},
		"another's name": {[]string{"--jwks", "", "--issuer", server.URL + "/"}, exitFailure, "\n  issuer        refused      wants " + server.URL + "/; the token has \"" + server.URL + "\"\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := replaced(explainArgs(t, newForger(t), &grpcauthv1.Rule{}, raw), []string{"--issuer", server.URL})
			got := explainRun(t, raw, "", replaced(args, c.args)...)
			if got.code != c.code || !strings.Contains(got.stdout, c.want) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A profile reads roles and the subject where its issuer writes them.
func TestExplainByProfile(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	raw := f.sign(`{"alg":"EdDSA","kid":"k1","typ":"JWT"}`, f.payload(map[string]any{
		"typ": "Bearer", "azp": "web", "client_id": nil, "oid": "o1",
		"realm_access": map[string]any{"roles": []string{"user"}}, "resource_access": map[string]any{"notes": map[string]any{"roles": []string{"admin"}}},
	}))
	args := explainArgs(t, f, &grpcauthv1.Rule{Roles: []string{"admin"}}, raw, "--profile", "keycloak")
	got := explainRun(t, raw, "", args...)
	if got.code != exitFailure || !strings.Contains(got.stdout, "wants admin; the token has user\n") {
		t.Errorf("got %+v", got)
	}
	got = explainRun(t, raw, "", append(args, "--roles-claim", "/resource_access/notes/roles", "--subject-claim", "oid")...)
	if got.code != exitOK || !strings.Contains(got.stdout, `subject "o1", client "web"`) || !strings.Contains(got.stdout, "wants admin; the token has user, admin\n") {
		t.Errorf("got %+v", got)
	}
	if got = explainRun(t, raw, "", replaced(args, []string{"--profile", "rfc9068"})...); got.code != exitFailure || !strings.Contains(got.stdout, `token: kind is not accepted here: "id_token"`) {
		t.Errorf("got %+v", got)
	}
	pool := f.sign(`{"alg":"EdDSA","kid":"k1"}`, f.payload(map[string]any{"token_use": "access", "aud": nil}))
	cognito := explainArgs(t, f, &grpcauthv1.Rule{}, pool, "--profile", "cognito")
	if got = explainRun(t, pool, "", cognito...); got.code != exitFailure || !strings.Contains(got.stdout, "audience      refused      wants https://notes.test; the token has \"web\" in client_id\n") {
		t.Errorf("got %+v", got)
	}
	if got = explainRun(t, pool, "", replaced(cognito, []string{"--audience", "web"})...); got.code != exitOK {
		t.Errorf("got %+v", got)
	}
	other := explainArgs(t, f, &grpcauthv1.Rule{Roles: []string{"a"}}, raw, "--roles-claim", "groups")
	if got = explainRun(t, f.with(nil), "", replaced(other, []string{"--token", write(t, "token", f.with(map[string]any{"groups": "a"}), 0o600)})...); got.code != exitOK || !strings.Contains(got.stdout, "wants a; the token has editor, a\n") {
		t.Errorf("got %+v", got)
	}
}

// In a stream of requests each is looked at.
func TestExplainSaysThatEachMessageIsBound(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	raw := f.with(nil)
	file := healthFile(t, &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: "service"}}})
	file.GetService()[0].GetMethod()[0].ClientStreaming = new(true)
	got := explainRun(t, raw, "", replaced(explainArgs(t, f, nil, raw, "--request", `{"service":"ada"}`), []string{"--descriptor-set", setOf(t, file)})...)
	if got.code != exitOK || !strings.Contains(got.stdout, "bind[0]       ok           wants sub = service, in every message of the stream; the token has \"ada\"\n") {
		t.Errorf("got %+v", got)
	}
}

// A request may hold a message of any type that the file knows.
func TestExplainReadsAnyRequest(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	raw := f.with(nil)
	get := method("GetItem")
	get.Options = &descriptorpb.MethodOptions{}
	proto.SetExtension(get.Options, grpcauthv1.E_Rule, &grpcauthv1.Rule{Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: "owner"}}})
	file := described(t, "shop.v1.ShopService", get)
	file.Dependency = []string{"google/protobuf/any.proto"}
	optional := descriptorpb.FieldDescriptorProto_LABEL_OPTIONAL.Enum()
	file.MessageType[0].Field = []*descriptorpb.FieldDescriptorProto{
		{Name: new("owner"), Number: new(int32(1)), Label: optional, Type: descriptorpb.FieldDescriptorProto_TYPE_STRING.Enum()},
		{Name: new("more"), Number: new(int32(2)), Label: optional, Type: descriptorpb.FieldDescriptorProto_TYPE_MESSAGE.Enum(), TypeName: new(".google.protobuf.Any")},
	}
	set := setOf(t, protodesc.ToFileDescriptorProto(anypb.File_google_protobuf_any_proto), file)
	path := write(t, "request.json", `{"owner": "ada", "more": {"@type": "type.googleapis.com/shop.v1.Item", "owner": "bob"}}`, 0o600)
	args := replaced(explainArgs(t, f, nil, raw, "--request", "@"+path), []string{"--descriptor-set", set, "--method", "/shop.v1.ShopService/GetItem"})
	got := explainRun(t, raw, "", args...)
	if got.code != exitOK || !strings.Contains(got.stdout, "bind[0]       ok           wants sub = owner; the token has \"ada\"\n") {
		t.Errorf("got %+v", got)
	}
}

// Only what serve reads can be set by the environment.
func TestExplainReadsItsCommandLineAlone(t *testing.T) {
	t.Parallel()
	if got := runWith(t, "", nil, "explain", "--help"); got.code != exitOK || strings.Contains(got.stdout, "$GRPCAUTH_") {
		t.Errorf("got %+v", got)
	}
	if got := runWith(t, "", nil, "serve", "--help"); !strings.Contains(got.stdout, "$GRPCAUTH_ISSUER") {
		t.Errorf("got %+v", got)
	}
	got := runWith(t, "", []string{"GRPCAUTH_ISSUER=https://auth.test"}, "explain", "--method", "/a.B/C", "--descriptor-set", "x", "--audience", "a")
	if got.code != exitUsage || !strings.Contains(got.stderr, "missing flags: --issuer=URL") {
		t.Errorf("got %+v", got)
	}
}

// A server that runs tells of its rules, too.
func TestExplainAndInitByReflection(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	address := serveReflection(t, func(srv *grpc.Server) {
		registerTestkit(srv)
		reflection.Register(srv)
	})
	raw := f.with(map[string]any{"scope": "scope.a"})
	args := replaced(explainArgs(t, f, nil, raw, "--reflect", address, "--plaintext"), []string{"--descriptor-set", "", "--method", "/testkit.v1.RulesService/Inherited"})
	got := explainRun(t, raw, "", args...)
	if got.code != exitFailure || !strings.Contains(got.stdout, "  rule          ok           written beside the service in testkit/v1/testkit.proto\n") ||
		!strings.Contains(got.stdout, "  scopes        refused      wants service.scope; the token has scope.a\n") {
		t.Errorf("got %+v", got)
	}
	got = runWith(t, "", nil, "init", "--reflect", address, "--plaintext")
	if got.code != exitOK || !strings.Contains(got.stdout, "  rpc Forgotten(") || !strings.Contains(got.stderr, "\ngrpc.health.v1.Health carries no rules: ") {
		t.Errorf("got %+v", got)
	}
}
