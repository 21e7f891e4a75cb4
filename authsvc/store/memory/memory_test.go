package memory_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/memory"
	"github.com/grpcauth/grpcauth/authsvc/store/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(_ testing.TB, now func() time.Time) store.Store {
		return memory.New(memory.WithNow(now))
	})
}

// checklist: B2
func TestAStoreShowsNoRecord(t *testing.T) {
	t.Parallel()
	st := memory.New()
	if err := st.AddUser(t.Context(), store.User{Subject: "u1", Username: "ada", PasswordHash: "s3cr3t"}); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%d"} {
		fmt.Fprintf(&out, verb+"\n", st)
		fmt.Fprintf(&out, verb+"\n", struct{ Store store.Store }{st})
	}
	slog.New(slog.NewTextHandler(&out, nil)).Info("", "store", st)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("", "store", st)
	if strings.Contains(out.String(), "s3cr3t") || strings.Contains(out.String(), "ada") {
		t.Errorf("a record is shown: %s", out.String())
	}
}
