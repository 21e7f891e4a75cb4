package token

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
)

// metadataURLs are where the metadata of an issuer may be: OpenID Connect
// Discovery 1.0 §4 puts its path at the end, RFC 8414 §3 puts the issuer's
// there.
func metadataURLs(issuer string, allowHTTP bool) ([]string, error) {
	u, err := checkURL("issuer", issuer, allowHTTP)
	if err != nil {
		return nil, err
	}
	if strings.ContainsAny(issuer, "?#") {
		return nil, fmt.Errorf("issuer %q has a query or a fragment: leave it out, or set URL", issuer)
	}
	host, path := u.Scheme+"://"+u.Host, strings.TrimSuffix(u.EscapedPath(), "/")
	return []string{
		host + path + "/.well-known/openid-configuration",
		host + "/.well-known/oauth-authorization-server" + path,
	}, nil
}

// discover finds where the keys are. What has answered is asked first the next
// time.
func (s *remoteSource) discover(ctx context.Context) (string, error) {
	var faults [2]error
	for i, address := range s.metadata {
		keys, err := s.readMetadata(ctx, address)
		if err == nil {
			s.metadata[0], s.metadata[i] = s.metadata[i], s.metadata[0]
			return keys, nil
		}
		faults[i] = err
	}
	return "", fmt.Errorf("%w; %w", faults[0], faults[1])
}

func (s *remoteSource) readMetadata(ctx context.Context, address string) (string, error) {
	body, _, err := s.read(ctx, address, "application/json")
	if err != nil {
		return "", err
	}
	keys, err := s.parseMetadata(address, body)
	if err != nil {
		return "", fmt.Errorf("metadata at %s: %w", address, err)
	}
	return keys, nil
}

// parseMetadata returns the `jwks_uri`. The metadata must name the issuer that
// it was looked up for, byte for byte (RFC 8414 §3.3): otherwise one issuer
// could speak for another.
func (s *remoteSource) parseMetadata(address string, body []byte) (string, error) {
	var metadata struct {
		Issuer  string `json:"issuer"`
		JWKSURI string `json:"jwks_uri"`
	}
	if err := json.Unmarshal(body, &metadata); err != nil {
		return "", errors.New("not a JSON object with texts \"issuer\" and \"jwks_uri\"")
	}
	if metadata.Issuer != s.issuer {
		return "", fmt.Errorf("is of the issuer %.200q", metadata.Issuer)
	}
	to, err := checkURL("jwks_uri", metadata.JWKSURI, s.allowHTTP)
	if err != nil {
		return "", err
	}
	if from, err := url.Parse(address); err != nil || isDowngrade(from, to) {
		return "", errors.New("jwks_uri is less secure than the metadata")
	}
	return metadata.JWKSURI, nil
}
