package token_test

import (
	"strings"
	"testing"
	"time"

	"github.com/grpcauth/grpcauth/token"
)

// checklist: V5 V6 V7 V9
func TestClaims(t *testing.T) {
	t.Parallel()
	eachHand(t, func(t *testing.T, h hand) {
		for name, tc := range map[string]struct {
			payload string
			want    error
		}{
			"good": {payload(nil), nil},

			"13 no exp":        {payload(map[string]any{"exp": nil}), token.ErrClaims},
			"13 exp is null":   {`{"exp":null,` + payload(map[string]any{"exp": nil})[1:], token.ErrClaims},
			"15 no sub":        {payload(map[string]any{"sub": nil}), token.ErrClaims},
			"15 sub empty":     {payload(map[string]any{"sub": ""}), token.ErrClaims},
			"15 sub a number":  {payload(map[string]any{"sub": 7}), token.ErrClaims},
			"15 sub a list":    {payload(map[string]any{"sub": []string{"user-1"}}), token.ErrClaims},
			"15 sub an object": {payload(map[string]any{"sub": map[string]any{"id": "user-1"}}), token.ErrClaims},

			"16 aud a string":                   {payload(map[string]any{"aud": audience}), nil},
			"16 aud a list":                     {payload(map[string]any{"aud": []string{"other", audience}}), nil},
			"16 aud another":                    {payload(map[string]any{"aud": "other"}), token.ErrAudience},
			"16 aud others":                     {payload(map[string]any{"aud": []string{"other", "another"}}), token.ErrAudience},
			"16 aud missing":                    {payload(map[string]any{"aud": nil}), token.ErrAudience},
			"16 aud an empty list":              {payload(map[string]any{"aud": []string{}}), token.ErrAudience},
			"16 aud empty":                      {payload(map[string]any{"aud": ""}), token.ErrAudience},
			"16 aud in another case":            {payload(map[string]any{"aud": "Notes"}), token.ErrAudience},
			"16 aud is one string, not a list":  {payload(map[string]any{"aud": "other notes"}), token.ErrAudience},
			"16 aud is a prefix":                {payload(map[string]any{"aud": "note"}), token.ErrAudience},
			"16 aud a number":                   {payload(map[string]any{"aud": 1}), token.ErrClaims},
			"16 aud a list with a number":       {payload(map[string]any{"aud": []any{audience, 1}}), token.ErrClaims},
			"16 aud a list in a list":           {payload(map[string]any{"aud": []any{[]string{audience}}}), token.ErrClaims},
			"16 aud an object named like it":    {payload(map[string]any{"aud": map[string]any{audience: 1}}), token.ErrClaims},
			"17 iss missing":                    {payload(map[string]any{"iss": nil}), token.ErrIssuer},
			"17 iss another":                    {payload(map[string]any{"iss": "https://evil.example"}), token.ErrIssuer},
			"17 iss a prefix":                   {payload(map[string]any{"iss": "https://auth.example"}), token.ErrIssuer},
			"17 iss longer":                     {payload(map[string]any{"iss": issuerName + ".evil"}), token.ErrIssuer},
			"17 iss with a trailing slash":      {payload(map[string]any{"iss": issuerName + "/"}), token.ErrIssuer},
			"17 iss in another case":            {payload(map[string]any{"iss": strings.ToUpper(issuerName)}), token.ErrIssuer},
			"17 iss empty":                      {payload(map[string]any{"iss": ""}), token.ErrIssuer},
			"17 iss a list":                     {payload(map[string]any{"iss": []string{issuerName}}), token.ErrIssuer},
			"17 iss only inside":                {payload(map[string]any{"iss": nil, "a": map[string]any{"iss": issuerName}}), token.ErrIssuer},
			"17 iss escaped is the same string": {strings.Replace(payload(nil), "https:", `\u0068ttps\u003a`, 1), nil},
			"17 ISS is not iss":                 {payload(map[string]any{"iss": nil, "ISS": issuerName}), token.ErrIssuer},

			"19 duplicate sub":              {with(`"sub":"admin"`), token.ErrMalformed},
			"19 duplicate iss":              {with(`"iss":"https://evil.example"`), token.ErrMalformed},
			"19 duplicate, escaped":         {with(`"\u0073ub":"admin"`), token.ErrMalformed},
			"19 duplicate inside an object": {with(`"a":{"b":1,"b":2}`), token.ErrMalformed},
			"19 duplicate inside a list":    {with(`"a":[[{"b":1,"c":0,"b":2}]]`), token.ErrMalformed},
			"19 the same name at two depths": {
				with(`"a":{"sub":"x","iss":"y"}`), nil,
			},
			"20 SUB beside sub": {with(`"SUB":"admin","Sub":1,"EXP":0,"Iss":"https://evil.example"`), nil},
			"20 SUB alone":      {payload(map[string]any{"sub": nil, "SUB": "admin"}), token.ErrClaims},
			"20 EXP alone":      {payload(map[string]any{"exp": nil, "EXP": now.Add(time.Hour).Unix()}), token.ErrClaims},

			"23 a fraction":              {with(`"nbf":1.5e9,"auth_time":1700000000.25`), nil},
			"23 exp a string":            {payload(map[string]any{"exp": "1900000000"}), token.ErrClaims},
			"23 exp NaN":                 {strings.Replace(payload(map[string]any{"exp": 0}), `"exp":0`, `"exp":NaN`, 1), token.ErrMalformed},
			"23 exp a NaN string":        {payload(map[string]any{"exp": "NaN"}), token.ErrClaims},
			"23 exp 1e400":               {strings.Replace(payload(map[string]any{"exp": 0}), `"exp":0`, `"exp":1e400`, 1), token.ErrClaims},
			"23 exp 1e30":                {strings.Replace(payload(map[string]any{"exp": 0}), `"exp":0`, `"exp":1e30`, 1), token.ErrClaims},
			"23 exp past an int64":       {strings.Replace(payload(map[string]any{"exp": 0}), `"exp":0`, `"exp":9223372036854775808`, 1), token.ErrClaims},
			"23 exp past the year 9999":  {payload(map[string]any{"exp": 253402300800}), token.ErrClaims},
			"23 exp in 9999":             {payload(map[string]any{"exp": 253402300799}), nil},
			"23 exp negative":            {payload(map[string]any{"exp": -1}), token.ErrClaims},
			"23 exp minus nothing":       {strings.Replace(payload(map[string]any{"exp": 0}), `"exp":0`, `"exp":-0`, 1), token.ErrClaims},
			"23 exp true":                {payload(map[string]any{"exp": true}), token.ErrClaims},
			"23 exp zero is a date":      {payload(map[string]any{"exp": 0}), token.ErrExpired},
			"23 iat a string":            {payload(map[string]any{"iat": "1"}), token.ErrClaims},
			"23 nbf a string":            {with(`"nbf":"1"`), token.ErrClaims},
			"23 nbf a list":              {with(`"nbf":[1]`), token.ErrClaims},
			"23 auth_time negative":      {with(`"auth_time":-5`), token.ErrClaims},
			"23 auth_time a string":      {with(`"auth_time":"now"`), token.ErrClaims},
			"23 exp with a leading zero": {strings.Replace(payload(map[string]any{"exp": 0}), `"exp":0`, `"exp":01900000000`, 1), token.ErrMalformed},

			"no client_id in an access token":    {payload(map[string]any{"client_id": nil}), token.ErrClaims},
			"no jti in an access token":          {payload(map[string]any{"jti": nil}), token.ErrClaims},
			"no iat in an access token":          {payload(map[string]any{"iat": nil}), token.ErrClaims},
			"client_id empty in an access token": {payload(map[string]any{"client_id": ""}), token.ErrClaims},
			"jti a number":                       {payload(map[string]any{"jti": 1}), token.ErrClaims},
			"sid a number":                       {with(`"sid":1`), token.ErrClaims},
			"acr a number":                       {with(`"acr":1`), token.ErrClaims},
			"amr an object":                      {with(`"amr":{}`), token.ErrClaims},
			"roles an object":                    {with(`"roles":{"admin":true}`), token.ErrClaims},
			"roles a list of objects":            {with(`"roles":[{"value":"admin"}]`), token.ErrClaims},
			"scope a number":                     {with(`"scope":1`), token.ErrClaims},

			"not an object":     {`[]`, token.ErrMalformed},
			"empty":             {``, token.ErrMalformed},
			"not UTF-8":         {with("\"a\":\"\xff\""), token.ErrMalformed},
			"text after it":     {payload(nil) + "x", token.ErrMalformed},
			"white space":       {" \r\n\t" + payload(nil) + " \n", nil},
			"byte order mark":   {"\ufeff" + payload(nil), token.ErrMalformed},
			"nested 32 deep":    {with(`"a":` + nested(31)), nil},
			"nested 33 deep":    {with(`"a":` + nested(32)), token.ErrMalformed},
			"unfinished":        {with(`"a":[`), token.ErrMalformed},
			"unfinished at iss": {`{"a":1,`, token.ErrMalformed},
		} {
			t.Run(name, func(t *testing.T) {
				claims, err := verify(h.verifier(), h.token(tc.payload))
				wantErr(t, err, tc.want)
				if err == nil && claims.Subject() != "user-1" {
					t.Errorf("subject = %s", claims.Subject())
				}
			})
		}
	})
}

// checklist: V5
func TestTime(t *testing.T) {
	t.Parallel()
	const nanosecond = time.Duration(1)
	unix := func(at time.Time) map[string]any { return map[string]any{"exp": at.Unix()} }
	later := now.Add(time.Hour).Unix()
	for name, tc := range map[string]struct {
		claims map[string]any
		leeway time.Duration
		at     time.Time
		want   error
	}{
		"12 exactly at exp":                  {unix(now), token.NoLeeway, now, token.ErrExpired},
		"12 just before exp":                 {unix(now), token.NoLeeway, now.Add(-nanosecond), nil},
		"12 past exp":                        {unix(now), token.NoLeeway, now.Add(nanosecond), token.ErrExpired},
		"12 inside the default leeway":       {unix(now), 0, now.Add(30*time.Second - nanosecond), nil},
		"12 at the end of it":                {unix(now), 0, now.Add(30 * time.Second), token.ErrExpired},
		"12 inside the longest leeway":       {unix(now), 2 * time.Minute, now.Add(2*time.Minute - nanosecond), nil},
		"12 at the end of the longest":       {unix(now), 2 * time.Minute, now.Add(2 * time.Minute), token.ErrExpired},
		"12 exp with a fraction, before":     {map[string]any{"exp": float64(now.Unix()) + 0.5}, token.NoLeeway, now.Add(499 * time.Millisecond), nil},
		"12 exp with a fraction, at":         {map[string]any{"exp": float64(now.Unix()) + 0.5}, token.NoLeeway, now.Add(500 * time.Millisecond), token.ErrExpired},
		"14 nbf ahead":                       {map[string]any{"nbf": now.Unix() + 1, "exp": later}, token.NoLeeway, now, token.ErrNotYetValid},
		"14 nbf now":                         {map[string]any{"nbf": now.Unix(), "exp": later}, token.NoLeeway, now, nil},
		"14 nbf a nanosecond ahead":          {map[string]any{"nbf": now.Unix(), "exp": later}, token.NoLeeway, now.Add(-nanosecond), token.ErrNotYetValid},
		"14 nbf at the edge of the leeway":   {map[string]any{"nbf": now.Unix() + 30, "exp": later}, 0, now, nil},
		"14 nbf past the edge of the leeway": {map[string]any{"nbf": now.Unix() + 31, "exp": later}, 0, now, token.ErrNotYetValid},
		"14 iat at the edge of the leeway":   {map[string]any{"iat": now.Unix() + 30, "exp": later}, 0, now, nil},
		"14 iat past the edge of the leeway": {map[string]any{"iat": now.Unix() + 31, "exp": later}, 0, now, token.ErrNotYetValid},
		"expired and for another audience":   {map[string]any{"exp": now.Unix(), "aud": "other"}, token.NoLeeway, now, token.ErrExpired},
	} {
		t.Run(name, func(t *testing.T) {
			h := hands()[0]
			if _, given := tc.claims["iat"]; !given {
				tc.claims["iat"] = now.Add(-time.Hour).Unix()
			}
			v := h.verifier(func(c *token.VerifierConfig) {
				c.Leeway = tc.leeway
				c.Now = func() time.Time { return tc.at }
			})
			_, err := verify(v, h.token(payload(tc.claims)))
			wantErr(t, err, tc.want)
		})
	}
}

func TestRemainingIsUntilExpiryAndLeeway(t *testing.T) {
	t.Parallel()
	h := hands()[0]
	for leeway, want := range map[time.Duration]time.Duration{0: 30 * time.Second, token.NoLeeway: 0, time.Minute: time.Minute} {
		v := h.verifier(func(c *token.VerifierConfig) { c.Leeway = leeway })
		claims := must(verify(v, h.token(payload(nil))))
		if got := v.Remaining(claims) - claims.ExpiresAt().Sub(now); got != want {
			t.Errorf("leeway %s: the claims are accepted until %s after expiry, want %s", leeway, got, want)
		}
	}
}
