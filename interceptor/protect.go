package interceptor

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/policy"
)

// Server is what Protect needs of a *grpc.Server.
type Server interface {
	GetServiceInfo() map[string]grpc.ServiceInfo
}

// Protect checks that nothing of the server is left open by accident, and
// opens the Guard. Call it after every service is registered and before the
// server serves; until it has succeeded every call is refused.
//
// It fails unless both interceptors were taken, a service is registered, every
// registered method has exactly one rule, every rule can be right and is
// enforced by this version, and every rule given as an option belongs to a
// registered method. The error lists all that is wrong, each with what to do
// about it.
//
// A Guard protects one server. It can't know that the interceptors it handed
// out were given to that server and no other: [Guard.ServerOptions] makes
// that hard to get wrong.
//
// Nor can it see handlers. Generated code has every call intercepted. In a
// [grpc.ServiceDesc] written by hand two kinds of method are called past every
// interceptor, and so past the Guard: a [grpc.MethodDesc] whose Handler does
// not call the interceptor that it is handed, and a [grpc.StreamDesc] with
// neither ServerStreams nor ClientStreams set. Their handlers find no claims
// in the context.
func (g *Guard) Protect(srv Server) error {
	rules := map[string]*methodRule{}
	used := map[string]bool{}
	problems := g.notTaken()
	registered := methods(srv)
	if len(registered) == 0 {
		problems = append(problems, "no service is registered: register the services before Protect")
	}
	for _, m := range registered {
		rule := &methodRule{stream: m.stream()}
		rules[m.full()] = rule
		w, pattern, err := g.ruleSet.find(m.service, m.name)
		used[pattern] = true
		if err != nil {
			problems = append(problems, m.full()+": "+err.Error())
			continue
		}
		p, err := m.compile(w.rule, g.verifier.Issuers())
		if err != nil {
			problems = append(problems, fmt.Sprintf("%s (%s): %s", m.full(), w.source, oneLine(err)))
			continue
		}
		rule.policy, rule.source = p, w.source
	}
	for _, pattern := range g.ruleSet.unused(used) {
		problems = append(problems, fmt.Sprintf("%s(%q): no such method is registered: correct the name, or register the service before Protect", g.ruleSet.given[pattern].source, pattern))
	}
	if len(problems) == 0 || g.reportOnly {
		g.rules.Store(&rules)
	}
	if len(problems) > 0 {
		return unprotected(problems)
	}
	return nil
}

func (g *Guard) notTaken() []string {
	var problems []string
	if !g.unaryTaken.Load() {
		problems = append(problems, "unary calls pass unguarded: give grpc.NewServer the option grpc.UnaryInterceptor(guard.Unary()), or guard.ServerOptions()...")
	}
	if !g.streamTaken.Load() {
		problems = append(problems, "streams pass unguarded: give grpc.NewServer the option grpc.StreamInterceptor(guard.Stream()), or guard.ServerOptions()...")
	}
	return problems
}

func unprotected(problems []string) error {
	noun := "problems"
	if len(problems) == 1 {
		noun = "problem"
	}
	return fmt.Errorf("interceptor: the server is not protected, %d %s:\n    %s", len(problems), noun, strings.Join(problems, "\n    "))
}

// oneLine flattens a joined error.
func oneLine(err error) string {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return err.Error()
	}
	var texts []string
	for _, e := range joined.Unwrap() {
		texts = append(texts, oneLine(e))
	}
	return strings.Join(texts, "; ")
}

// methodRule is the rule of one registered method.
type methodRule struct {
	policy *policy.Policy // nil when it has none: possible only where calls are let through all the same
	source Source
	stream bool
}

// method is one that is registered.
type method struct {
	service, name              string
	clientStream, serverStream bool
}

func (m method) full() string { return "/" + m.service + "/" + m.name }

func (m method) stream() bool { return m.clientStream || m.serverStream }

// shape is for errors.
func (m method) shape() string {
	switch {
	case m.clientStream && m.serverStream:
		return "bidirectional stream"
	case m.clientStream:
		return "client stream"
	case m.serverStream:
		return "server stream"
	}
	return "unary method"
}

// compile compiles the method's rule. Requests are known by the .proto, so
// what is registered must be what stands there.
func (m method) compile(rule *grpcauthv1.Rule, issuers []string) (*policy.Policy, error) {
	md := methodDescriptor(m.service, m.name)
	if md == nil {
		return policy.Compile(rule, nil, issuers)
	}
	p, err := policy.Compile(rule, md.Input(), issuers)
	written := method{clientStream: md.IsStreamingClient(), serverStream: md.IsStreamingServer()}
	if written.shape() == m.shape() {
		return p, err
	}
	switch {
	case !m.stream():
		err = errors.Join(err, fmt.Errorf("it is registered as a unary method, but %s has it as a %s: set ServerStreams and ClientStreams in its grpc.StreamDesc, without which gRPC calls the handler past every interceptor", md.ParentFile().Path(), written.shape()))
	case len(rule.GetBind()) > 0:
		err = errors.Join(err, fmt.Errorf("it is registered as a %s, but %s has it as a %s, so that bind would look at other messages: register the generated service", m.shape(), md.ParentFile().Path(), written.shape()))
	}
	return p, err
}

// methods are the server's, sorted by name.
func methods(srv Server) []method {
	var all []method
	info := srv.GetServiceInfo()
	for _, service := range slices.Sorted(maps.Keys(info)) {
		for _, m := range info[service].Methods {
			all = append(all, method{service: service, name: m.Name, clientStream: m.IsClientStream, serverStream: m.IsServerStream})
		}
	}
	slices.SortFunc(all, func(a, b method) int { return strings.Compare(a.full(), b.full()) })
	return all
}

// MethodRule is the rule that one method is held to.
type MethodRule struct {
	// Method is the full method, "/package.Service/Method".
	Method string
	// Rule is a copy.
	Rule *grpcauthv1.Rule
	// Source is where the rule was written.
	Source Source
}

// Rules lists every method of the protected server with its rule, sorted by
// method. It is empty until [Guard.Protect] has succeeded.
func (g *Guard) Rules() []MethodRule {
	rules := g.rules.Load()
	if rules == nil {
		return nil
	}
	var all []MethodRule
	for _, name := range slices.Sorted(maps.Keys(*rules)) {
		p := (*rules)[name]
		if p.policy == nil {
			continue
		}
		all = append(all, MethodRule{Method: name, Rule: proto.Clone(p.policy.Rule()).(*grpcauthv1.Rule), Source: p.source})
	}
	return all
}
