package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/password"
)

const goodPassword = "correct horse battery"

func TestAddedUserCanBeFound(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	got := runWith(t, goodPassword+"\n", nil, "user", "add", "ada", "--scope", "notes.read,notes.write", "--role=editor", "--admin", "--store", "sqlite:"+db, "--json")
	if got.code != exitOK || got.stderr != "" {
		t.Fatalf("got %+v", got)
	}
	var printed struct {
		Subject, Username string
		Scopes, Roles     []string
		Admin             bool
	}
	if err := json.Unmarshal([]byte(got.stdout), &printed); err != nil {
		t.Fatal(err)
	}
	st, err := storeFlag{Store: db}.open(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	user, err := st.UserByName(t.Context(), "ada")
	if err != nil {
		t.Fatal(err)
	}
	if user.Subject != printed.Subject || !user.Admin || !user.DisabledAt.IsZero() || !slices.Equal(user.Scopes, []string{"notes.read", "notes.write"}) || !slices.Equal(user.Roles, printed.Roles) {
		t.Errorf("printed %+v, kept %+v", printed, user)
	}
	hasher, err := password.NewHasher(password.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, err := hasher.Verify(t.Context(), user.PasswordHash, goodPassword); !ok || err != nil {
		t.Errorf("the password does not fit: %v, %v", ok, err)
	}
	if info, err := os.Stat(db); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the database has mode %v, %v", info.Mode(), err)
	}
}

func TestAddedUserIsShownAsATable(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	got := runWith(t, goodPassword, []string{"GRPCAUTH_STORE=" + db}, "user", "add", "ada", "--scope", "a", "--scope", "b")
	want := regexp.MustCompile(`^subject   [A-Z2-7]{26}
username  ada
scopes    a b
roles     -
admin     no
created   20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ
disabled  -
$`)
	if got.code != exitOK || !want.MatchString(got.stdout) {
		t.Errorf("got %+v", got)
	}
}

// checklist: I6
func TestSubjectsAreRandom(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	seen := map[string]bool{}
	for _, name := range []string{"ada", "bob"} {
		got := runWith(t, goodPassword, nil, "user", "add", name, "--store", db)
		line, _, _ := strings.Cut(got.stdout, "\n")
		if got.code != exitOK || seen[line] || strings.Contains(line, name) {
			t.Errorf("%s: %+v", name, got)
		}
		seen[line] = true
	}
}

// checklist: P5
func TestUsersThatAreRefused(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "grpcauth.db")
	if got := runWith(t, goodPassword, nil, "user", "add", "taken", "--store", db); got.code != exitOK {
		t.Fatalf("got %+v", got)
	}
	for _, c := range []struct {
		name, stdin string
		args        []string
		want        string
	}{
		{"taken in another case", goodPassword, []string{"TAKEN"}, `there is a user "taken" already: choose another name`},
		{"spaces", goodPassword, []string{"ada lovelace"}, `the name "ada lovelace" can't be a user's: use letters, digits and ASCII signs, without spaces`},
		{"taken", goodPassword, []string{"taken"}, `there is a user "taken" already: choose another name`},
		{"no name", goodPassword, []string{""}, "the name is empty: give one"},
		{"control characters", goodPassword, []string{"ada\nlovelace"}, `the name "ada\nlovelace" holds a control character or is not UTF-8: leave it out`},
		{"not UTF-8", goodPassword, []string{"ada\xff"}, `the name "ada\xff" holds a control character or is not UTF-8: leave it out`},
		{"a long name", goodPassword, []string{strings.Repeat("a", 257)}, "the name has 257 bytes: use at most 256"},
		{"a bad scope", goodPassword, []string{"ada", "--scope", "a b"}, `the scope "a b" is not 1 to 128 printable ASCII characters without spaces, quotes and backslashes: correct it`},
		{"a bad role", goodPassword, []string{"ada", "--role", "a\x7f"}, `the role "a\x7f" holds a control character or is not UTF-8: leave it out`},
		{"no password", "", []string{"ada"}, "stdin holds no password: give it as one line, or run this on a terminal to be asked"},
		{"an empty password", "\n", []string{"ada"}, "password: use at least 8 characters"},
		{"a short password", "1234567\n", []string{"ada"}, "password: use at least 8 characters"},
		{"a common password", "password1\n", []string{"ada"}, "password: is one of the most used passwords, choose another"},
		{"a long password", strings.Repeat("x", 1025) + "\n", []string{"ada"}, "password: use at most 1024 bytes"},
		{"an endless password", strings.Repeat("x", 1<<20), []string{"ada"}, "password: use at most 1024 bytes"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got := runWith(t, c.stdin, nil, append([]string{"user", "add", "--password-stdin", "--store", db}, c.args...)...)
			if got.code != exitFailure || got.stderr != "grpcauth: "+c.want+"\n" || got.stdout != "" {
				t.Errorf("got %+v\nwant %s", got, c.want)
			}
		})
	}
}

func TestTheLongestPasswordIsNotCut(t *testing.T) {
	t.Parallel()
	for _, end := range []string{"", "\n", "\r\n"} {
		longest := strings.Repeat("é", password.MaxBytes/2)
		if got, err := readLine(strings.NewReader(longest + end)); err != nil || got != longest {
			t.Errorf("ended by %q: %d bytes, %v", end, len(got), err)
		}
	}
}

func TestOnlyTheFirstLineIsThePassword(t *testing.T) {
	t.Parallel()
	if got, err := readLine(strings.NewReader("  first line \nsecond")); err != nil || got != "  first line " {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAPasswordIsNoFlag(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--password=hunter2hunter2", "-p=hunter2hunter2"} {
		if got := runWith(t, "", nil, "user", "add", "ada", flag); got.code != exitUsage || strings.Contains(got.stderr, "hunter2") {
			t.Errorf("%s: got %+v", flag, got)
		}
	}
}
