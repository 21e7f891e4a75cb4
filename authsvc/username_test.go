package authsvc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

func ExampleNormalizeUsername() {
	for _, typed := range []string{"Ada.Lovelace", "Ａｄａ", "ada lovelace"} {
		name, err := authsvc.NormalizeUsername(typed)
		fmt.Printf("%q %v\n", name, errors.Is(err, authsvc.ErrUsername))
	}
	// Output:
	// "ada.lovelace" false
	// "ada" false
	// "" true
}

func TestNormalizeUsername(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ given, want string }{
		"as it is":           {"ada.lovelace-1815@example.org", "ada.lovelace-1815@example.org"},
		"upper case":         {"ADA", "ada"},
		"upper case, Greek":  {"ΣΊΣΥΦΟΣ", "σίσυφοσ"},
		"full width":         {"Ａｄａ", "ada"},
		"an accent apart":    {"E\u0301lan", "élan"},
		"right to left":      {"משה", "משה"},
		"digits in it":       {"אב1", "אב1"},
		"256 bytes":          {strings.Repeat("é", 128), strings.Repeat("é", 128)},
		"a sharp s stays":    {"straße", "straße"},
		"Cyrillic is not us": {"аda", "аda"},
	} {
		got, err := authsvc.NormalizeUsername(tc.given)
		if got != tc.want || err != nil {
			t.Errorf("%s: %+q, error %v; want %+q", name, got, err, tc.want)
		}
	}
	for name, given := range map[string]string{
		"empty":             "",
		"a space":           "ada lovelace",
		"a space around":    " ada",
		"a no-break space":  "ada\u00a0lovelace",
		"NUL":               "ada\x00",
		"a line break":      "ada\n",
		"an escape":         "\x1b[2Jada",
		"a C1 control":      "ada\u0085",
		"not UTF-8":         "ada\xff",
		"zero width":        "ada\u200b",
		"an override":       "ada\u202etxt",
		"both directions":   "adaמשה",
		"left after right":  "משהada",
		"a symbol":          "ada€",
		"a ligature":        "ﬁfi",
		"a Roman numeral":   "Ⅷ",
		"an accent alone":   "\u0301\u200d",
		"257 bytes":         strings.Repeat("a", 257),
		"257 bytes in full": strings.Repeat("é", 128) + "a",
	} {
		if got, err := authsvc.NormalizeUsername(given); !errors.Is(err, authsvc.ErrUsername) || got != "" {
			t.Errorf("%s: %+q, error %v; want %v", name, got, err, authsvc.ErrUsername)
		}
	}
}

// FuzzNormalizeUsername: one spelling is the spelling of itself, and of the
// name in upper case unless a letter has several.
func FuzzNormalizeUsername(f *testing.F) {
	for _, seed := range []string{"", "ada", "ADA", "Ａｄａ", "E\u0301lan", "משה", "adaמשה", "ΣΊΣΥΦΟΣ", "ada\x00", "ada\xff", "I\u0307", "ﬁ", "ǅ"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		name, err := authsvc.NormalizeUsername(typed)
		if err != nil {
			if !errors.Is(err, authsvc.ErrUsername) || name != "" {
				t.Errorf("%+q: %+q, error %v", typed, name, err)
			}
			return
		}
		again, err := authsvc.NormalizeUsername(name)
		if again != name || err != nil {
			t.Errorf("%+q is spelled %+q, and that %+q (%v)", typed, name, again, err)
		}
		if name == "" || len(name) > 256 || strings.ContainsAny(name, " \x00\r\n\t\x7f") {
			t.Errorf("%+q is spelled %+q", typed, name)
		}
	})
}

func TestLoginTakesAnySpellingOfAName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, builtIn)
	w.addAda(nil)
	for _, typed := range []string{"ada", "Ada", "ADA", "Ａda"} {
		w.must(w.login(&grpcauthv1.LoginRequest{Username: typed, Password: adaPassword}))
	}
	for _, typed := range []string{"ada ", "аda", "ada\u200b", "ada\u202e", "nobody"} {
		_, err := w.login(&grpcauthv1.LoginRequest{Username: typed, Password: adaPassword})
		wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
	}
}

// Whoever was stored before names had one spelling logs in with what they
// always typed, beside one who has that spelling.
func TestNamesStoredInAnotherSpellingStillLogIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t, builtIn)
	w.addAda(nil)
	for name, subject := range map[string]string{"Ada": "u-2", "Ada Lovelace": "u-3"} {
		w.addAda(func(u *store.User) { u.Username, u.Subject = name, subject })
	}
	for typed, want := range map[string]string{"ada": adaSubject, "ADA": adaSubject, "Ada": "u-2", "Ada Lovelace": "u-3"} {
		tokens := w.must(w.login(&grpcauthv1.LoginRequest{Username: typed, Password: adaPassword}))
		if got := w.claims(tokens).Subject(); got != want {
			t.Errorf("%s logs in as %s, want %s", typed, got, want)
		}
	}
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ada lovelace", Password: adaPassword})
	wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
}

// The names of your own users are yours: they come as they were typed.
func TestYourOwnUsersGetTheNameAsTyped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	_, err := w.login(&grpcauthv1.LoginRequest{Username: "ADA", Password: adaPassword})
	wantRefusal(t, err, "Unauthenticated INVALID_CREDENTIALS")
}
