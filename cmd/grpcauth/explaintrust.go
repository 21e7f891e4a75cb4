package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// trust is the flags that say whose tokens a server accepts.
type trust struct {
	Issuer       string        `group:"Trust:" required:"" placeholder:"URL" help:"The issuer that the server trusts, exactly as iss has it. Without --jwks its keys are found by this name."`
	JWKS         string        `group:"Trust:" name:"jwks" placeholder:"FILE|URL" help:"The issuer's keys: a JWK Set as a file or by URL, or a file of public keys in PEM."`
	Audience     []string      `group:"Trust:" required:"" placeholder:"AUDIENCE" help:"What aud must name. Repeat the flag, or separate audiences by commas."`
	Profile      string        `group:"Trust:" default:"rfc9068" enum:"rfc9068,keycloak,auth0,okta,entra,cognito" help:"How the issuer writes its tokens: rfc9068, keycloak, auth0, okta, entra or cognito."`
	RolesClaim   []string      `group:"Trust:" placeholder:"PATH" help:"A claim that holds roles, besides those of the profile. Repeat the flag, or separate claims by commas."`
	SubjectClaim string        `group:"Trust:" placeholder:"PATH" help:"The claim that is the subject. Default: the profile's."`
	Leeway       time.Duration `group:"Trust:" default:"30s" placeholder:"DURATION" help:"How far the issuer's clock may differ."`
}

// profile is the profile that the flags name.
func (t *trust) profile() token.Profile {
	p := map[string]func() token.Profile{
		"keycloak": token.Keycloak, "auth0": token.Auth0, "okta": token.Okta, "entra": token.Entra, "cognito": token.Cognito,
		"rfc9068": token.RFC9068,
	}[t.Profile]()
	if t.SubjectClaim != "" {
		p.Subject = t.SubjectClaim
	}
	if len(t.RolesClaim) > 0 {
		if len(p.Roles) == 0 {
			p.Roles = []string{"roles"}
		}
		p.Roles = append(p.Roles, t.RolesClaim...)
	}
	return p
}

// keys are the issuer's. Nothing is fetched yet.
func (t *trust) keys() (token.KeySet, error) {
	switch {
	case t.JWKS == "":
		return token.NewRemoteKeys(token.RemoteKeysConfig{Issuer: t.Issuer})
	case strings.Contains(t.JWKS, "://"):
		return token.NewRemoteKeys(token.RemoteKeysConfig{URL: t.JWKS})
	}
	return token.NewFileKeys(token.FileKeysConfig{Path: t.JWKS})
}

// trusted is a verifier that can be watched while it verifies one token.
type trusted struct {
	verifier   *token.Verifier
	source     string // of the keys, for people
	audiences  []string
	audienceIn []string // the claims that the profile has the audience in
	leeway     time.Duration
	proof      proof
}

// proof is how far one verification has come.
type proof struct {
	claims *token.Claims // nil unless all has passed
	err    error

	asked  bool       // for the key
	key    *token.Key // nil when there is none
	keyErr error
	timed  bool // the clock was read
}

// open makes the verifier.
func (t *trust) open(now func() time.Time) (*trusted, error) {
	keys, err := t.keys()
	if err != nil {
		return nil, err
	}
	profile := t.profile()
	made := &trusted{source: cmp.Or(t.JWKS, t.Issuer), audiences: t.Audience, audienceIn: profile.Audience, leeway: t.Leeway}
	if len(made.audienceIn) == 0 {
		made.audienceIn = []string{"aud"}
	}
	leeway := t.Leeway
	if leeway == 0 {
		leeway = token.NoLeeway
	}
	if t.Leeway < 0 {
		return nil, fmt.Errorf("--leeway %s: want none (0s) or more", t.Leeway)
	}
	made.verifier, err = token.NewVerifier(token.VerifierConfig{
		Leeway: leeway,
		Now:    func() time.Time { made.proof.timed = true; return now() },
		Issuers: []token.TrustedIssuer{{
			Issuer: t.Issuer, Audiences: t.Audience, Profile: profile, Keys: &watchedKeys{keys: keys, proof: &made.proof},
		}},
	})
	return made, err
}

// verify verifies a token once.
func (t *trusted) verify(ctx context.Context, raw string, kinds []token.Kind) {
	t.proof.claims, t.proof.err = t.verifier.Verify(ctx, raw, kinds...)
}

// watchedKeys tells which key was found.
type watchedKeys struct {
	keys  token.KeySet
	proof *proof
}

// Key implements token.KeySet.
func (w *watchedKeys) Key(ctx context.Context, kid string, alg token.Algorithm) (*token.Key, error) {
	key, err := w.keys.Key(ctx, kid, alg)
	if w.proof.err == nil && w.proof.claims == nil { // while it is verified, and not for what comes after
		w.proof.asked, w.proof.key, w.proof.keyErr = true, key, err
	}
	return key, err
}
