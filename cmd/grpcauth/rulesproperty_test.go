package main

import (
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/policy"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
)

// held is a rule as a server holds callers to it. policy is nil for one that
// can't be right, with which no server starts.
type held struct {
	row    *methodRule
	policy *policy.Policy
}

func hold(r *grpcauthv1.Rule) held {
	p, err := policy.Compile(r, (&testkitv1.UnaryRequest{}).ProtoReflect().Descriptor(), []string{"ia", "ib"})
	return held{&methodRule{Source: fromMethod, Rule: r, Problems: flatten(err)}, p}
}

// admits tells whether the call is let in: by the checks that servers make,
// and beside them by what is not for claims to say.
func (h held) admits(w *world, c attempt) bool {
	r := h.row.Rule
	switch {
	case h.policy == nil:
		return false
	case r.GetPublic():
		return true
	case c.claims == nil:
		return r.GetOptional()
	case r.GetSenderConstrained() && !c.bound:
		return false
	case !r.GetSkipRevocation() && c.revoked:
		return false
	case !r.GetSkipRevocation() && c.stale && !letsStale(r.GetWhenStale(), c.staleMeansAllow):
		return false
	case h.policy.CheckToken(c.claims) != nil:
		return false
	}
	_, err := h.policy.CheckHolder(c.claims, func() time.Time { return w.now })
	return err == nil && h.policy.CheckRequest(c.claims, (&testkitv1.UnaryRequest{Text: c.user}).ProtoReflect()) == nil
}

func letsStale(when grpcauthv1.WhenStale, otherwise bool) bool {
	switch when {
	case grpcauthv1.WhenStale_WHEN_STALE_ALLOW:
		return true
	case grpcauthv1.WhenStale_WHEN_STALE_DENY:
		return false
	}
	return otherwise
}

// Whenever a call was refused that is let in now, --diff says that something
// was opened; the other way round, that something was closed. The checks are
// those that a server makes, so what they come to know the comparison must.
func TestRulesDiffMissesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	calls := make([]attempt, 400)
	for i := range calls {
		calls[i] = w.attempt()
	}
	alone := map[string]int{} // pairs in which one field opened, and somebody came through
	for range 8_000 {
		was := hold(w.rule())
		next := w.rule()
		if w.chance(70) { // a small change is where one could be missed
			next = proto.Clone(was.row.Rule).(*grpcauthv1.Rule)
			w.mutate(next)
		}
		now := hold(next)
		changes := compareRows(was.row, now.row)
		opens, closes := fieldsOf(changes, true), fieldsOf(changes, false)
		if back := compareRows(now.row, was.row); !slices.Equal(fieldsOf(back, false), opens) || !slices.Equal(fieldsOf(back, true), closes) {
			t.Fatalf("back and forth differ: %v and %v", changes, back)
		}
		through := false
		for _, c := range calls {
			before, after := was.admits(w, c), now.admits(w, c)
			if !before && after && len(opens) == 0 || before && !after && len(closes) == 0 {
				t.Fatalf("was {%v}\nnow {%v}\nadmitted %t, then %t, but the changes are %v", was.row.Rule, now.row.Rule, before, after, changes)
			}
			through = through || !before && after
		}
		if through && len(opens) == 1 {
			alone[opens[0]]++
		}
	}
	for _, field := range []string{
		"", "public", "optional", "issuers", "kinds", "scopes", "any_scopes", "roles", "deny_roles", "claims", "bind", "override",
		"max_auth_age", "sender_constrained", "skip_revocation", "when_stale",
	} {
		if alone[field] < 3 {
			t.Errorf("%q alone let somebody in %d times: the test proves little of it", field, alone[field])
		}
	}
}

// fieldsOf are the fields that open, or those that close, each once.
func fieldsOf(changes []change, opens bool) []string {
	var fields []string
	for _, c := range changes {
		if c.Opens == opens && !slices.Contains(fields, c.Field) {
			fields = append(fields, c.Field)
		}
	}
	return fields
}
