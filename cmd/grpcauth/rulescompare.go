package main

import (
	"slices"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// comparison gathers in what two rules differ, field by field.
//
// Whoever meets a rule meets what nothing lifts, and either the rest or the
// override. So a rule that opens nothing in any single field opens nothing at
// all, and one that opens something is seen here in at least one field. The
// other way round does not hold: what one field opens, another may close.
type comparison struct {
	was, now *grpcauthv1.Rule
	changes  []change
}

// compareRules gives what now opens and closes. Both rules can be right.
func compareRules(was, now *grpcauthv1.Rule) []change {
	c := &comparison{was: was, now: now}
	needed := verb{added: " is needed", removed: " is no longer needed"}
	refused := verb{added: " is refused", removed: " is no longer refused"}
	enough := verb{added: " is enough too", removed: " is no longer enough", addedOpens: true}
	accepted := verb{added: " is accepted too", removed: " is no longer accepted", addedOpens: true}
	lifting := verb{added: " lifts the other requirements", removed: " no longer lifts the other requirements", addedOpens: true}
	c.flag("public", (*grpcauthv1.Rule).GetPublic, true, "no token is read any more", "a token is read")
	if was.GetPublic() || now.GetPublic() {
		return c.changes // a public rule has nothing else, and lets everyone in
	}
	c.flag("optional", (*grpcauthv1.Rule).GetOptional, true, "callers without a token are let in", "a token is needed")
	c.oneOf("issuers", accepted, "issuer ", (*grpcauthv1.Rule).GetIssuers)
	c.oneOf("kinds", accepted, "kind ", kindsOf)
	c.each("scopes", needed, named("scope ", (*grpcauthv1.Rule).GetScopes))
	c.oneOf("any_scopes", enough, "scope ", (*grpcauthv1.Rule).GetAnyScopes)
	c.oneOf("roles", enough, "role ", (*grpcauthv1.Rule).GetRoles)
	c.each("deny_roles", refused, named("role ", (*grpcauthv1.Rule).GetDenyRoles))
	c.each("claims", needed, claimsOf)
	c.each("bind", needed, bindingsOf)
	if len(lifted(was)) > 0 && len(lifted(now)) > 0 { // else there is nothing that it could let anyone past
		c.each("override", lifting, func(r *grpcauthv1.Rule) []sentence { return lifts(r.GetOverride()) })
	}
	c.maxAuthAge()
	c.flag("sender_constrained", (*grpcauthv1.Rule).GetSenderConstrained, false,
		"the token must be bound to the caller's TLS certificate", "the token need not be bound to the caller's TLS certificate any more")
	c.flag("skip_revocation", (*grpcauthv1.Rule).GetSkipRevocation, true, "revocation is not looked up any more", "revocation is looked up")
	c.flag("stream_lifetime", outlives, true, "a stream outlives its token while the session stands", "a stream ends with its token")
	c.whenStale()
	return c.changes
}

func (c *comparison) differ(field string, opens bool, text sentence) {
	c.changes = append(c.changes, change{Field: field, Opens: opens, Text: text})
}

// flag compares yes and no.
func (c *comparison) flag(field string, of func(*grpcauthv1.Rule) bool, yesOpens bool, yes, no string) {
	if of(c.was) == of(c.now) {
		return
	}
	if of(c.now) {
		c.differ(field, yesOpens, words(yes))
		return
	}
	c.differ(field, !yesOpens, words(no))
}

// oneOf compares lists of which one is enough. An empty one asks for nothing.
func (c *comparison) oneOf(field string, is verb, what string, of func(*grpcauthv1.Rule) []string) {
	was, now := of(c.was), of(c.now)
	switch {
	case len(was) > 0 && len(now) == 0:
		c.differ(field, true, words(what).named("or", was...).and(" is no longer needed"))
	case len(was) == 0 && len(now) > 0:
		c.differ(field, false, words(what).named("or", now...).and(" is needed"))
	default:
		c.each(field, is, named(what, of))
	}
}

// verb is what a rule says of the members of a list.
type verb struct {
	added, removed string
	addedOpens     bool
}

// each compares lists member by member. Neither order nor repetition means
// anything.
func (c *comparison) each(field string, is verb, of func(*grpcauthv1.Rule) []sentence) {
	was, now := of(c.was), of(c.now)
	for _, member := range only(now, was) {
		c.differ(field, is.addedOpens, member.and(is.added))
	}
	for _, member := range only(was, now) {
		c.differ(field, !is.addedOpens, member.and(is.removed))
	}
}

// only are the members of a that b lacks, each once.
func only(a, b []sentence) []sentence {
	var found []sentence
	for _, member := range a {
		same := func(other sentence) bool { return slices.Equal(member, other) }
		if !slices.ContainsFunc(b, same) && !slices.ContainsFunc(found, same) {
			found = append(found, member)
		}
	}
	return found
}

func named(what string, of func(*grpcauthv1.Rule) []string) func(*grpcauthv1.Rule) []sentence {
	return func(r *grpcauthv1.Rule) []sentence {
		var all []sentence
		for _, name := range of(r) {
			all = append(all, words(what).named("", name))
		}
		return all
	}
}

func claimsOf(r *grpcauthv1.Rule) []sentence {
	var all []sentence
	for _, match := range r.GetClaims() {
		all = append(all, words("claim ").claim(match))
	}
	return all
}

func bindingsOf(r *grpcauthv1.Rule) []sentence {
	var all []sentence
	for _, bind := range r.GetBind() {
		all = append(all, words("claim ").binding(bind))
	}
	return all
}

// maxAuthAge: the longer a login may be ago, the wider; without a limit it is
// widest.
func (c *comparison) maxAuthAge() {
	was, now := c.was.GetMaxAuthAge(), c.now.GetMaxAuthAge()
	switch {
	case age(was) == age(now):
	case now == nil:
		c.differ("max_auth_age", true, words("a login may be any time ago, not at most "+period(age(was))))
	case was == nil:
		c.differ("max_auth_age", false, words("a login may be at most "+period(age(now))+" ago"))
	default:
		c.differ("max_auth_age", age(now) > age(was), words("a login may be "+period(age(now))+" ago, not "+period(age(was))))
	}
}

// age is negative when there is no limit.
func age(d *durationpb.Duration) time.Duration {
	if d == nil {
		return -1
	}
	return d.AsDuration()
}

func outlives(r *grpcauthv1.Rule) bool {
	return r.GetStreamLifetime() == grpcauthv1.StreamLifetime_STREAM_LIFETIME_SESSION
}

// whenStale: the server's default may be either, so it lies between the two.
func (c *comparison) whenStale() {
	if c.was.GetSkipRevocation() || c.now.GetSkipRevocation() {
		return // nothing is looked up that could be out of date, and that is told already
	}
	was, now := staleness(c.was), staleness(c.now)
	if was == now {
		return
	}
	does := []string{"refused", "treated as the server's default says", "let in"}
	c.differ("when_stale", now > was, words("while revocations are out of date callers are "+does[now]+", not "+does[was]))
}

// staleness is 0 for what refuses, 1 for the default, 2 for what lets in.
func staleness(r *grpcauthv1.Rule) int {
	switch r.GetWhenStale() {
	case grpcauthv1.WhenStale_WHEN_STALE_DENY:
		return 0
	case grpcauthv1.WhenStale_WHEN_STALE_ALLOW:
		return 2
	}
	return 1
}
