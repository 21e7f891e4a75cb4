package token

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// remoteSource fetches the key set of one issuer. One fetch at a time may use
// it.
type remoteSource struct {
	issuer    string   // whose metadata says where the keys are, or ""
	metadata  []string // where that may be, the likeliest first
	url       string   // of the keys when there is no issuer
	allowHTTP bool
	client    *http.Client

	algorithms []Algorithm // that the keys may be for; empty is all
}

func newRemoteSource(config RemoteKeysConfig) (*remoteSource, error) {
	s := &remoteSource{issuer: config.Issuer, url: config.URL, allowHTTP: config.InsecureAllowHTTP, client: new(http.Client)}
	var err error
	switch {
	case (config.Issuer == "") == (config.URL == ""):
		err = errors.New("remote keys: set either Issuer, whose metadata says where they are, or URL")
	case config.Issuer != "":
		s.metadata, err = metadataURLs(config.Issuer, config.InsecureAllowHTTP)
	default:
		_, err = checkURL("key set URL", config.URL, config.InsecureAllowHTTP)
	}
	if err != nil {
		return nil, fmt.Errorf("token: %w", err)
	}
	if config.HTTPClient != nil {
		*s.client = *config.HTTPClient // a copy: the redirect policy below is ours
	}
	s.client.CheckRedirect = checkRedirect(s.client.CheckRedirect)
	if s.algorithms, err = parseAlgorithms(config.Algorithms); err != nil {
		return nil, err
	}
	return s, nil
}

// get fetches the keys, and says how long they are fresh.
func (s *remoteSource) get(ctx context.Context) (keyRing, time.Duration, error) {
	address := s.url
	if s.issuer != "" {
		var err error
		if address, err = s.discover(ctx); err != nil {
			return nil, 0, fmt.Errorf("token: discover the keys of %s: %w", s.issuer, err)
		}
	}
	body, header, err := s.read(ctx, address, "application/jwk-set+json, application/json")
	if err != nil {
		return nil, 0, fmt.Errorf("token: fetch the key set: %w", err)
	}
	ring, err := parseJWKS(body, s.algorithms)
	if err != nil {
		return nil, 0, fmt.Errorf("token: key set from %s: %w", address, err)
	}
	return ring, freshFor(header), nil
}

// read fetches one document of at most a megabyte.
func (s *remoteSource) read(ctx context.Context, address, accept string) ([]byte, http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, nil, err
	}
	request.Header.Set("Accept", accept)
	response, err := s.client.Do(request)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, nil, fmt.Errorf("%s answered %d", address, response.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, maxSetBytes+1))
	switch {
	case err != nil:
		return nil, nil, fmt.Errorf("read %s: %w", address, err)
	case len(body) > maxSetBytes:
		return nil, nil, fmt.Errorf("%s is over %d bytes", address, maxSetBytes)
	}
	return body, response.Header, nil
}
