package main

import (
	"maps"
	"slices"
	"strings"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// change is one way in which somebody may call now who could not before, or
// the reverse.
type change struct {
	Field string // of Rule, or "" when it is about the method as a whole
	Opens bool
	Text  sentence
}

// methodChange is what changed for one method.
type methodChange struct {
	Method         string
	Was, Now       []sentence
	Opened, Closed []change
}

// compareMatrices gives the methods that other callers may call now, by name.
func compareMatrices(was, now []methodRule) []methodChange {
	before, after := byMethod(was), byMethod(now)
	both := maps.Clone(before)
	maps.Copy(both, after)
	var all []methodChange
	for _, name := range slices.Sorted(maps.Keys(both)) {
		old, current := before[name], after[name]
		m := methodChange{Method: name, Was: whoOrAbsent(old), Now: whoOrAbsent(current)}
		for _, c := range compareRows(old, current) {
			if c.Opens {
				m.Opened = append(m.Opened, c)
			} else {
				m.Closed = append(m.Closed, c)
			}
		}
		if len(m.Opened)+len(m.Closed) > 0 {
			all = append(all, m)
		}
	}
	return all
}

func byMethod(rows []methodRule) map[string]*methodRule {
	index := map[string]*methodRule{}
	for i := range rows {
		index[rows[i].Method] = &rows[i]
	}
	return index
}

func whoOrAbsent(r *methodRule) []sentence {
	if r == nil {
		return []sentence{words("nobody: there is no such method")}
	}
	return r.who()
}

// compareRows compares a method with what it was. Either may be nil: there is
// no such method then.
func compareRows(was, now *methodRule) []change {
	before, after := enforcedBy(was), enforcedBy(now)
	switch {
	case before == nil && after == nil:
		return nil
	case before == nil:
		return []change{{Opens: true, Text: whyOpened(was)}}
	case after == nil:
		return []change{{Text: whyClosed(now)}}
	}
	return compareRules(before, after)
}

// enforcedBy is nil when nobody may call.
func enforcedBy(r *methodRule) *grpcauthv1.Rule {
	if r == nil {
		return nil
	}
	return r.enforced()
}

// whyOpened says what a method was that somebody may call now.
func whyOpened(was *methodRule) sentence {
	switch {
	case was == nil:
		return words("the method is new")
	case was.impossible():
		return refusedRule("its rule before", was.Problems)
	}
	return words("it had no rule, so nobody could call it")
}

// whyClosed says what a method is now that somebody could call.
func whyClosed(now *methodRule) sentence {
	switch {
	case now == nil:
		return words("the method is gone")
	case now.impossible():
		return refusedRule("its rule", now.Problems)
	}
	return words("it has no rule any more, so nobody may call it")
}

func refusedRule(which string, problems []string) sentence {
	return append(words(which+" is not one that a server of this version accepts: "), span{Text: strings.Join(problems, "; "), Name: true})
}
