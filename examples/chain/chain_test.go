package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"maps"
	"strings"
	"testing"
)

// line is what a test looks at of a line of the log.
type line struct{ Method, Code, Subject, Reason string }

// checklist: B2
func TestTheLogTellsWhoCalledAndWhyNot(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if err := run(t.Context(), slog.New(slog.NewJSONHandler(&out, nil))); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "eyJ") || strings.Contains(out.String(), "Bearer") {
		t.Errorf("a token is in the log:\n%s", &out)
	}
	got := map[line]int{}
	panics := 0
	for text := range strings.Lines(out.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			t.Fatal(err)
		}
		field := func(name string) string { value, _ := fields[name].(string); return value }
		if field("msg") == "panic" {
			panics++
			continue
		}
		got[line{field("grpc.method"), field("grpc.code"), field("auth.subject"), field("auth.reason")}]++
		if field("peer.ip") != "127.0.0.1" {
			t.Errorf("no address: %s", text)
		}
		if (field("auth.reason") == "") != (field("auth.cause") == "") {
			t.Errorf("a reason without a cause: %s", text)
		}
	}
	want := map[line]int{
		{"ListNotes", "OK", "ada", ""}:                                    1,
		{"CreateNote", "PermissionDenied", "ada", "REASON_SCOPE_MISSING"}: 1,
		{"ListNotes", "Unauthenticated", "", "REASON_TOKEN_MISSING"}:      1,
		{"PurgeNotes", "Internal", "ada", ""}:                             1,
		{"SyncNotes", "PermissionDenied", "ada", "REASON_SCOPE_MISSING"}:  1,
	}
	if !maps.Equal(got, want) || panics != 1 {
		t.Errorf("%d panics and %v\nwant 1 and %v", panics, got, want)
	}
}
