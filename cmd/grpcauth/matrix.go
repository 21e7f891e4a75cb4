package main

import (
	"errors"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/internal/policy"
)

// ruleSource is where the rule of a method was written.
type ruleSource string

const (
	fromMethod     ruleSource = "method option"
	fromService    ruleSource = "service option"
	fromNowhere    ruleSource = "none"
	infrastructure ruleSource = "infrastructure" // health and reflection, whose .proto files have no rules
)

// methodRule is one method and who may call it: a row of the matrix.
type methodRule struct {
	Method string // "/package.Service/Method"
	Shape  string // "unary", "server stream", "client stream", "bidi stream"
	Source ruleSource
	Rule   *grpcauthv1.Rule // nil: there is none, or it can't be read
	// Problems is why the rule can't be right. A server that has it refuses to
	// start, so nobody may call.
	Problems []string

	// descriptor is nil when the matrix was read from JSON.
	descriptor protoreflect.MethodDescriptor
}

// matrixOf has a row for every method: services in the order they are given,
// methods as in their .proto.
func matrixOf(services []protoreflect.ServiceDescriptor) []methodRule {
	var rows []methodRule
	for _, service := range services {
		for i := range service.Methods().Len() {
			rows = append(rows, rowOf(service.Methods().Get(i)))
		}
	}
	return rows
}

func rowOf(method protoreflect.MethodDescriptor) methodRule {
	row := methodRule{
		Method: "/" + string(method.Parent().FullName()) + "/" + string(method.Name()),
		Shape:  shapeOf(method), Source: fromMethod, descriptor: method,
	}
	rule, inherited, err := policy.Find(method)
	row.Rule = rule
	switch {
	case inherited:
		row.Source = fromService
	case rule == nil && err == nil && policy.Infrastructure(string(method.Parent().FullName())):
		row.Source = infrastructure
	case rule == nil && err == nil:
		row.Source = fromNowhere
	}
	if rule != nil {
		_, err = policy.Compile(rule, method.Input(), nil)
	}
	row.Problems = flatten(err)
	return row
}

func shapeOf(method protoreflect.MethodDescriptor) string {
	switch {
	case method.IsStreamingClient() && method.IsStreamingServer():
		return "bidi stream"
	case method.IsStreamingClient():
		return "client stream"
	case method.IsStreamingServer():
		return "server stream"
	}
	return "unary"
}

// flatten is the text of each error that was joined into err, made visible.
func flatten(err error) []string {
	if err == nil {
		return nil
	}
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return []string{visible(err.Error())}
	}
	var texts []string
	for _, e := range joined.Unwrap() {
		texts = append(texts, flatten(e)...)
	}
	return texts
}

// missing tells whether somebody still has to write a rule.
func (r *methodRule) missing() bool { return r.Source == fromNowhere }

// impossible tells whether a server would refuse to start for this rule.
func (r *methodRule) impossible() bool { return len(r.Problems) > 0 }

// enforced is the rule that a server holds callers to, or nil when nobody may
// call, for want of one or for one that can't be right.
func (r *methodRule) enforced() *grpcauthv1.Rule {
	if r.impossible() {
		return nil
	}
	return r.Rule
}

// count is how many rows are so.
func count(rows []methodRule, is func(*methodRule) bool) int {
	n := 0
	for i := range rows {
		if is(&rows[i]) {
			n++
		}
	}
	return n
}

// byService cuts rows where another service begins.
func byService(rows []methodRule) [][]methodRule {
	var groups [][]methodRule
	for len(rows) > 0 {
		service, _ := rows[0].split()
		end := slices.IndexFunc(rows, func(r methodRule) bool { s, _ := r.split(); return s != service })
		if end < 0 {
			end = len(rows)
		}
		groups = append(groups, rows[:end])
		rows = rows[end:]
	}
	return groups
}
