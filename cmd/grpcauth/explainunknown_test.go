package main

import (
	"encoding/json"
	"strings"
	"testing"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// A script can tell an issuer that can't be reached from a call that is refused.
func TestExplainTellsAnOutageFromARefusal(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	raw := f.with(nil)
	down := []string{"--jwks", "http://" + closedPort(t) + "/jwks.json"}
	args := replaced(explainArgs(t, f, &grpcauthv1.Rule{Scopes: []string{"nobody.has"}}, raw), down)
	const stderr = "grpcauth: whether the call would be let in can't be known now: KEYS_UNAVAILABLE\n"

	got := explainRun(t, raw, "", args...)
	row := "\n  key           not known    keys are those of " + down[1] + "\n  signature     not reached\n"
	const verdict = "\n\nnot known: key could not be checked; a server that can't check it either refuses, and tells the client all of this but the cause\n" +
		"  code     Unavailable\n  reason   KEYS_UNAVAILABLE\n"
	if got.code != exitUsage || got.stderr != stderr || !strings.Contains(got.stdout, row) || !strings.Contains(got.stdout, verdict) {
		t.Errorf("got %+v", got)
	}

	got = explainRun(t, raw, "", append(args, "--json")...)
	var told map[string]any
	if err := json.Unmarshal([]byte(got.stdout), &told); err != nil || got.code != exitUsage || got.stderr != stderr {
		t.Fatalf("%v: %+v", err, got)
	}
	if allowed, ok := told["allowed"]; !ok || allowed != nil || told["verdict"] != "not known: key could not be checked" {
		t.Errorf("allowed %v, verdict %q", allowed, told["verdict"])
	}
	// Nothing in it can be read as a refusal.
	if _, refusal := told["refusal"]; refusal || strings.Contains(got.stdout, `"refused"`) || !strings.Contains(got.stdout, `"state": "not_known"`) {
		t.Errorf("got %s", got.stdout)
	}
	if answer, _ := told["not_known"].(map[string]any); answer["check"] != "key" || answer["code"] != "Unavailable" || answer["reason"] != "KEYS_UNAVAILABLE" {
		t.Errorf("a server that can't check it either answers %v", answer)
	}

	// What is refused before the keys are asked for is refused, issuer or not.
	got = explainRun(t, "", "", replaced(args, []string{"--token", ""})...)
	if got.code != exitFailure || got.stderr != "grpcauth: the call would be refused: TOKEN_MISSING\n" {
		t.Errorf("got %+v", got)
	}
}
