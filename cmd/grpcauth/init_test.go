package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// described makes a service whose methods take and give an Item.
func described(t *testing.T, service string, methods ...*descriptorpb.MethodDescriptorProto) *descriptorpb.FileDescriptorProto {
	t.Helper()
	pkg, name := service[:strings.LastIndexByte(service, '.')], service[strings.LastIndexByte(service, '.')+1:]
	for _, m := range methods {
		m.InputType, m.OutputType = new("."+pkg+".Item"), new("."+pkg+".Item")
	}
	return &descriptorpb.FileDescriptorProto{
		Name: new(strings.ReplaceAll(service, ".", "/") + ".proto"), Package: new(pkg), Syntax: new("proto3"),
		MessageType: []*descriptorpb.DescriptorProto{{Name: new("Item")}},
		Service:     []*descriptorpb.ServiceDescriptorProto{{Name: new(name), Method: methods}},
	}
}

func method(name string) *descriptorpb.MethodDescriptorProto {
	return &descriptorpb.MethodDescriptorProto{Name: new(name)}
}

// setOf writes a descriptor set.
func setOf(t *testing.T, files ...*descriptorpb.FileDescriptorProto) string {
	t.Helper()
	data, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: files})
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "set.binpb", string(data), 0o600)
}

func TestGuesses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		service, method, rule, why string
		doubt                      doubt
	}{
		{"notes.v1.NotesService", "GetNote", `{scopes: "notes.read"}`, `it begins with "get"`, certain},
		{"notes.v1.NotesService", "ListNotes", `{scopes: "notes.read"}`, `it begins with "list"`, certain},
		{"notes.v1.NotesService", "BatchGetNotes", `{scopes: "notes.read"}`, `it begins with "get"`, certain},
		{"notes.v1.NotesService", "search_notes", `{scopes: "notes.read"}`, `it begins with "search"`, certain},
		{"notes.v1.NotesService", "CreateNote", `{scopes: "notes.write"}`, `it begins with "create"`, certain},
		{"notes.v1.NotesService", "BatchDeleteNotes", `{scopes: "notes.write"}`, `it begins with "delete"`, certain},
		{"notes.v1.NotesService", "GetOrCreateNote", `{scopes: "notes.write"}`, `it begins with "get", but there is "create"`, certain},
		{"notes.v1.NotesService", "GetByIdOrName", `{scopes: "notes.read"}`, `it begins with "get", but there is "name"`, likelyRead},
		{"notes.v1.NotesService", "Summarize", `{scopes: "notes.write"}`, `nothing says that "Summarize" only reads`, unknownVerb},
		{"notes.v1.NotesService", "Getaway", `{scopes: "notes.write"}`, `nothing says that "Getaway" only reads`, unknownVerb},
		{"notes.v1.NotesService", "_", `{scopes: "notes.write"}`, `nothing says that "_" only reads`, unknownVerb},
		{"notes.v1.NotesService", "GetOr", `{scopes: "notes.read"}`, `it begins with "get"`, certain},
		{"notes.v1.NotesService", "ListAdminUsers", `{scopes: "notes.admin"}`, `"ListAdminUsers" is for administrators by its name`, certain},
		{"notes.v1.NotesAdminService", "GetNote", `{scopes: "notes.admin"}`, `"NotesAdminService" is for administrators by its name`, certain},
		{"notes.v1.AdminService", "GetNote", `{scopes: "notes.admin"}`, `"AdminService" is for administrators by its name`, certain},
		{"notes.v1.AdminService", "Login", `{public: true}`, `"Login" comes before there is a token, by its name`, anybody},
		{"notes.v1.Service", "GetNote", `{scopes: "notes.read"}`, `it begins with "get"`, certain},
		{"notes.v1.API", "GetNote", `{scopes: "notes.read"}`, `it begins with "get"`, certain},
		{"v1.API", "GetNote", `{scopes: "api.read"}`, `it begins with "get"`, certain},
		{"shop.v2beta1.OrderHistoryService", "GetOrder", `{scopes: "order_history.read"}`, `it begins with "get"`, certain},
		{"shop.v1.HTTPRoutes", "GetRoute", `{scopes: "http_routes.read"}`, `it begins with "get"`, certain},

		{"a.v1.AccountService", "Login", `{public: true}`, `"Login" comes before there is a token, by its name`, anybody},
		{"a.v1.AccountService", "LoginWithGoogle", `{public: true}`, `"LoginWithGoogle" comes before there is a token, by its name`, anybody},
		{"a.v1.AccountService", "SignIn", `{public: true}`, `"SignIn" comes before there is a token, by its name`, anybody},
		{"a.v1.AccountService", "SignInWithPassword", `{public: true}`, `"SignInWithPassword" comes before there is a token, by its name`, anybody},
		{"a.v1.AccountService", "ListLogins", `{scopes: "account.read"}`, `it begins with "list"`, certain},
		{"a.v1.AccountService", "LoginAs", `{scopes: "account.write"}`, `nothing says that "LoginAs" only reads`, unknownVerb},
		{"a.v1.AuthService", "Refresh", `{public: true}`, `"Refresh" comes when the token is too old, by its name`, anybody},
		{"a.v1.AuthService", "GetJwks", `{public: true}`, `"GetJwks" publishes keys, by its name`, anybody},
		{"a.v1.CacheService", "Refresh", `{scopes: "cache.write"}`, `nothing says that "Refresh" only reads`, unknownVerb},
		{"a.v1.AuthService", "Logout", `{}`, `"Logout" is about the caller, whoever that is`, anyCaller},
		{"a.v1.UserService", "WhoAmI", `{}`, `"WhoAmI" is about the caller, whoever that is`, anyCaller},

		{"a.v1.PingService", "Ping", `{public: true}`, `"Ping" is a health check by its name`, anybody},
		{"a.v1.HealthService", "Check", `{public: true}`, `"Check" is a health check by its name`, anybody},
		{"a.v1.HealthService", "GetPatient", `{scopes: "health.read"}`, `it begins with "get"`, certain},
		{"a.v1.HealthRecordsService", "Check", `{scopes: "health_records.write"}`, `nothing says that "Check" only reads`, unknownVerb},
	} {
		t.Run(c.service+"/"+c.method, func(t *testing.T) {
			t.Parallel()
			file, err := protodesc.NewFile(described(t, c.service, method(c.method)), nil)
			if err != nil {
				t.Fatal(err)
			}
			found := propose([]protoreflect.ServiceDescriptor{file.Services().Get(0)})
			if len(found.proposals) != 1 {
				t.Fatalf("got %+v", found)
			}
			got := found.proposals[0]
			if ruleLiteral(got.rule) != c.rule || got.why != c.why || got.doubt != c.doubt {
				t.Errorf("got  %s, %s, %s\nwant %s, %s, %s", ruleLiteral(got.rule), got.why, got.doubt, c.rule, c.why, c.doubt)
			}
			var parsed grpcauthv1.Rule // an option holds the text form of its message
			if err := prototext.Unmarshal([]byte(strings.Trim(c.rule, "{}")), &parsed); err != nil || !proto.Equal(&parsed, got.rule) {
				t.Errorf("the option says %v, %v", &parsed, err)
			}
		})
	}
}

func TestAScopeIsNotSharedByStrangers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		services []string
		want     []string
	}{
		"versions of one":             {[]string{"shop.v1.UsersService", "shop.v2.UsersService"}, []string{"users.read", "users.read"}},
		"two packages":                {[]string{"billing.v1.UsersService", "shop.v1.UsersService"}, []string{"billing.users.read", "shop.users.read"}},
		"two of one name":             {[]string{"a.shop.v1.UsersService", "b.shop.v1.UsersService"}, []string{"a.shop.usersservice.read", "b.shop.usersservice.read"}},
		"one that is longer":          {[]string{"shop.v1.UsersAPI", "shop.v1.UsersService"}, []string{"shop.usersapi.read", "shop.usersservice.read"}},
		"an administrators' one":      {[]string{"shop.v1.AdminService", "shop.v1.ShopService"}, []string{"shop.read", "shop.read"}},
		"a package and another's own": {[]string{"users.v1.Service", "shop.v1.UsersService"}, []string{"users.read", "shop.users.read"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var services []protoreflect.ServiceDescriptor
			for _, service := range c.services {
				file, err := protodesc.NewFile(described(t, service, method("GetUser")), nil)
				if err != nil {
					t.Fatal(err)
				}
				services = append(services, file.Services().Get(0))
			}
			names := nameScopes(services)
			for i, sd := range services {
				if got := names[sd.FullName()] + ".read"; got != c.want[i] {
					t.Errorf("%s has %s, want %s", sd.FullName(), got, c.want[i])
				}
			}
		})
	}
}

// A method that says itself that it changes nothing is believed.
func TestIdempotencyLevelCounts(t *testing.T) {
	t.Parallel()
	quote := method("Quote")
	quote.Options = &descriptorpb.MethodOptions{IdempotencyLevel: descriptorpb.MethodOptions_NO_SIDE_EFFECTS.Enum()}
	got := runWith(t, "", nil, "init", "--descriptor-set", setOf(t, described(t, "shop.v1.ShopService", quote)))
	if got.code != exitOK || !strings.Contains(got.stdout, `
  rpc Quote(Item) returns (Item) {
    // Keep the options that it has: idempotency_level.
    option (grpcauth.v1.rule) = {scopes: "shop.read"};
  }
`) || !strings.Contains(got.stderr, "its idempotency_level is NO_SIDE_EFFECTS") {
		t.Errorf("got %+v", got)
	}
}

func TestInitShowsWhatToPasteAndWhatToCheck(t *testing.T) {
	t.Parallel()
	talk := method("FindTalk")
	talk.ClientStreaming, talk.ServerStreaming = new(true), new(true)
	set := setOf(t,
		described(t, "shop.v1.ShopService", method("GetItem"), method("Login"), talk, method("Logout"), method("Frobnicate")),
		described(t, "google.longrunning.Operations", method("ListOperations"), method("Ping"), method("Logout")),
		described(t, "grpc.health.v1.Health", method("Check")))
	got := runWith(t, "", nil, "init", "--descriptor-set", set)
	const stdout = `// google/longrunning/Operations.proto is not yours to edit: give interceptor.New these options.
//
//	interceptor.WithRule("/google.longrunning.Operations/ListOperations", interceptor.Scopes("operations.read")),
//	interceptor.WithRule("/google.longrunning.Operations/Ping", interceptor.Public()),
//	interceptor.WithRule("/google.longrunning.Operations/Logout", interceptor.Authenticated()),

// shop/v1/ShopService.proto: 5 methods without a rule. Put each rpc in the place of the one that is there.

// Beside the other imports:
import "grpcauth/v1/rule.proto";

// In service ShopService:

  rpc GetItem(Item) returns (Item) {
    option (grpcauth.v1.rule) = {scopes: "shop.read"};
  }

  rpc Login(Item) returns (Item) {
    option (grpcauth.v1.rule) = {public: true};
  }

  rpc FindTalk(stream Item) returns (stream Item) {
    option (grpcauth.v1.rule) = {scopes: "shop.read"};
  }

  rpc Logout(Item) returns (Item) {
    option (grpcauth.v1.rule) = {};
  }

  rpc Frobnicate(Item) returns (Item) {
    option (grpcauth.v1.rule) = {scopes: "shop.write"};
  }
`
	const stderr = `8 methods without a rule; 0 have one and are left out.
grpc.health.v1.Health carries no rules: give interceptor.New the option interceptor.WithPublicInfrastructure(), unless it has it.

check first: ANYBODY could call these, without a token:
  /google.longrunning.Operations/Ping  {public: true}  "Ping" is a health check by its name
  /shop.v1.ShopService/Login           {public: true}  "Login" comes before there is a token, by its name

check that any caller with an access token may call these:
  /google.longrunning.Operations/Logout  {}  "Logout" is about the caller, whoever that is
  /shop.v1.ShopService/Logout            {}  "Logout" is about the caller, whoever that is

check that these only read:
  /shop.v1.ShopService/FindTalk  {scopes: "shop.read"}  it begins with "find", but takes a stream

check that these change something, as was assumed:
  /shop.v1.ShopService/Frobnicate  {scopes: "shop.write"}  nothing says that "Frobnicate" only reads

clear by their names:
  /google.longrunning.Operations/ListOperations  {scopes: "operations.read"}  it begins with "list"
  /shop.v1.ShopService/GetItem                   {scopes: "shop.read"}        it begins with "get"
`
	if got.code != exitOK || got.stdout != stdout || got.stderr != stderr {
		t.Errorf("exit %d\n%s\n%s", got.code, got.stdout, got.stderr)
	}
}

func TestInitForPrograms(t *testing.T) {
	t.Parallel()
	got := runWith(t, "", nil, "init", "--json", "--descriptor-set", setOf(t, described(t, "shop.v1.ShopService", method("GetItem"), method("Login"))))
	var printed struct {
		Proposals []struct {
			Method, File, Option, RPC, Why, Doubt string
			Rule                                  map[string]any
			ImportMissing                         bool `json:"import_missing"`
			Editable                              bool
		}
		Covered                    int
		Unreadable, Infrastructure []string
	}
	if err := json.Unmarshal([]byte(got.stdout), &printed); err != nil || got.code != exitOK || got.stderr != "" {
		t.Fatalf("%v: %+v", err, got)
	}
	if len(printed.Proposals) != 2 || printed.Unreadable == nil || printed.Infrastructure == nil {
		t.Fatalf("got %s", got.stdout)
	}
	first := printed.Proposals[0]
	if first.Method != "/shop.v1.ShopService/Login" || first.File != "shop/v1/ShopService.proto" || first.Rule["public"] != true ||
		first.Option != "option (grpcauth.v1.rule) = {public: true};" || !strings.HasPrefix(first.RPC, "  rpc Login(Item) returns (Item) {\n") ||
		first.Why == "" || first.Doubt != "anybody" || !first.ImportMissing || !first.Editable {
		t.Errorf("got %+v", first)
	}
}

// A rule that can't be read is a rule: nothing is proposed in its place.
func TestInitLeavesRulesThatCantBeRead(t *testing.T) {
	t.Parallel()
	broken := method("GetItem")
	broken.Options = &descriptorpb.MethodOptions{}
	broken.Options.ProtoReflect().SetUnknown(protowire.AppendBytes(protowire.AppendTag(nil, 51947, protowire.BytesType), []byte{0xff}))
	got := runWith(t, "", nil, "init", "--descriptor-set", setOf(t, described(t, "shop.v1.ShopService", broken)))
	if got.code != exitOK || got.stdout != "" || !strings.Contains(got.stderr, "\nLeft out, too: options of shop.v1.ShopService.GetItem can't be read, correct the rule in shop/v1/ShopService.proto: ") {
		t.Errorf("got %+v", got)
	}
}

func TestInitOnWhatItCantRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		args []string
		code int
		want string
	}{
		"no origin":      {nil, exitUsage, "--descriptor-set"},
		"a missing file": {[]string{"--descriptor-set", filepath.Join(t.TempDir(), "none")}, exitFailure, "no such file"},
		"no set":         {[]string{"--descriptor-set", write(t, "junk", "junk", 0o600)}, exitFailure, "it is no descriptor set"},
		"a folder":       {[]string{"--descriptor-set", os.TempDir()}, exitFailure, "is a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runWith(t, "", nil, append([]string{"init"}, c.args...)...)
			if got.code != c.code || got.stdout != "" || strings.Count(got.stderr, "\n") != 1 || !strings.Contains(got.stderr, c.want) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// A path in a descriptor set is whatever its writer likes.
func TestInitPrintsNoControlCharacters(t *testing.T) {
	t.Parallel()
	file := described(t, "shop.v1.ShopService", method("GetItem"))
	file.Name = new("a\n\x1b[2Jrpc.proto")
	got := runWith(t, "", nil, "init", "--descriptor-set", setOf(t, file))
	if got.code != exitOK || strings.Contains(got.stdout+got.stderr, "\x1b") || !strings.HasPrefix(got.stdout, "// a \uFFFD[2Jrpc.proto: 1 method without a rule.") {
		t.Errorf("got %+v", got)
	}
}
