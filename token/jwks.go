package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"net/url"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

const (
	maxSetBytes  = 1 << 20
	maxSetKeys   = 100
	maxRedirects = 5
)

// jwksSource fetches one JWK Set.
type jwksSource struct {
	url    string
	client *http.Client
}

func newJWKSSource(config RemoteKeysConfig) (jwksSource, error) {
	u, err := url.Parse(config.URL)
	if err != nil || u.Host == "" { // not repeated: it may hold a password
		return jwksSource{}, errors.New("token: key set URL: want one like https://issuer.example/.well-known/jwks.json")
	}
	if u.User != nil {
		return jwksSource{}, errors.New("token: key set URL holds a password: key sets are public, leave it out")
	}
	if allowed := config.InsecureAllowHTTP && u.Scheme == "http"; !allowed && !isSecure(u) {
		return jwksSource{}, fmt.Errorf("token: key set URL %q: want https, or http on a loopback address", config.URL)
	}
	client := http.Client{}
	if config.HTTPClient != nil {
		client = *config.HTTPClient // a copy: the redirect policy below is ours
	}
	client.CheckRedirect = checkRedirect(client.CheckRedirect)
	return jwksSource{url: config.URL, client: &client}, nil
}

// isSecure reports whether nobody on the way can change the answer.
func isSecure(u *url.URL) bool {
	if u.Scheme == "http" {
		addr, err := netip.ParseAddr(u.Hostname())
		return u.Hostname() == "localhost" || err == nil && addr.IsLoopback()
	}
	return u.Scheme == "https"
}

// checkRedirect allows what stays as secure as the request that was
// redirected, and next, when there is one, agrees to.
func checkRedirect(next func(*http.Request, []*http.Request) error) func(*http.Request, []*http.Request) error {
	return func(request *http.Request, via []*http.Request) error {
		from := via[len(via)-1].URL
		if request.URL.Scheme != "https" && (from.Scheme == "https" || isSecure(from) && !isSecure(request.URL)) {
			return errors.New("redirected to an address that is less secure")
		}
		if len(via) > maxRedirects {
			return fmt.Errorf("redirected more than %d times", maxRedirects)
		}
		if next != nil {
			return next(request, via)
		}
		return nil
	}
}

func (s jwksSource) get(ctx context.Context) (keyRing, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, fmt.Errorf("token: fetch the key set: %w", err)
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	response, err := s.client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("token: fetch the key set: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("token: fetch the key set from %s: answered %d", s.url, response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxSetBytes+1))
	if err != nil {
		return nil, fmt.Errorf("token: fetch the key set from %s: %w", s.url, err)
	}
	ring, err := parseJWKS(body, nil)
	if err != nil {
		return nil, fmt.Errorf("token: key set from %s: %w", s.url, err)
	}
	return ring, nil
}

// parseJWKS keeps the keys that we can verify with. RFC 7517 §5 wants the
// others ignored: those for encryption, of other types, broken, or symmetric.
// Of two with one id the first counts. algs are as in [ParseJWK].
func parseJWKS(data []byte, algs []Algorithm) (keyRing, error) {
	if len(data) > maxSetBytes {
		return nil, fmt.Errorf("over %d bytes", maxSetBytes)
	}
	var set struct {
		Keys []jsontext.Value `json:"keys"`
	}
	if err := json.Unmarshal(data, &set); err != nil || set.Keys == nil {
		return nil, errors.New(`not a JSON object with a list "keys"`)
	}
	if len(set.Keys) > maxSetKeys {
		return nil, fmt.Errorf("has %d keys, the limit is %d", len(set.Keys), maxSetKeys)
	}
	ring := keyRing{}
	for _, data := range set.Keys {
		key, err := ParseJWK(data, algs...)
		if err != nil {
			continue
		}
		if _, taken := ring[key.id]; !taken {
			ring[key.id] = key
		}
	}
	// An empty list withdraws every key. A list we understand nothing of is a
	// fault of ours or theirs, and must not take the keys we have.
	if len(ring) == 0 && len(set.Keys) > 0 {
		return nil, errors.New("has no key that this package can verify with")
	}
	return ring, nil
}
