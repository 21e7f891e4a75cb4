package otelauth_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/grpcauth/grpcauth/authtest"
	"github.com/grpcauth/grpcauth/token"
)

func TestHostileMethodsAreNoAttributes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	conn := w.conn()
	for i := range 1000 {
		_ = conn.Invoke(t.Context(), "/evil.Service"+strconv.Itoa(i)+"/Method", &emptypb.Empty{}, &emptypb.Empty{})
	}
	w.want(t, "grpcauth.decisions", map[string]int64{
		"error.type=NO_RULE,grpcauth.outcome=denied,grpcauth.reason=NO_RULE,rpc.method=_OTHER,rpc.system.name=grpc": 1000,
	})
}

// checklist: B2
func TestNothingAboutTheCallerIsRecorded(t *testing.T) {
	t.Parallel()
	tracing, exporter := recordSpans()
	w := newWorld(t, tracing...)
	spec := token.Spec{
		Subject: "subject-7f3a", ClientID: "client-7f3a", Scopes: []string{"scope-7f3a"}, Roles: []string{"role-7f3a"},
		Claims: map[string]any{"claim-7f3a": "value-7f3a"},
	}
	good, bad := w.issuer.Token(spec), w.issuer.WrongKey(spec)
	list(t, w.as(good), 2)
	list(t, w.as(bad), 1)
	list(t, w.as(w.issuer.WrongAudience(spec)), 1)
	text := fmt.Sprintf("%+v %+v", collect(t, w.reader), exporter.GetSpans())
	for _, secret := range append(strings.Split(good+"."+bad, "."), "7f3a", authtest.IssuerName, authtest.Audience) {
		if strings.Contains(text, secret) {
			t.Errorf("%q was recorded:\n%s", secret, text)
		}
	}
	for _, recorded := range []string{"SCOPE_MISSING", "TOKEN_SIGNATURE", "TOKEN_AUDIENCE"} {
		if !strings.Contains(text, recorded) {
			t.Errorf("%s was not recorded:\n%s", recorded, text)
		}
	}
}
