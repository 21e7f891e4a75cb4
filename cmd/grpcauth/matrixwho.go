package main

import (
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// span is a piece of a sentence. A name is something that a rule spells out:
// it is shown as it was written, or quoted where that could mislead.
type span struct {
	Text string
	Name bool
}

// sentence says one thing about who may call.
type sentence []span

// words is a sentence without names.
func words(text string) sentence { return sentence{{Text: text}} }

// and adds words. It leaves s as it is.
func (s sentence) and(text string) sentence { return append(slices.Clip(s), span{Text: text}) }

// named adds names: "a", "a or b", "a, b or c".
func (s sentence) named(last string, names ...string) sentence {
	for i, name := range names {
		switch {
		case i > 0 && i == len(names)-1:
			s = s.and(" " + last + " ")
		case i > 0:
			s = s.and(", ")
		}
		s = append(s, span{Text: display(name), Name: true})
	}
	return s
}

// String is the sentence as plain text.
func (s sentence) String() string {
	var text strings.Builder
	for _, piece := range s {
		text.WriteString(piece.Text)
	}
	return text.String()
}

// display quotes a name that could be taken for more than one, or that would
// do something to a terminal.
func display(name string) string {
	odd := func(r rune) bool { return !unicode.IsPrint(r) || strings.ContainsRune(" \"';,", r) }
	if name == "" || strings.ContainsFunc(name, odd) {
		return strconv.Quote(name)
	}
	return name
}

// who says who may call, all of which must hold.
func (r *methodRule) who() []sentence {
	switch {
	case r.impossible():
		return []sentence{words("nobody: the rule can't be right")}
	case r.Source == infrastructure:
		return []sentence{words("anyone if the server was made with WithPublicInfrastructure, else nobody")}
	case r.Rule == nil:
		return []sentence{words("nobody: there is no rule")}
	}
	return whoMay(r.Rule)
}

// whoText is who as one line.
func (r *methodRule) whoText() string { return join(r.who()) }

func join(sentences []sentence) string {
	texts := make([]string, len(sentences))
	for i, s := range sentences {
		texts[i] = s.String()
	}
	return strings.Join(texts, "; ")
}

// whoMay says what a rule asks for: first what nothing lifts, then what an
// override does, then the override.
func whoMay(rule *grpcauthv1.Rule) []sentence {
	if rule.GetPublic() {
		return []sentence{words("anyone: no token is read")}
	}
	var all []sentence
	if rule.GetOptional() {
		all = append(all, words("anyone without a token"))
	}
	all = append(all, tokenSentence(rule))
	all = append(all, conditions(rule)...)
	all = append(all, liftable(rule)...)
	if rule.GetOverride() != nil {
		all = append(all, overrideSentence(rule))
	}
	return append(all, revocationSentences(rule)...)
}

func tokenSentence(rule *grpcauthv1.Rule) sentence {
	s := words("an access token")
	if rule.GetOptional() {
		s = words("with a token: an access token")
	}
	if kinds := kindsOf(rule); len(rule.GetKinds()) > 0 {
		s[0].Text = strings.Replace(s[0].Text, "an access token", "a token of kind ", 1)
		s = s.named("or", kinds...)
	}
	if len(rule.GetIssuers()) > 0 {
		s = s.and(" issued by ").named("or", rule.GetIssuers()...)
	}
	return s
}

// conditions are those that no override lifts.
func conditions(rule *grpcauthv1.Rule) []sentence {
	var all []sentence
	if rule.GetSenderConstrained() {
		all = append(all, words("bound to the caller's TLS certificate"))
	}
	if age := rule.GetMaxAuthAge(); age != nil {
		all = append(all, words("logged in at most "+period(age.AsDuration())+" ago"))
	}
	if denied := rule.GetDenyRoles(); len(denied) > 0 {
		all = append(all, words("not role ").named("or", denied...))
	}
	return all
}

// liftable are those that an override lifts.
func liftable(rule *grpcauthv1.Rule) []sentence {
	var all []sentence
	if scopes := rule.GetScopes(); len(scopes) > 0 {
		all = append(all, words(plural(len(scopes), "scope ", "scopes ")).named("and", scopes...))
	}
	if scopes := rule.GetAnyScopes(); len(scopes) > 0 {
		all = append(all, words("scope ").named("or", scopes...))
	}
	if roles := rule.GetRoles(); len(roles) > 0 {
		all = append(all, words("role ").named("or", roles...))
	}
	all = append(all, claimsOf(rule)...)
	return append(all, bindingsOf(rule)...)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

// period is a duration without its empty parts: "5m", not "5m0s".
func period(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
