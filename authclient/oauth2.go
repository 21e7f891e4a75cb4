package authclient

import (
	"context"

	"golang.org/x/oauth2"
)

// TokenSource gives the access token to libraries that want an
// [oauth2.TokenSource], such as [oauth2.NewClient]. Its Token waits only when
// the token has expired, for at most one renewal; errors are those of Token
// here. It is safe for concurrent use. Don't wrap it in
// [oauth2.ReuseTokenSource]: that would go on with a token that was replaced.
func (r *renewer) TokenSource() oauth2.TokenSource { return tokenSource{r} }

type tokenSource struct{ of *renewer }

// Token implements [oauth2.TokenSource].
func (s tokenSource) Token() (*oauth2.Token, error) {
	g, err := s.of.grant(context.Background())
	if err != nil {
		return nil, err
	}
	return &oauth2.Token{AccessToken: g.token(), TokenType: "Bearer", Expiry: g.expires.Round(0)}, nil
}
