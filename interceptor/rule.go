package interceptor

import grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"

// Public is the rule {public: true}: anyone may call, no token is read.
func Public() *grpcauthv1.Rule { return &grpcauthv1.Rule{Public: true} }

// Optional is the rule {optional: true}: a caller without a token is let in
// as nobody, one with a token must have a valid one.
func Optional() *grpcauthv1.Rule { return &grpcauthv1.Rule{Optional: true} }

// Authenticated is the rule {}: any caller with a valid access token.
func Authenticated() *grpcauthv1.Rule { return &grpcauthv1.Rule{} }

// Scopes is the rule {scopes: …}: an access token with all of these scopes.
// Name at least one: [Guard.Protect] refuses the rule otherwise.
func Scopes(scopes ...string) *grpcauthv1.Rule { return &grpcauthv1.Rule{Scopes: named(scopes)} }

// AnyScopes is the rule {any_scopes: …}: an access token with at least one of
// these scopes. Name at least one: [Guard.Protect] refuses the rule otherwise.
func AnyScopes(scopes ...string) *grpcauthv1.Rule {
	return &grpcauthv1.Rule{AnyScopes: named(scopes)}
}

// Roles is the rule {roles: …}: a caller with at least one of these roles.
// Name at least one: [Guard.Protect] refuses the rule otherwise.
func Roles(roles ...string) *grpcauthv1.Rule { return &grpcauthv1.Rule{Roles: named(roles)} }

// named keeps an empty list, perhaps of a setting that is missing, from being
// no requirement at all: an empty name is refused when the rule is compiled.
func named(names []string) []string {
	if len(names) == 0 {
		return []string{""}
	}
	return names
}
