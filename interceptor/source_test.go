package interceptor

import (
	"errors"
	"strings"
	"testing"
)

// newBearer reads a token and asks of it what is asked of one that is not known
// yet.
func newBearer(values []string) (string, error) {
	raw, err := bearerSource().read(values)
	if err == nil && !isB64Token(raw) {
		return "", errMalformed
	}
	return raw, err
}

// checklist: B1
func TestBearer(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		values []string
		want   string
		err    error
	}{
		"1 no header":                {nil, "", errMissing},
		"2 another scheme":           {[]string{"Basic eDp5"}, "", errMissing},
		"2 an empty value":           {[]string{""}, "", errMissing},
		"2 a leading space":          {[]string{" Bearer a.b.c"}, "", errMissing},
		"3 no token":                 {[]string{"Bearer "}, "", errMalformed},
		"3 no token and no space":    {[]string{"Bearer"}, "", errMalformed},
		"4 two words":                {[]string{"Bearer a b"}, "", errMalformed},
		"4 the scheme twice":         {[]string{"Bearer Bearer a"}, "", errMalformed},
		"4 two in one value":         {[]string{"Bearer a, Bearer b"}, "", errMalformed},
		"4 a trailing space":         {[]string{"Bearer a.b.c "}, "", errMalformed},
		"5 two values":               {[]string{"Bearer a", "Bearer a"}, "", errMultiple},
		"5 two values, one basic":    {[]string{"Basic a", "Bearer a"}, "", errMultiple},
		"6 lower case":               {[]string{"bearer a.b.c"}, "a.b.c", nil},
		"6 upper case":               {[]string{"BEARER a.b.c"}, "a.b.c", nil},
		"6 more than one space":      {[]string{"Bearer  a.b.c"}, "a.b.c", nil},
		"9 a quote":                  {[]string{`Bearer "a"`}, "", errMalformed},
		"9 a control character":      {[]string{"Bearer a\tb"}, "", errMalformed},
		"9 beyond ASCII":             {[]string{"Bearer ä"}, "", errMalformed},
		"9 padding in the middle":    {[]string{"Bearer a=b"}, "", errMalformed},
		"9 padding alone":            {[]string{"Bearer =="}, "", errMalformed},
		"9 the whole alphabet":       {[]string{"Bearer aZ09-._~+/=="}, "aZ09-._~+/==", nil},
		"22 far too long":            {[]string{"Bearer " + strings.Repeat("a", 1<<20)}, "", errMalformed},
		"a tab between the two":      {[]string{"Bearer\ta.b.c"}, "", errMissing},
		"a colon behind the scheme":  {[]string{"Bearer: a.b.c"}, "", errMissing},
		"a token without the scheme": {[]string{"a.b.c"}, "", errMissing},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := newBearer(tc.values)
			if got != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("newBearer = %q, %v; want %q, %v", got, err, tc.want, tc.err)
			}
		})
	}
}

func FuzzBearer(f *testing.F) {
	for _, seed := range []string{"", "Bearer", "Bearer ", "Bearer a.b.c", "bearer  a==", "Basic eDp5", "Bearer a, Bearer b", "Bearer \x00", "Bearer é"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		raw, err := newBearer([]string{value})
		if err != nil {
			if raw != "" {
				t.Fatalf("a refused value gave %q", raw)
			}
			return
		}
		if raw == "" || strings.ContainsAny(raw, " \t\r\n,;\"\\") {
			t.Fatalf("accepted %q", raw)
		}
		scheme, _, _ := strings.Cut(value, " ")
		if !strings.EqualFold(scheme, "bearer") || !strings.HasSuffix(value, raw) {
			t.Fatalf("%q gave %q", value, raw)
		}
		if _, err := bearerSource().read([]string{value, value}); !errors.Is(err, errMultiple) {
			t.Fatalf("two values: %v", err)
		}
	})
}
