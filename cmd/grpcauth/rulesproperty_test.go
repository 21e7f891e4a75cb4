package main

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/policy"
	testkitv1 "github.com/grpcauth/grpcauth/internal/testkit/gen/testkit/v1"
	"github.com/grpcauth/grpcauth/token"
)

// world makes random rules and calls from so few names that they often meet.
type world struct {
	*rand.Rand

	t       *testing.T
	issuers []*token.Issuer
	now     time.Time
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Rand: rand.New(rand.NewPCG(20, 26)), t: t, now: time.Unix(1_800_000_000, 0)}
	key, err := token.NewHMACKey("k", make([]byte, 32))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"ia", "ib"} {
		issuer, err := token.NewIssuer(token.IssuerConfig{Issuer: name, Audience: []string{"x"}, Key: key, Now: func() time.Time { return w.now }})
		if err != nil {
			t.Fatal(err)
		}
		w.issuers = append(w.issuers, issuer)
	}
	return w
}

// attempt is everything that a rule's answer hangs on.
type attempt struct {
	claims                *token.Claims // nil: no token
	user                  string        // in the request
	bound, revoked, stale bool
	staleMeansAllow       bool // the server's default
}

func (w *world) chance(percent int) bool { return w.IntN(100) < percent }

// some are a few of the names.
func (w *world) some(percent int, names ...string) []string {
	var picked []string
	for _, name := range names {
		if w.chance(percent) {
			picked = append(picked, name)
		}
	}
	return picked
}

func one[T any](w *world, all ...T) T { return all[w.IntN(len(all))] }

func (w *world) attempt() attempt {
	c := attempt{
		user: one(w, "", "u", "v"), bound: w.chance(50), revoked: w.chance(15), stale: w.chance(25), staleMeansAllow: w.chance(50),
	}
	if w.chance(10) {
		return c
	}
	spec := token.Spec{
		Subject: one(w, "u", "v"), ClientID: one(w, "u", "c"), Kind: one(w, token.Access, token.Access, "r+jwt"),
		Scopes: w.some(60, "a", "b", "c"), Roles: w.some(45, "a", "b", "c"), Claims: map[string]any{},
	}
	if w.chance(80) {
		spec.AuthTime = w.now.Add(-time.Duration(w.IntN(5)) * time.Minute)
	}
	if w.chance(70) {
		spec.Claims["p"] = one[any](w, "1", 1, true, []any{"1", true})
	}
	claims, err := issued(w, spec)
	if err != nil {
		w.t.Fatal(err)
	}
	c.claims = claims
	return c
}

func issued(w *world, spec token.Spec) (*token.Claims, error) {
	_, claims, err := one(w, w.issuers...).Issue(w.t.Context(), spec)
	return claims, err
}

// rule is a random one. Most can be right.
func (w *world) rule() *grpcauthv1.Rule {
	if w.chance(4) {
		return &grpcauthv1.Rule{Public: true}
	}
	r := &grpcauthv1.Rule{}
	for range w.IntN(5) {
		w.mutate(r)
	}
	return r
}

// mutate sets a field anew.
func (w *world) mutate(r *grpcauthv1.Rule) {
	switch w.IntN(16) {
	case 0:
		r.Public = w.chance(30)
	case 1:
		r.Optional = w.chance(50)
	case 2:
		r.Issuers = w.some(50, "ia", "ib")
	case 3:
		r.Kinds = w.some(50, "at+jwt", "r+jwt")
	case 4:
		r.Scopes = w.some(40, "a", "b", "c")
	case 5:
		r.AnyScopes = w.some(40, "a", "b", "c")
	case 6:
		r.Roles = w.some(40, "a", "b", "c")
	case 7:
		r.DenyRoles = w.some(25, "a", "b", "c")
	case 8:
		r.Claims = w.matches()
	case 9:
		r.Bind = w.binds()
	case 10, 11:
		r.Override = nil
		if w.chance(75) {
			r.Override = &grpcauthv1.Override{Scopes: w.some(40, "a", "b"), Roles: w.some(40, "a", "b"), Claims: w.matches()}
		}
	case 12:
		r.MaxAuthAge = nil
		if w.chance(75) {
			r.MaxAuthAge = durationpb.New(time.Duration(1+w.IntN(4)) * time.Minute)
		}
	case 13:
		r.SenderConstrained = w.chance(50)
	case 14:
		r.SkipRevocation = w.chance(50)
	case 15:
		r.WhenStale = one(w, grpcauthv1.WhenStale_WHEN_STALE_UNSPECIFIED, grpcauthv1.WhenStale_WHEN_STALE_DENY, grpcauthv1.WhenStale_WHEN_STALE_ALLOW)
	}
}

func (w *world) matches() []*grpcauthv1.ClaimMatch {
	var all []*grpcauthv1.ClaimMatch
	if w.chance(35) {
		all = append(all, &grpcauthv1.ClaimMatch{Path: "p", Value: &grpcauthv1.ClaimMatch_StringValue{StringValue: "1"}})
	}
	if w.chance(25) {
		all = append(all, &grpcauthv1.ClaimMatch{Path: "p", Value: &grpcauthv1.ClaimMatch_NumberValue{NumberValue: 1}})
	}
	if w.chance(35) {
		all = append(all, &grpcauthv1.ClaimMatch{Path: "p", Value: &grpcauthv1.ClaimMatch_BoolValue{BoolValue: true}})
	}
	return all
}

func (w *world) binds() []*grpcauthv1.Binding {
	var all []*grpcauthv1.Binding
	for _, claim := range w.some(40, "sub", "client_id") {
		all = append(all, &grpcauthv1.Binding{Claim: claim, Field: "text"})
	}
	return all
}

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
