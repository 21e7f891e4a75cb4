package main

import (
	"context"
	"log/slog"
	"strings"
	"testing"

	"github.com/grpcauth/grpcauth/authtest"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/token"
)

// checklist: B2
func TestDecisionsAreLoggedWithoutTheToken(t *testing.T) {
	t.Parallel()
	issuer := authtest.NewIssuer(t)
	raw := issuer.Token(token.Spec{Subject: "u-1", ClientID: "app"})
	claims, err := issuer.Verifier().Verify(t.Context(), raw)
	if err != nil {
		t.Fatal(err)
	}
	allowed := interceptor.Decision{Method: "/m.v1.S/M", Claims: claims}
	denied := allowed
	denied.Reason, denied.Cause = grpcauthv1.Reason_REASON_SCOPE_MISSING, token.ErrExpired
	for _, c := range []struct {
		name     string
		level    string
		decision interceptor.Decision
		want     string
	}{
		{"let in, debug", "debug", allowed, `level=DEBUG msg=call_allowed method=/m.v1.S/M subject=u-1 client=app`},
		{"let in, info", "info", allowed, ""},
		{"refused, info", "info", denied, `level=INFO msg=call_denied method=/m.v1.S/M reason=SCOPE_MISSING cause="token: expired" subject=u-1 client=app`},
		{"refused, warn", "warn", denied, ""},
	} {
		var out strings.Builder
		logDecisions(newLogger(&out, c.level, "text"), nil)(context.Background(), c.decision)
		if got := strings.TrimSpace(out.String()); !strings.HasSuffix(got, c.want) || got != "" && c.want == "" {
			t.Errorf("%s: logged %s", c.name, got)
		}
		if strings.Contains(out.String(), raw[len(raw)-20:]) {
			t.Errorf("%s: the log holds the token", c.name)
		}
	}
}

func TestLogFormats(t *testing.T) {
	t.Parallel()
	for format, want := range map[string]string{"text": " level=WARN msg=hello", "json": `,"level":"WARN","msg":"hello"}`} {
		var out strings.Builder
		newLogger(&out, "warn", format).Warn("hello")
		if !strings.Contains(out.String(), want) {
			t.Errorf("%s: %s", format, out.String())
		}
	}
	if log := newLogger(&strings.Builder{}, "error", "text"); log.Enabled(t.Context(), slog.LevelWarn) {
		t.Error("a level below the least is logged")
	}
}
