package main

import (
	"math/rand/v2"
	"testing"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
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
