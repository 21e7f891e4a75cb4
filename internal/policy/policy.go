package policy

import (
	"errors"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/token"
)

// Policy is a rule compiled for one method. It is immutable.
type Policy struct {
	rule  *grpcauthv1.Rule
	kinds []token.Kind
	// about the token, then about its holder; an override lifts only the last
	// of these.
	token, holder []Check
	bindings      []Binding
	override      []func(*token.Claims) bool
}

// Check is one requirement on the claims.
type Check struct {
	// Field is the field of Rule that asks for it, "claims[0]" in a list of
	// messages.
	Field string
	// Wants is what it asks for, for people: "all of notes.read, notes.write".
	Wants string
	// Lifted is true when an override lifts it.
	Lifted bool

	test test
}

// test is a check's own. The clock is read only where it is needed: that takes
// as long as all the rest.
type test func(claims *token.Claims, clock func() time.Time) ([]fault.Detail, error)

// Test tells whether claims meet the requirement at that time. The error knows
// its reason; its text is for our side only.
func (c *Check) Test(claims *token.Claims, now time.Time) ([]fault.Detail, error) {
	return c.test(claims, func() time.Time { return now })
}

// Compile turns a rule into a Policy, or tells everything that can't be right
// about it, each with what to do. input is the method's request; without one a
// rule can't bind. issuers are those that the verifier trusts; nil means that
// they are not known, and then what depends on them is not looked at.
func Compile(rule *grpcauthv1.Rule, input protoreflect.MessageDescriptor, issuers []string) (*Policy, error) {
	rule = proto.Clone(rule).(*grpcauthv1.Rule)
	kinds, err := parseKinds(rule)
	problems := errors.Join(refuse(rule, issuers), err)
	bindings, err := compileBindings(rule.GetBind(), input)
	if problems = errors.Join(problems, err); problems != nil {
		return nil, problems
	}
	return &Policy{
		rule: rule, kinds: kinds, bindings: bindings,
		token:    tokenChecks(rule, kinds),
		holder:   holderChecks(rule),
		override: overrides(rule.GetOverride()),
	}, nil
}

// Rule is what the policy was compiled from. It must not be changed.
func (p *Policy) Rule() *grpcauthv1.Rule { return p.rule }

// Kinds are the kinds of token accepted. There are none only when the rule is
// public.
func (p *Policy) Kinds() []token.Kind { return p.kinds }

// Checks are all requirements on the claims, in the order they are tested.
func (p *Policy) Checks() []Check { return slices.Concat(p.token, p.holder) }

// CheckToken tells whether a token of this issuer and kind is accepted.
func (p *Policy) CheckToken(claims *token.Claims) error {
	for i := range p.token {
		if _, err := p.token[i].test(claims, nil); err != nil {
			return err
		}
	}
	return nil
}

// CheckHolder tells whether whoever holds the token meets the rule, as far as
// that shows without the request, by the time on that clock.
func (p *Policy) CheckHolder(claims *token.Claims, clock func() time.Time) ([]fault.Detail, error) {
	for i := range p.holder {
		check := &p.holder[i]
		details, err := check.test(claims, clock)
		if err != nil && (!check.Lifted || !p.Lifts(claims)) {
			return details, err
		}
	}
	return nil, nil
}

// Bindings are the requirements on claims and request together. They are
// tested last, and an override lifts them.
func (p *Policy) Bindings() []Binding { return p.bindings }

// CheckRequest tells whether the request has what claims are bound to.
func (p *Policy) CheckRequest(claims *token.Claims, request protoreflect.Message) error {
	for i := range p.bindings {
		if err := p.bindings[i].Test(claims, request); err != nil && !p.Lifts(claims) {
			return err
		}
	}
	return nil
}

// Lifts reports whether the claims meet the rule's override.
func (p *Policy) Lifts(claims *token.Claims) bool {
	return slices.ContainsFunc(p.override, func(meets func(*token.Claims) bool) bool { return meets(claims) })
}
