package main

import (
	"context"
	"fmt"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/fault"
	"github.com/grpcauth/grpcauth/internal/policy"
)

// state is what came of a check.
type state string

const (
	stateOK         state = "ok"
	stateRefused    state = "refused"
	stateNotKnown   state = "not_known" // it could not be made from here
	stateLifted     state = "lifted"
	stateNotChecked state = "not_checked"
	stateNotReached state = "not_reached"
)

// finding is what a check has found.
type finding struct {
	state  state
	detail string         // for people
	cause  error          // of a refusal
	public []fault.Detail // what the client is told beside the reason
	letIn  string         // why nothing else is asked
}

func passed(detail string) finding     { return finding{state: stateOK, detail: detail} }
func notChecked(detail string) finding { return finding{state: stateNotChecked, detail: detail} }

func refused(detail string, cause error, public ...fault.Detail) finding {
	return finding{state: stateRefused, detail: detail, cause: cause, public: public}
}

// step is a check of the Guard.
type step struct {
	name string
	run  func(context.Context) finding
}

// explain runs the checks until one has refused, or can't be known.
func (e *explainer) explain(ctx context.Context) *explanation {
	told := &explanation{Method: e.call.full(), Verdict: "let in, as far as the token and the rule go"}
	first := e.findRule()
	done := told.add("rule", first)
	if e.policy == nil || first.letIn != "" { // public
		return told
	}
	for _, s := range e.steps() {
		if done {
			told.add(s.name, finding{state: stateNotReached})
			continue
		}
		found := s.run(ctx)
		done = told.add(s.name, found)
		if found.letIn != "" {
			break
		}
	}
	return told
}

// steps are the checks behind the rule, in the order of the Guard.
func (e *explainer) steps() []step {
	all := []step{{"token", e.checkToken}, {"transport", e.checkTransport}}
	all = append(all, e.verification()...)
	all = append(all, step{"confirmation", e.checkConfirmation})
	all = append(all, e.requirements()...)
	return append(all, step{"server", func(context.Context) finding {
		return notChecked("WithCheck and WithUser are asked last, where the server has them")
	}})
}

var (
	errRuleMissing = fault.New(grpcauthv1.Reason_REASON_NO_RULE, "no rule covers this method in its .proto: grpcauth init proposes one")
	errRuleWrong   = fault.New(grpcauthv1.Reason_REASON_NOT_PROTECTED, "the server does not start with this rule")
)

// findRule finds the method's rule and compiles it, as Protect does.
func (e *explainer) findRule() finding {
	file := e.call.method.ParentFile().Path()
	rule, inherited, err := policy.Find(e.call.method)
	switch {
	case err != nil:
		return refused("", fmt.Errorf("%w: %s", errRuleWrong, oneLine(err)))
	case rule == nil && policy.Infrastructure(string(e.call.method.Parent().FullName())):
		return refused("unless the server has interceptor.WithPublicInfrastructure()", errRuleMissing)
	case rule == nil:
		return refused("unless the server has one as an option (interceptor.WithRule)", errRuleMissing)
	}
	where := "written beside the method in " + file
	if inherited {
		where = "written beside the service in " + file
	}
	if e.policy, err = policy.Compile(rule, e.call.method.Input(), nil); err != nil {
		return refused(where, fmt.Errorf("%w: %s", errRuleWrong, oneLine(err)))
	}
	found := passed(where)
	if rule.GetPublic() {
		found.letIn = "let in: the method is public, so the token is not read"
	}
	return found
}

// checkToken looks whether there is a token.
func (e *explainer) checkToken(ctx context.Context) finding {
	switch {
	case e.raw != "":
		return passed(counted(len(e.raw), "byte"))
	case e.policy.Rule().GetOptional():
		return finding{state: stateOK, detail: "none", letIn: "let in as nobody: the rule is optional, and there is no token"}
	}
	return refused("none, and the rule is not optional", e.askGuard(ctx))
}

func (e *explainer) checkTransport(context.Context) finding {
	return notChecked("a server reads tokens from TLS, or from its own machine, only")
}

// requirements are the checks of the rule. The Guard looks for revocations
// between those about the token and those about its holder.
func (e *explainer) requirements() []step {
	checks := e.policy.Checks()
	var all []step
	for i := range checks {
		check := &checks[i]
		if aboutHolder(check) && !hasStep(all, "revocation") {
			all = append(all, e.betweenChecks()...)
		}
		all = append(all, step{check.Field, func(context.Context) finding { return e.checkClaims(check) }})
	}
	if !hasStep(all, "revocation") {
		all = append(all, e.betweenChecks()...)
	}
	for i := range e.policy.Bindings() {
		all = append(all, step{fmt.Sprintf("bind[%d]", i), func(context.Context) finding { return e.checkBinding(i) }})
	}
	return all
}

func aboutHolder(check *policy.Check) bool { return check.Field != "issuers" && check.Field != "kinds" }

func hasStep(all []step, name string) bool {
	for _, s := range all {
		if s.name == name {
			return true
		}
	}
	return false
}

// betweenChecks are the revocations, and what an override lifts from here on.
func (e *explainer) betweenChecks() []step {
	all := []step{{"revocation", func(context.Context) finding {
		if e.policy.Rule().GetSkipRevocation() {
			return passed("not looked up: the rule has skip_revocation")
		}
		return notChecked("not looked up here")
	}}}
	if e.policy.Rule().GetOverride() != nil {
		all = append(all, step{"override", e.checkOverride})
	}
	return all
}

func (e *explainer) checkOverride(context.Context) finding {
	rule := e.policy.Rule()
	wants := "wants " + brief(overrideWants(rule).String())
	if e.policy.Lifts(e.claims()) {
		return passed(wants + ": met, so " + liftedSentence(rule).String())
	}
	return passed(wants + ": not met, so it lifts nothing")
}

func (e *explainer) checkClaims(check *policy.Check) finding {
	detail := "wants " + check.Wants + e.has(check.Field)
	public, err := check.Test(e.claims(), e.trust.verifier.Now())
	switch {
	case err == nil:
		return passed(detail)
	case check.Lifted && e.policy.Lifts(e.claims()):
		return finding{state: stateLifted, detail: detail}
	}
	return refused(detail, err, public...)
}

func (e *explainer) checkBinding(i int) finding {
	binding := &e.policy.Bindings()[i]
	detail := "wants " + binding.String()
	if e.call.method.IsStreamingClient() {
		detail += ", in every message of the stream"
	}
	detail += "; the token has " + shown(e.claims().Claim(e.policy.Rule().GetBind()[i].GetClaim()))
	lifted := e.policy.Lifts(e.claims())
	if e.call.request == nil && !lifted {
		return notChecked(detail + ": no --request given")
	}
	if e.call.request == nil {
		return finding{state: stateLifted, detail: detail}
	}
	err := binding.Test(e.claims(), e.call.request)
	switch {
	case err == nil:
		return passed(detail)
	case lifted:
		return finding{state: stateLifted, detail: detail}
	}
	return refused(detail, err)
}
