package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/token"
)

// clientsOf runs a command about clients on a database.
func clientsOf(t *testing.T, db string, args ...string) outcome {
	t.Helper()
	return runWith(t, "", nil, append(append([]string{"client"}, args...), "--store", db)...)
}

// printedClient is what client add --json prints.
type printedClient struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	Users        bool
	Service      bool
	Scopes       []string
	Audiences    []string
	Serves       []string
	Keys         []string
	Secrets      []struct{ ID string }
}

func addClient(t *testing.T, db string, args ...string) printedClient {
	t.Helper()
	got := clientsOf(t, db, append([]string{"add", "--json"}, args...)...)
	var printed printedClient
	if err := json.Unmarshal([]byte(got.stdout), &printed); err != nil || got.code != exitOK || got.stderr != "" {
		t.Fatalf("%v: %+v", err, got)
	}
	return printed
}

func storedClient(t *testing.T, db, id string) (store.Client, []store.Entry) {
	t.Helper()
	st, err := storeFlag{Store: db}.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	c, err := st.Client(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	log, err := st.Entries(t.Context(), 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	return c, log
}

// jwksFile is a file with a public key, as a JWK Set.
func jwksFile(t *testing.T) string {
	t.Helper()
	key, err := token.GenerateKey(token.EdDSA)
	if err != nil {
		t.Fatal(err)
	}
	set, err := token.MarshalJWKS(key.Public())
	if err != nil {
		t.Fatal(err)
	}
	return write(t, "jwks.json", string(set), 0o600)
}

// checklist: C1
func TestAnAddedServiceIsGivenASecretOnce(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	printed := addClient(t, db, "crawler", "--name", "The crawler", "--service", "--scope", "notes.read,grpcauth.introspect",
		"--target-audience", "notes", "--serves", "search", "--certificate-bound", "--expires-in", "24h")
	if !strings.HasPrefix(printed.ClientSecret, "gcs_") || len(printed.Secrets) != 1 {
		t.Fatalf("printed %+v", printed)
	}
	kept, log := storedClient(t, db, "crawler")
	switch {
	case !kept.Service || kept.Users || kept.Name != "The crawler" || !kept.CertificateBound || !slices.Equal(kept.Scopes, printed.Scopes):
		t.Errorf("kept %+v", kept)
	case !slices.Equal(kept.Audiences, []string{"notes"}) || !slices.Equal(kept.Serves, []string{"search"}):
		t.Errorf("kept for %q, serving %q", kept.Audiences, kept.Serves)
	case len(kept.Secrets) != 1 || kept.Secrets[0].ID != printed.Secrets[0].ID || kept.Secrets[0].Expires.Sub(kept.Secrets[0].CreatedAt).Hours() != 24:
		t.Errorf("kept %d secrets", len(kept.Secrets))
	case len(log) != 1 || log[0].Kind != "client_added" || log[0].Actor != "operator" || log[0].ClientID != "crawler":
		t.Errorf("recorded %+v", log)
	}
	if got := clientsOf(t, db, "list", "--json"); strings.Contains(got.stdout, "gcs_") || !strings.Contains(got.stdout, printed.Secrets[0].ID) {
		t.Errorf("listed %+v", got)
	}
}

func TestAnAddedAppHasNoSecret(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	got := runWith(t, "", []string{"GRPCAUTH_STORE=" + db, "GRPCAUTH_AUDIENCE=not-this-one"}, "client", "add", "web", "--users", "--all-scopes")
	want := regexp.MustCompile(`^id                 web
name               -
for                users
scopes             \(all of the user\)
audiences          \(all\)
serves             -
certificate bound  no
keys               -
created            20[0-9TZ:-]+
disabled           -
$`)
	if got.code != exitOK || !want.MatchString(got.stdout) {
		t.Errorf("got %+v", got)
	}
}

func TestClientsAreListed(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	if got := clientsOf(t, db, "list"); got.code != exitFailure || !strings.Contains(got.stderr, "open database") {
		t.Errorf("no database: %+v", got)
	}
	addClient(t, db, "web", "--users", "--scope", "a", "--scope", "b")
	keyed := addClient(t, db, "keyed", "--service", "--jwks", jwksFile(t))
	if keyed.ClientSecret != "" || len(keyed.Keys) != 1 {
		t.Errorf("a client with keys: %+v", keyed)
	}
	addClient(t, db, "crawler", "--service")
	clientsOf(t, db, "disable", "web")
	got := clientsOf(t, db, "list")
	want := regexp.MustCompile(`^ID       NAME  FOR     SCOPES  AUDIENCES  SERVES  SECRETS   KEYS  DISABLED
crawler  -     itself  -       \(all\)      -       [A-Z2-7]{8}  -     -
keyed    -     itself  -       \(all\)      -       -         1     -
web      -     users   a b     \(all\)      -       -         -     20[0-9TZ:-]+
$`)
	if got.code != exitOK || !want.MatchString(got.stdout) {
		t.Errorf("got %+v", got)
	}
}

func TestEveryPageOfClientsIsListed(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	st, err := storeFlag{Store: db}.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for i := range 1001 {
		if err := st.AddClient(t.Context(), store.Client{ID: fmt.Sprintf("c%04d", i), Users: true}); err != nil {
			t.Fatal(err)
		}
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if got := clientsOf(t, db, "list"); strings.Count(got.stdout, "\n") != 1002 {
		t.Errorf("%d lines", strings.Count(got.stdout, "\n"))
	}
}

// checklist: C1
func TestTwoSecretsWorkAtATime(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	first := addClient(t, db, "crawler", "--service")
	got := clientsOf(t, db, "secret", "add", "crawler", "--expires-in", "1h")
	want := regexp.MustCompile(`(?s)^id                 crawler
.*secret id          ` + first.Secrets[0].ID + `
secret id          ([A-Z2-7]{8}) until 20[0-9TZ:-]+
secret             gcs_[\w-]{43}
$`)
	made := want.FindStringSubmatch(got.stdout)
	if made == nil {
		t.Fatalf("got %+v", got)
	}
	if got := clientsOf(t, db, "secret", "add", "crawler"); got.code != exitFailure || got.stdout != "" || !strings.Contains(got.stderr, "has 2 secrets ("+first.Secrets[0].ID+" "+made[1]+"): remove one of them first") {
		t.Errorf("a third: %+v", got)
	}
	if got := clientsOf(t, db, "secret", "remove", "crawler", first.Secrets[0].ID); got.code != exitOK || strings.Contains(got.stdout, first.Secrets[0].ID) || !strings.Contains(got.stdout, made[1]) {
		t.Errorf("removing the first: %+v", got)
	}
	if got := clientsOf(t, db, "secret", "add", "crawler", "--expires-in", "1us", "--json"); got.code != exitOK {
		t.Errorf("one that expires at once: %+v", got)
	}
	if got := clientsOf(t, db, "secret", "add", "crawler", "--json"); got.code != exitOK {
		t.Errorf("in the place of one that has expired: %+v", got)
	}
	kept, log := storedClient(t, db, "crawler")
	if len(kept.Secrets) != 2 || kept.Secrets[0].ID != made[1] {
		t.Errorf("kept %d secrets", len(kept.Secrets))
	}
	var kinds []string
	for _, e := range log {
		kinds = append(kinds, strings.TrimPrefix(e.Kind, "client_"))
	}
	if !slices.Equal(kinds, []string{"added", "secret_added", "secret_removed", "secret_added", "secret_added"}) {
		t.Errorf("recorded %q", kinds)
	}
}

func TestClientsAreDisabledAndEnabled(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	addClient(t, db, "crawler", "--service")
	for _, verb := range []string{"disable", "disable", "enable", "enable"} {
		got := clientsOf(t, db, verb, "crawler")
		if got.code != exitOK || strings.Contains(got.stdout, "\ndisabled           -\n") != (verb == "enable") || strings.Contains(got.stdout, "gcs_") {
			t.Errorf("%s: %+v", verb, got)
		}
		if shown := clientsOf(t, db, "show", "crawler"); shown != got {
			t.Errorf("%s printed %s\nshow prints %+v", verb, got.stdout, shown)
		}
		if kept, _ := storedClient(t, db, "crawler"); kept.DisabledAt.IsZero() != (verb == "enable") {
			t.Errorf("after %s: disabled at %s", verb, kept.DisabledAt)
		}
	}
	if _, log := storedClient(t, db, "crawler"); len(log) != 3 || log[1].Kind != "client_disabled" || log[2].Kind != "client_enabled" {
		t.Errorf("recorded %+v, want one entry for each change", log)
	}
}

func TestKeysOfAClientAreReplacedByTheOperator(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	addClient(t, db, "keyed", "--service", "--jwks", jwksFile(t))
	before, _ := storedClient(t, db, "keyed")
	got := clientsOf(t, db, "keys", "keyed", "--jwks", jwksFile(t))
	after, log := storedClient(t, db, "keyed")
	if want := "\nkeys               " + keyIDs(after)[0] + "\n"; got.code != exitOK || !strings.Contains(got.stdout, want) {
		t.Errorf("got %+v, want %s", got, want)
	}
	if string(after.JWKS) == string(before.JWKS) || len(log) != 2 || log[1].Kind != "client_keys_replaced" {
		t.Errorf("kept %s, recorded %+v", after.JWKS, log)
	}
}

func TestClientsThatAreRefused(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	addClient(t, db, "taken", "--service")
	addClient(t, db, "web", "--users")
	private := write(t, "private.json", `{"keys":[{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}`, 0o600)
	large := write(t, "large.json", strings.Repeat(" ", maxJWKS+1), 0o600)
	t.Run("each", func(t *testing.T) {
		for _, c := range []struct {
			name string
			args []string
			want string
		}{
			{"taken", []string{"add", "taken", "--service"}, `there is a client "taken" already: choose another id, or change that one with grpcauth client set`},
			{"built in", []string{"add", "default", "--users"}, `the client "default" is built into the server: choose another id`},
			{"for nothing", []string{"add", "a"}, "say what the client is for: --users or --service; an app that does both is two clients"},
			{"for both", []string{"add", "a", "--users", "--service"}, "say what the client is for: --users or --service; an app that does both is two clients"},
			{"no id", []string{"add", "", "--users"}, "the id is empty"},
			{"an id with a line break", []string{"add", "a\nb", "--users"}, `the id "a\nb" is not printable ASCII without spaces`},
			{"an id with a space", []string{"add", "a b", "--users"}, `the id "a b" is not printable ASCII without spaces`},
			{"an id with a letter that is not ASCII", []string{"add", "ä", "--users"}, "is not printable ASCII without spaces"},
			{"a bad scope", []string{"add", "a", "--users", "--scope", "a b"}, `the scope "a b" is not 1 to 128 printable ASCII characters`},
			{"a secret for an app", []string{"add", "a", "--users", "--expires-in", "1h"}, "--expires-in is for a secret, and this client gets none: leave it out"},
			{"keys for an app", []string{"add", "a", "--users", "--jwks", jwksFile(t)}, "a client that logs users in is public"},
			{"an app that serves", []string{"add", "a", "--users", "--serves", "notes"}, "--serves is for --service clients: make a second client"},
			{"all of no user's scopes", []string{"add", "a", "--service", "--all-scopes"}, "--all-scopes is for --users clients: give a service its scopes with --scope"},
			{"all scopes and some", []string{"add", "a", "--users", "--all-scopes", "--scope", "b"}, "--all-scopes and --scope contradict each other: give one of them"},
			{"introspection of nothing", []string{"add", "a", "--service", "--scope", "b,grpcauth.introspect"}, "the scope grpcauth.introspect is for a --service and of no use without --serves: give --scope without it in the same command, or name the audience"},
			{"introspection by an app", []string{"add", "a", "--users", "--scope", "grpcauth.introspect"}, "the scope grpcauth.introspect is for a --service"},
			{"an expiry in the past", []string{"add", "a", "--service", "--expires-in=-1h"}, "--expires-in is in the past"},
			{"a private key", []string{"add", "a", "--service", "--jwks", private}, "keys[0]: token: JWK has private members where a public key belongs"},
			{"a file that is too large", []string{"add", "a", "--service", "--jwks", large}, "give a JWK Set of at most 65536"},
			{"no such file", []string{"add", "a", "--service", "--jwks", filepath.Join(t.TempDir(), "none")}, "--jwks: open "},
			{"a secret of nobody", []string{"secret", "add", "nobody"}, `there is no client "nobody": see grpcauth client list`},
			{"a secret of an app", []string{"secret", "add", "web"}, `the client "web" logs users in and is public, so it has no secrets: register a service of its own with grpcauth client add --service`},
			{"keys of an app", []string{"keys", "web", "--jwks", jwksFile(t)}, `the client "web" logs users in and is public, so it has no keys`},
			{"keys that are none", []string{"keys", "taken", "--jwks", write(t, "empty.json", "{}", 0o600)}, "the keys are no JWK Set"},
			{"no such secret", []string{"secret", "remove", "taken", "AAAAAAAA"}, `the client "taken" has no secret of that id: see grpcauth client show taken`},
			{"showing nobody", []string{"show", "nobody"}, `there is no client "nobody": see grpcauth client list`},
			{"showing what is built in", []string{"show", "default"}, `the client "default" is built into the server and not in the database: register one of your own with grpcauth client add`},
			{"showing no id", []string{"show", "a\x00b"}, `the id "a\x00b" holds a control character or is not UTF-8: leave it out`},
			{"disabling nobody", []string{"disable", "nobody"}, `there is no client "nobody": see grpcauth client list`},
			{"disabling what is built in", []string{"disable", "default"}, `the client "default" is built into the server`},
			{"changing nobody", []string{"set", "nobody", "--scope", "a"}, `there is no client "nobody": see grpcauth client list`},
			{"changing nothing", []string{"set", "taken"}, "nothing to change: give --scope, --all-scopes, --target-audience, --all-audiences or --serves"},
			{"changing to all scopes and some", []string{"set", "web", "--scope", "a", "--all-scopes"}, "--all-scopes and --scope contradict each other: give one of them"},
			{"an audience that is not set", []string{"add", "a", "--users", "--target-audience", ""}, "--target-audience names no audience: name one, or leave the flag out for all"},
			{"an empty audience", []string{"add", "a", "--users", "--target-audience", "a,,b"}, "an audience is empty: name it or leave it out"},
			{"changing to an audience that is not set", []string{"set", "taken", "--target-audience", ""}, "--target-audience names no audience: name one, or give --all-audiences for all"},
			{"changing to all audiences and some", []string{"set", "taken", "--target-audience", "a", "--all-audiences"}, "--all-audiences and --target-audience contradict each other: give one of them"},
			{"changing to a bad scope", []string{"set", "web", "--scope", "a b"}, `the scope "a b" is not 1 to 128 printable ASCII characters`},
			{"changing to an empty scope", []string{"set", "web", "--scope", "a,,b"}, `the scope "" is not 1 to 128 printable ASCII characters`},
			{"changing to an empty audience", []string{"set", "taken", "--serves", "a,,b"}, "an audience is empty: name it or leave it out"},
			{"changing to introspection of nothing", []string{"set", "taken", "--scope", "grpcauth.introspect"}, "the scope grpcauth.introspect is for a --service and of no use without --serves"},
			{"changing an app to serve", []string{"set", "web", "--serves", "notes"}, "a client that logs users in can't introspect tokens"},
			{"changing a service to all scopes", []string{"set", "taken", "--all-scopes"}, "all scopes of the user are nothing to a client without users"},
			{"another database", []string{"list", "--store-password-file", "x"}, "--store-password-file is for PostgreSQL only"},
		} {
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				got := clientsOf(t, db, c.args...)
				if got.code != exitFailure || !strings.Contains(got.stderr, c.want) || got.stdout != "" {
					t.Errorf("got %+v\nwant %s", got, c.want)
				}
			})
		}
	})
	if _, log := storedClient(t, db, "taken"); len(log) != 2 {
		t.Errorf("recorded %+v", log)
	}
}
