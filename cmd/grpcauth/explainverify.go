package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// verification is the steps of token.Verifier.Verify, in its order. The first
// of them verifies; which of them has refused is found out from what the
// verifier had asked for by then.
func (e *explainer) verification() []step {
	failed := ""
	names := []string{"form", "header", "issuer", "key", "signature", "claims", "time", "audience", "kind", "profile"}
	all := make([]step, len(names))
	for i, name := range names {
		all[i] = step{name, func(ctx context.Context) finding {
			if i == 0 {
				e.trust.verify(ctx, e.raw, e.policy.Kinds())
				failed = e.trust.proof.failedAt(e.raw)
			}
			if name == failed {
				return refused(e.seen(name), e.trust.proof.err)
			}
			return passed(e.seen(name))
		}}
	}
	return all
}

// failedAt is the step that refused, "" for none.
func (p *proof) failedAt(raw string) string {
	switch {
	case p.err == nil:
		return ""
	case !p.asked:
		return failedBeforeKey(p.err)
	case p.noKey(raw):
		return "key"
	case errors.Is(p.err, token.ErrSignature):
		return "signature"
	case !p.timed: // malformed, or claims of the wrong form
		return "claims"
	case errors.Is(p.err, token.ErrExpired), errors.Is(p.err, token.ErrNotYetValid):
		return "time"
	case errors.Is(p.err, token.ErrAudience):
		return "audience"
	case errors.Is(p.err, token.ErrKind):
		return "kind"
	}
	return "profile"
}

// failedBeforeKey goes by the part of the token that is named where the token
// is malformed.
func failedBeforeKey(err error) string {
	switch text := err.Error(); {
	case errors.Is(err, token.ErrSignature): // an algorithm that nobody has keys for
		return "key"
	case errors.Is(err, token.ErrIssuer), strings.Contains(text, ": the payload "):
		return "issuer"
	case strings.Contains(text, ": the header "):
		return "header"
	}
	return "form"
}

// noKey reports whether no key was found that the token may be verified with.
func (p *proof) noKey(raw string) bool {
	header, _, err := token.Peek(raw)
	return p.keyErr != nil || p.key == nil || err == nil && header.Algorithm != p.key.Algorithm()
}

// seen is what a step of the verification has looked at. Nobody has verified
// what stands before the signature.
func (e *explainer) seen(name string) string {
	header, issuer, _ := token.Peek(e.raw)
	switch name {
	case "form":
		return "wants three segments of base64url, 8 KiB at most"
	case "signature":
		return "wants one that is right under this key"
	case "profile":
		return "wants what every access token has"
	case "header":
		return headerText(header)
	case "issuer":
		return fmt.Sprintf("wants %s; the token has %.200q", strings.Join(e.trust.verifier.Issuers(), ", "), issuer)
	case "key":
		return e.trust.keyText()
	case "audience":
		return e.audience()
	case "kind":
		return "wants " + joined(e.policy.Kinds())
	}
	claims := e.claims()
	switch {
	case claims == nil && name == "time":
		return fmt.Sprintf("it is %s (leeway %s)", e.trust.verifier.Now().UTC().Format(time.RFC3339), e.trust.leeway)
	case claims == nil:
	case name == "claims":
		return fmt.Sprintf("subject %.200q, client %.200q", claims.Subject(), claims.ClientID())
	case name == "time":
		return e.lifetime(claims)
	}
	return ""
}

// keyText is the key that was found, or where none was.
func (t *trusted) keyText() string {
	if key := t.proof.key; key != nil {
		return fmt.Sprintf("%s, id %q", key.Algorithm(), key.ID())
	}
	return "keys are those of " + t.source
}

func headerText(h token.Header) string {
	if h == (token.Header{}) {
		return ""
	}
	return fmt.Sprintf("alg %.40q, kid %.64q, typ %.40q", h.Algorithm, h.KeyID, h.Kind)
}

func (e *explainer) lifetime(claims *token.Claims) string {
	left := e.trust.verifier.Remaining(claims).Round(time.Second)
	return fmt.Sprintf("expires %s, accepted for %s more (leeway %s)", claims.ExpiresAt().UTC().Format(time.RFC3339), left, e.trust.leeway)
}

// audience is the audience as it stands in a token whose signature has been
// verified: a token for another audience has no Claims to ask.
func (e *explainer) audience() string {
	parts := strings.Split(e.raw, ".")
	payload, err := base64.RawURLEncoding.DecodeString(parts[min(1, len(parts)-1)])
	if err != nil {
		return ""
	}
	var said map[string]json.RawMessage
	if err := json.Unmarshal(payload, &said); err != nil {
		return ""
	}
	for _, claim := range e.trust.audienceIn {
		if value, ok := said[claim]; ok {
			return fmt.Sprintf("%s; the token has %s in %s", e.trust.wants(), brief(string(value)), claim)
		}
	}
	return e.trust.wants() + "; the token has no " + strings.Join(e.trust.audienceIn, " or ")
}

func (t *trusted) wants() string {
	if len(t.audiences) == 1 {
		return "wants " + joined(t.audiences)
	}
	return "wants one of " + joined(t.audiences)
}

// joined is a list for people.
func joined[T ~string](names []T) string {
	if len(names) == 0 {
		return "none"
	}
	all := make([]string, len(names))
	for i, name := range names {
		all[i] = display(string(name))
	}
	return strings.Join(all, ", ")
}

// brief is the beginning of a text that others wrote.
func brief(text string) string {
	const most = 200
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "…"
	}
	return text
}
