package interceptor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/policy"
)

// Source is where the rule of a method was written.
type Source string

// Where a rule can come from.
const (
	FromMethod         Source = "method option"
	FromService        Source = "service option"
	FromWithRule       Source = "WithRule"
	FromOverrideRule   Source = "OverrideRule"
	FromInfrastructure Source = "WithPublicInfrastructure"
)

// written is a rule and where it was written.
type written struct {
	rule   *grpcauthv1.Rule
	source Source
}

// ruleSet is the rules that were given to the Guard as options, by pattern:
// "/pkg.Svc/Method" or "/pkg.Svc/*".
type ruleSet struct {
	given                map[string]written
	publicInfrastructure bool
}

func newRuleSet() ruleSet { return ruleSet{given: map[string]written{}} }

func (s ruleSet) add(pattern string, rule *grpcauthv1.Rule, source Source) error {
	service, method, ok := splitMethod(pattern)
	switch {
	case !ok || service == "" || method == "":
		return fmt.Errorf("interceptor: %s(%q): want \"/package.Service/Method\" or \"/package.Service/*\"", source, pattern)
	case rule == nil:
		return fmt.Errorf("interceptor: %s(%q): the rule is nil: pass interceptor.Authenticated() or another one", source, pattern)
	}
	if _, taken := s.given[pattern]; taken {
		return fmt.Errorf("interceptor: %s(%q): the pattern was given a rule before: keep one of the two", source, pattern)
	}
	s.given[pattern] = written{rule: proto.Clone(rule).(*grpcauthv1.Rule), source: source}
	return nil
}

// find is the rule of one registered method. The pattern is the one given as
// an option that applies to it, or "".
func (s ruleSet) find(service, method string) (w written, pattern string, err error) {
	inProto, annotated, err := fromDescriptor(service, method)
	if err != nil {
		return written{}, "", err
	}
	for _, pattern := range []string{"/" + service + "/" + method, "/" + service + "/*"} {
		given, ok := s.given[pattern]
		switch {
		case !ok:
			continue
		case given.source == FromWithRule && annotated:
			return given, pattern, fmt.Errorf("WithRule(%q), but it has a rule in its .proto (%s): remove one of the two, or use OverrideRule to replace it knowingly", pattern, inProto.source)
		case strings.HasSuffix(pattern, "/*") && annotated && inProto.source == FromMethod:
			return given, pattern, fmt.Errorf("%s(%q), but it has a rule of its own in its .proto: name the method to replace that one knowingly", given.source, pattern)
		}
		return given, pattern, nil
	}
	switch {
	case annotated:
		return inProto, "", nil
	case s.publicInfrastructure && policy.Infrastructure(service):
		return written{rule: Public(), source: FromInfrastructure}, "", nil
	}
	return written{}, "", errors.New(advise(service, method))
}

// advise names the line to add for a method that has no rule.
func advise(service, method string) string {
	if policy.Infrastructure(service) {
		return "no rule: add the option interceptor.WithPublicInfrastructure() to interceptor.New"
	}
	md := methodDescriptor(service, method)
	if md != nil && !foreign(md.ParentFile().Path()) {
		return fmt.Sprintf("no rule: add this inside rpc %s in %s, or a stricter one:\n        option (grpcauth.v1.rule) = {};  // any caller with a valid access token", method, md.ParentFile().Path())
	}
	why := "no descriptor of it is linked"
	if md != nil {
		why = md.ParentFile().Path() + " is not yours to change"
	}
	return fmt.Sprintf("no rule, and %s: add the option interceptor.WithRule(%q, interceptor.Authenticated()) to interceptor.New, or a stricter one", why, "/"+service+"/"+method)
}

// foreign tells of the files of gRPC and of Google, which nobody annotates.
func foreign(path string) bool {
	return strings.HasPrefix(path, "grpc/") || strings.HasPrefix(path, "google/")
}

// fromDescriptor is the rule written beside the method in its .proto, or
// beside its service.
func fromDescriptor(service, method string) (w written, annotated bool, err error) {
	md := methodDescriptor(service, method)
	if md == nil {
		return written{}, false, nil
	}
	rule, inherited, err := policy.Find(md)
	if inherited {
		return written{rule: rule, source: FromService}, true, err
	}
	return written{rule: rule, source: FromMethod}, rule != nil || err != nil, err
}

func methodDescriptor(service, method string) protoreflect.MethodDescriptor {
	found, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
	if err != nil {
		return nil
	}
	sd, ok := found.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil
	}
	return sd.Methods().ByName(protoreflect.Name(method))
}

// unused are the patterns of which no registered method made use.
func (s ruleSet) unused(used map[string]bool) []string {
	var unused []string
	for pattern := range s.given {
		if !used[pattern] {
			unused = append(unused, pattern)
		}
	}
	slices.Sort(unused)
	return unused
}

// splitMethod cuts "/package.Service/Method".
func splitMethod(full string) (service, method string, ok bool) {
	service, method, ok = strings.Cut(strings.TrimPrefix(full, "/"), "/")
	return service, method, ok && strings.HasPrefix(full, "/") && !strings.Contains(method, "/")
}
