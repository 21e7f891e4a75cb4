package main

import (
	"fmt"
	"slices"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// doubt is how much a guess must be checked: more where a wrong one opens
// more.
type doubt int

const (
	certain doubt = iota // its name begins with a verb that is known
	unknownVerb
	likelyRead
	anyCaller
	anybody
)

// String is the doubt as --json has it.
func (d doubt) String() string {
	return [...]string{"none", "unknown_verb", "likely_read", "any_caller", "anybody"}[d]
}

// heading is what stands above the guesses of one doubt.
func (d doubt) heading() string {
	return [...]string{
		"clear by their names:",
		"check that these change something, as was assumed:",
		"check that these only read:",
		"check that any caller with an access token may call these:",
		"check first: ANYBODY could call these, without a token:",
	}[d]
}

// guess is a rule that is proposed, and why.
type guess struct {
	rule  *grpcauthv1.Rule
	why   string
	doubt doubt
}

// guessRule proposes a rule for a method. What is not known to be harmless is
// taken for a change: a scope too many is noticed at the first call, one too
// few by an intruder.
func guessRule(md protoreflect.MethodDescriptor, base string) guess {
	service := md.Parent().(protoreflect.ServiceDescriptor) //nolint:forcetypeassert // methods have no other parent
	method := methodWords(md)
	if why := whyPublic(md, ownWords(service), method); why != "" {
		return guess{&grpcauthv1.Rule{Public: true}, why, anybody}
	}
	switch {
	case isSelf(method):
		return guess{&grpcauthv1.Rule{}, fmt.Sprintf("%q is about the caller, whoever that is", md.Name()), anyCaller}
	case isAdmin(nameWords(string(service.Name()))):
		return scoped(base+".admin", fmt.Sprintf("%q is for administrators by its name", service.Name()), certain)
	case isAdmin(method):
		return scoped(base+".admin", fmt.Sprintf("%q is for administrators by its name", md.Name()), certain)
	}
	return guessScope(md, method, base)
}

func scoped(scope, why string, d doubt) guess {
	return guess{&grpcauthv1.Rule{Scopes: []string{scope}}, why, d}
}

// whyPublic says why a method must be open to callers without a token, or "".
func whyPublic(md protoreflect.MethodDescriptor, service, method []string) string {
	switch {
	case isProbe(method), slices.Equal(service, []string{"health"}) && (method[0] == "check" || method[0] == "watch"):
		return fmt.Sprintf("%q is a health check by its name", md.Name())
	case isSignIn(method):
		return fmt.Sprintf("%q comes before there is a token, by its name", md.Name())
	case isRefresh(method) && (isAuth(service) || hasField(md.Input(), "refresh_token")):
		return fmt.Sprintf("%q comes when the token is too old, by its name", md.Name())
	case isKeySet(method):
		return fmt.Sprintf("%q publishes keys, by its name", md.Name())
	}
	return ""
}

func hasField(message protoreflect.MessageDescriptor, name protoreflect.Name) bool {
	return message.Fields().ByName(name) != nil
}

// guessScope tells reading from changing.
func guessScope(md protoreflect.MethodDescriptor, method []string, base string) guess {
	if options, ok := md.Options().(*descriptorpb.MethodOptions); ok && options.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
		return scoped(base+".read", "its idempotency_level is NO_SIDE_EFFECTS", certain)
	}
	verb := method[0]
	if verb == "batch" && len(method) > 1 {
		verb = method[1]
	}
	also := secondHalf(method)
	switch reads := slices.Contains(readVerbs(), verb); {
	case reads && slices.Contains(writeVerbs(), also):
		return scoped(base+".write", fmt.Sprintf("it begins with %q, but there is %q", verb, also), certain)
	case reads && also != "":
		return scoped(base+".read", fmt.Sprintf("it begins with %q, but there is %q", verb, also), likelyRead)
	case reads && md.IsStreamingClient():
		return scoped(base+".read", fmt.Sprintf("it begins with %q, but takes a stream", verb), likelyRead)
	case reads:
		return scoped(base+".read", fmt.Sprintf("it begins with %q", verb), certain)
	case slices.Contains(writeVerbs(), verb):
		return scoped(base+".write", fmt.Sprintf("it begins with %q", verb), certain)
	}
	return scoped(base+".write", fmt.Sprintf("nothing says that %q only reads", md.Name()), unknownVerb)
}

// secondHalf is the "create" of GetOrCreate, or "".
func secondHalf(method []string) string {
	at := slices.IndexFunc(method, func(word string) bool { return word == "and" || word == "or" })
	if at < 1 || at+1 >= len(method) {
		return ""
	}
	return method[at+1]
}

// methodWords are the words of a method's name, one at least.
func methodWords(md protoreflect.MethodDescriptor) []string {
	if all := nameWords(string(md.Name())); len(all) > 0 {
		return all
	}
	return []string{string(md.Name())} // nothing but underscores
}
