package main

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

// clientJSON is a client for programs. The secret is there only where it was
// just made.
type clientJSON struct {
	ClientID         string       `json:"client_id"`
	ClientSecret     string       `json:"client_secret,omitempty"`
	Name             string       `json:"name"`
	Users            bool         `json:"users"`
	Service          bool         `json:"service"`
	Scopes           []string     `json:"scopes"`
	AllScopes        bool         `json:"all_scopes"`
	Audiences        []string     `json:"audiences"`
	Serves           []string     `json:"serves"`
	CertificateBound bool         `json:"certificate_bound"`
	Secrets          []secretJSON `json:"secrets"`
	Keys             []string     `json:"keys"`
	CreatedAt        *time.Time   `json:"created_at"`
	DisabledAt       *time.Time   `json:"disabled_at"`
}

// secretJSON names a secret.
type secretJSON struct {
	ID        string     `json:"id"`
	CreatedAt *time.Time `json:"created_at"`
	ExpiresAt *time.Time `json:"expires_at"`
}

func newClientJSON(c store.Client, secret string) clientJSON {
	secrets := make([]secretJSON, len(c.Secrets))
	for i, s := range c.Secrets {
		secrets[i] = secretJSON{ID: s.ID, CreatedAt: stamp(s.CreatedAt), ExpiresAt: stamp(s.Expires)}
	}
	return clientJSON{
		ClientID: c.ID, ClientSecret: secret, Name: c.Name, Users: c.Users, Service: c.Service,
		Scopes: append([]string{}, c.Scopes...), AllScopes: c.AllScopes,
		Audiences: append([]string{}, c.Audiences...), Serves: append([]string{}, c.Serves...),
		CertificateBound: c.CertificateBound, Secrets: secrets, Keys: append([]string{}, keyIDs(c)...),
		CreatedAt: stamp(c.CreatedAt), DisabledAt: stamp(c.DisabledAt),
	}
}

// clientOutput is how clients are printed.
type clientOutput struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// show prints one client, with a line for each of its properties. secret is
// its last one, if that was just made, or "".
func (o clientOutput) show(p *process, c store.Client, secret string) error {
	if o.JSON {
		return p.printJSON(newClientJSON(c, secret))
	}
	t := p.table()
	t.row("id", c.ID)
	t.row("name", c.Name)
	t.row("for", clientFor(c))
	t.row("scopes", clientScopes(c))
	t.row("audiences", clientAudiences(c))
	t.row("serves", strings.Join(c.Serves, " "))
	t.row("certificate bound", yesNo(c.CertificateBound))
	t.row("keys", strings.Join(keyIDs(c), " "))
	t.row("created", moment(c.CreatedAt))
	t.row("disabled", moment(c.DisabledAt))
	for _, s := range authsvc.StandingSecrets(c, time.Now()) {
		t.row("secret id", s.ID+until(s.Expires))
	}
	if secret != "" {
		t.row("secret", secret)
	}
	return t.flush()
}

func until(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return " until " + moment(t)
}

// secretIDs names the secrets that stand.
func secretIDs(c store.Client) string {
	standing := authsvc.StandingSecrets(c, time.Now())
	names := make([]string, len(standing))
	for i, s := range standing {
		names[i] = s.ID
	}
	return strings.Join(names, " ")
}

func clientFor(c store.Client) string {
	if c.Service {
		return "itself"
	}
	return "users"
}

func clientScopes(c store.Client) string {
	if c.AllScopes {
		return "(all of the user)"
	}
	return strings.Join(c.Scopes, " ")
}

func clientAudiences(c store.Client) string {
	if len(c.Audiences) == 0 {
		return "(all)"
	}
	return strings.Join(c.Audiences, " ")
}

// keyCount is how many keys a client signs with.
func keyCount(c store.Client) string {
	if n := len(keyIDs(c)); n > 0 {
		return strconv.Itoa(n)
	}
	return ""
}

// keyIDs names the keys that a client signs with. Its set was read when it was
// added.
func keyIDs(c store.Client) []string {
	var set struct {
		Keys []struct {
			ID string `json:"kid"`
		} `json:"keys"`
	}
	_ = json.Unmarshal(c.JWKS, &set) // empty: none
	ids := make([]string, len(set.Keys))
	for i, k := range set.Keys {
		ids[i] = k.ID
	}
	return ids
}
