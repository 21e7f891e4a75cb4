package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

// maxTokenFile is how much of a file is looked at: more than any token has
// that is accepted, so that one which is too long is told to be.
const maxTokenFile = 64 << 10

// readToken reads the token from a file, or from stdin for "-". It is "" when
// no file is named.
func readToken(p *process, path string) (string, error) {
	if path == "" {
		return "", nil
	}
	data, err := readSome(p, path)
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(string(data))
	if scheme, rest, found := strings.Cut(text, " "); found && strings.EqualFold(scheme, "Bearer") {
		text = strings.TrimSpace(rest)
	}
	if text == "" {
		return "", errors.New("it is empty: give the token, or leave the flag out for a call without one")
	}
	return text, nil
}

// readSome is the beginning of a file. Its errors never repeat the path: it
// may be a token that was put in the wrong place.
func readSome(p *process, path string) (data []byte, err error) {
	in := p.stdin
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return nil, fmt.Errorf("%w: give a file that holds the token, or - for stdin", cause(err))
		}
		defer func() { _ = file.Close() }()
		in = file
	}
	data, err = io.ReadAll(io.LimitReader(in, maxTokenFile))
	return data, cause(err)
}

// looksLikeToken finds JSON Web Tokens: a header is a JSON object.
func looksLikeToken() *regexp.Regexp {
	return regexp.MustCompile(`eyJ[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]*){2,4}`)
}

// refuseTokenItself refuses a token in place of the file that holds it.
func refuseTokenItself(path string) error {
	if looksLikeToken().MatchString(path) {
		return errors.New("--token is followed by a token: others on the machine can see a command line, so write it to a file or to stdin (-), and revoke this one")
	}
	return nil
}

// withoutTokens is text in which no token can be read: what was typed in the
// wrong place is not repeated.
func withoutTokens(text string) string {
	return looksLikeToken().ReplaceAllString(text, "[a token]")
}
