package peers_test

import (
	"context"
	"testing"
)

// An issuer that comes back with other keys: the tokens of the old ones end,
// and those of the new ones are taken as soon as a cool-down allows.
// checklist: K3
func TestAnIssuersNewKeysReplaceTheOld(t *testing.T) {
	t.Parallel()
	idp := startIssuer(t)
	notes := startService(t, idp)
	old := idp.robot("ES256", "notes.read")
	if got := notes.list(old); got != passed {
		t.Fatalf("before: %v", got)
	}
	idp.stop()
	idp.restart()
	renewed := idp.robot("ES256", "notes.read")
	eventually(t, "a token of the new key passes", func() bool { return notes.list(renewed) == passed })
	if got := notes.list(old); got != unknownKey {
		t.Errorf("a token of the old key: %v", got)
	}
}

// An issuer that is gone for a while: what it has said is still good, what it
// alone could answer is unavailable and never the token's fault, and all is
// well again once it is back.
// checklist: K4
func TestAnIssuersOutageIsSurvived(t *testing.T) {
	t.Parallel()
	idp := startIssuer(t)
	notes := startService(t, idp)
	known, unknown := idp.robot("RS256", "notes.read"), forged(t, idp.Issuer)
	if got := notes.list(known); got != passed {
		t.Fatalf("before: %v", got)
	}
	if got := notes.list(unknown); got != unknownKey {
		t.Fatalf("a key that the issuer never had: %v", got)
	}

	idp.stop()
	eventually(t, "an unknown key is nobody's fault", func() bool { return notes.list(unknown) == unavailable })
	if got := notes.list(known); got != passed {
		t.Errorf("a key that was known before the outage: %v", got)
	}
	late := startService(t, idp)
	if got := late.list(known); got != unavailable {
		t.Errorf("at a service that started without the issuer: %v", got)
	}
	if stats := late.keys.Stats(); stats.Ready || stats.Failures == 0 || stats.LastError == nil {
		t.Errorf("it says of its keys: %+v", stats)
	}

	idp.restart()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := late.keys.WaitReady(ctx); err != nil {
		t.Error(err)
	}
	renewed := idp.robot("RS256", "notes.read")
	for name, s := range map[string]service{"the service": notes, "the one that started late": late} {
		eventually(t, name+" takes a new token", func() bool { return s.list(renewed) == passed })
		eventually(t, name+" knows whose fault an unknown key is", func() bool { return s.list(unknown) == unknownKey })
	}
}
