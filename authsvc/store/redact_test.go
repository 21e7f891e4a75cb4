package store_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

// checklist: B2
func TestRecordsShowNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t"
	raw := []byte(secret)
	for name, record := range map[string]any{
		"Session":    store.Session{ID: "id", CurHash: raw, PrevHash: raw, Sealed: raw, KeyHash: raw},
		"*Session":   &store.Session{ID: "id", CurHash: raw, PrevHash: raw, Sealed: raw, KeyHash: raw},
		"Sessions":   []store.Session{{ID: "id", CurHash: raw, PrevHash: raw, Sealed: raw, KeyHash: raw}},
		"Renewals":   []*store.Renewal{{Session: store.Session{ID: "id"}, User: store.User{PasswordHash: secret}}},
		"Renewal":    store.Renewal{Session: store.Session{ID: "id"}, User: store.User{PasswordHash: secret}},
		"Rotation":   store.Rotation{ID: "id", CurHash: raw, NewHash: raw, Sealed: raw, KeyHash: raw},
		"User":       store.User{Subject: "id", PasswordHash: secret},
		"*User":      &store.User{Subject: "id", PasswordHash: secret},
		"Client":     store.Client{ID: "id", Secrets: []store.ClientSecret{{ID: "s", Hash: raw}}},
		"Secret":     store.ClientSecret{ID: "id", Hash: raw},
		"SigningKey": store.SigningKey{ID: "id", Sealed: raw},
	} {
		for _, text := range printed(record) {
			if !strings.Contains(text, "id") {
				t.Errorf("%s: %q does not name the record", name, text)
			}
			for _, form := range []string{secret, fmt.Sprintf("%d", raw), fmt.Sprintf("%x", raw), fmt.Sprintf("%#v", raw)} {
				if strings.Contains(text, form) {
					t.Errorf("%s: %q shows a secret", name, text)
				}
			}
		}
	}
}

// printed is a value in every way it gets into a log.
func printed(v any) []string {
	var out []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		out = append(out, fmt.Sprintf(verb, v))
	}
	var text, json bytes.Buffer
	slog.New(slog.NewTextHandler(&text, nil)).Info("", "record", v)
	slog.New(slog.NewJSONHandler(&json, nil)).Info("", "record", v)
	return append(out, text.String(), json.String())
}

func Example() {
	session := store.Session{ID: "Zm9vYmFyYmF6cXV4MTIzNA", Subject: "8c6f2e", CurHash: []byte("hash of a refresh token")}
	fmt.Printf("%+v\n", session)
	// Output: store.Session{id=Zm9vYmFyYmF6cXV4MTIzNA}
}
