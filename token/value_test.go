package token_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/grpcauth/grpcauth/token"
)

const nestedClaims = `"realm":{"tier":"gold","a":{"b":{"c":1}},"groups":["x",{"n":2},["y"]]},"a.b":"dotted","a/b":"slash","a~b":"tilde","~1":"literal",` +
	`"https://example.com/x":"url","":"empty","n":null,"t":true,"f":false,"esc\u0061ped":"q\"\u00e9\n","list":[1,2,3,4,5,6,7,8,9,10,11],"o":{"":{"":5}}`

func TestClaimPaths(t *testing.T) {
	t.Parallel()
	c := proven(t, with(nestedClaims))
	for path, want := range map[string]string{ // as text or number; "-" for absent
		"sub": "user-1", "realm.tier": "gold", "realm.a.b.c": "1", "/realm/tier": "gold", "/realm/a/b/c": "1",
		"/realm/groups/0": "x", "/realm/groups/1/n": "2", "/realm/groups/2/0": "y", "/list/10": "11",
		"/a.b": "dotted", "/a~1b": "slash", "/a~0b": "tilde", "/~01": "literal", "/https:~1~1example.com~1x": "url", "a/b": "slash", "a~b": "tilde",
		"": "empty", "/": "empty", "o..": "5", "/o//": "5", "escaped": "q\"é\n", "/escaped": "q\"é\n",

		"a.b": "-", "realm.tier.x": "-", "realm.groups.0": "-", "nothing": "-", "realm.nothing": "-", "Realm": "-", "SUB": "-", ".": "-", "realm.": "-",
		"/realm/groups/3": "-", "/realm/groups/01": "-", "/realm/groups/-1": "-", "/realm/groups/-": "-", "/realm/groups/": "-", "/realm/groups/+1": "-",
		"/realm/groups/65536": "-", "/realm/groups/18446744073709551616": "-", "/a~b": "-", "/a~2b": "-", "/a~": "-", "//": "-", "/realm/tier/": "-",
		"https://example.com/x": "-",
	} {
		t.Run(path, func(t *testing.T) {
			v := c.Claim(path)
			got := "-"
			if text, ok := v.Text(); ok {
				got = text
			} else if n, ok := v.Int(); ok {
				got = string(must(json.Marshal(n)))
			}
			if got != want || v.Exists() != (want != "-") {
				t.Errorf("%q is %q (exists: %t), want %q", path, got, v.Exists(), want)
			}
		})
	}
}

func TestValues(t *testing.T) {
	t.Parallel()
	type want struct {
		text   string
		isText bool
		truth  bool
		isBool bool
		number float64
		isNum  bool
		whole  int64
		isInt  bool
		length int
	}
	for value, w := range map[string]want{
		`"x"`:                   {text: "x", isText: true},
		`""`:                    {isText: true},
		`"\ud83d\ude00"`:        {text: "😀", isText: true},
		`true`:                  {truth: true, isBool: true},
		`false`:                 {isBool: true},
		`null`:                  {},
		`0`:                     {isNum: true, isInt: true},
		`-0`:                    {isNum: true, isInt: true},
		`1`:                     {number: 1, isNum: true, whole: 1, isInt: true},
		`-7`:                    {number: -7, isNum: true, whole: -7, isInt: true},
		`1.0`:                   {number: 1, isNum: true, whole: 1, isInt: true},
		`1e3`:                   {number: 1000, isNum: true, whole: 1000, isInt: true},
		`1.5`:                   {number: 1.5, isNum: true},
		`1e400`:                 {},
		`-1e400`:                {},
		`1e-400`:                {isNum: true, isInt: true},
		`9007199254740993`:      {number: 9007199254740992, isNum: true, whole: 9007199254740993, isInt: true},
		`9223372036854775807`:   {number: 9223372036854775807, isNum: true, whole: 9223372036854775807, isInt: true},
		`9223372036854775808`:   {number: 9223372036854775808, isNum: true},
		`1e17`:                  {number: 1e17, isNum: true},
		`"1"`:                   {text: "1", isText: true},
		`[]`:                    {},
		`{}`:                    {},
		`["x",[1,2],{"a":[3]}]`: {length: 3},
		`{"a":1,"b":{"c":2}}`:   {length: 2},
	} {
		t.Run(value, func(t *testing.T) {
			v := proven(t, with(`"x":`+value)).Claim("x")
			var got want
			got.text, got.isText = v.Text()
			got.truth, got.isBool = v.Bool()
			got.number, got.isNum = v.Number()
			got.whole, got.isInt = v.Int()
			if !got.isNum {
				got.number = 0
			}
			if got.length = v.Len(); got != w || !v.Exists() {
				t.Errorf("got %+v, want %+v", got, w)
			}
		})
	}
	var none token.Value
	_, isText := none.Text()
	_, isBool := none.Bool()
	_, isNum := none.Number()
	_, isInt := none.Int()
	if none.Exists() || isText || isBool || isNum || isInt || none.Len() != 0 || len(slices.Collect(none.Items())) != 0 {
		t.Error("no value is something")
	}
}

func TestItems(t *testing.T) {
	t.Parallel()
	c := proven(t, with(`"l":["a",["b"],{"c":["d"]},"e"],"o":{"a":1},"s":"x"`))
	var got []string
	for v := range c.Claim("l").Items() {
		if text, ok := v.Text(); ok {
			got = append(got, text)
		}
	}
	if !slices.Equal(got, []string{"a", "e"}) {
		t.Errorf("items = %q", got)
	}
	for range c.Claim("l").Items() {
		break // must not panic
	}
	for _, path := range []string{"o", "s", "nothing"} {
		if n := len(slices.Collect(c.Claim(path).Items())); n != 0 {
			t.Errorf("%s has %d items", path, n)
		}
	}
}
