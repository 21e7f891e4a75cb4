package main

import (
	"context"
	"errors"
	"fmt"
	"slices"

	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/revocation"
	"github.com/grpcauth/grpcauth/token"
)

// The groups of cases. Ratios are taken inside one, algorithm by algorithm.
const (
	verifyGroup   = "verify"
	alone         = "interceptor alone"
	unaryOne      = "unary RPC, 1 caller"
	unaryMany     = "unary RPC, 64 callers"
	streamOf      = "stream of 1,000 messages"
	manyCallers   = 64
	streamLength  = 1000
	rpcAlgorithms = "EdDSA RS256"
)

// The names of the cases that are not a peer's.
const (
	rawCase    = "raw crypto"
	nobodyCase = "token sent, nobody looks"
	coldCase   = "grpcauth"
	cachedCase = "grpcauth, cached"
	// Rules that ask for more than a scope.
	rolesCase = "grpcauth, cached, scopes, roles and revocation"
	boundCase = "grpcauth, cached, a scope and a bind"
)

// benchCase is one thing to measure.
type benchCase struct {
	group, algorithm, name string
	callers                int // how many call at once; 0 is one
	run                    func() error
}

// isFloor tells whether the case is what the others of its group are measured
// against: the part that nobody can save.
func (c benchCase) isFloor() bool {
	return slices.Contains([]string{rawCase, nobodyCase, argonCase, rotateCase}, c.name)
}

// String names the case in an error.
func (c benchCase) String() string { return fmt.Sprintf("%s, %s, %s", c.group, c.algorithm, c.name) }

// lab holds the cases and what runs for them.
type lab struct {
	cases []benchCase
	stops []func()
}

// close stops the servers.
func (l *lab) close() {
	for _, stop := range l.stops {
		stop()
	}
}

// wanted tells which cases to build.
type wanted func(group, algorithm, name string) bool

func everything(_, _, _ string) bool { return true }

// newLab builds the cases that are wanted, of every algorithm. A lab that is
// returned must be closed.
func newLab(want wanted) (*lab, error) {
	subjects, err := newSubjects()
	if err != nil {
		return nil, err
	}
	l := &lab{}
	for _, s := range subjects {
		if err := l.add(s, want); err != nil {
			l.close()
			return nil, fmt.Errorf("%s: %w", s.algorithm, err)
		}
	}
	l.sort(verifyGroup, alone, unaryOne, unaryMany, streamOf)
	return l, nil
}

// sort puts the groups in that order.
func (l *lab) sort(groups ...string) {
	slices.SortStableFunc(l.cases, func(a, b benchCase) int {
		return slices.Index(groups, a.group) - slices.Index(groups, b.group)
	})
}

func (l *lab) add(s subject, want wanted) error {
	variants, err := s.variants()
	if err != nil {
		return err
	}
	for _, v := range variants {
		if v.verify != nil && want(verifyGroup, string(s.algorithm), v.name) {
			l.take(s, verifyGroup, v.name, func() error { return v.verify(s.token) })
		}
		if err := l.addAlone(s, v, want); err != nil {
			return err
		}
		if err := l.addCalls(s, v, want); err != nil {
			return err
		}
	}
	ruled, err := s.ruled()
	if err != nil {
		return err
	}
	for _, v := range ruled {
		if err := l.addAlone(s, v, want); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) take(s subject, group, name string, run func() error) {
	l.cases = append(l.cases, benchCase{group: group, algorithm: string(s.algorithm), name: name, run: run})
}

func (l *lab) addAlone(s subject, v variant, want wanted) error {
	switch {
	case v.name == nobodyCase || !want(alone, string(s.algorithm), v.name):
		return nil
	case v.guard == nil:
		l.take(s, alone, v.name, func() error { return v.verify(s.token) })
		return nil
	}
	run, err := s.intercepted(v)
	if err != nil {
		return err
	}
	l.take(s, alone, v.name, run)
	return nil
}

// addCalls adds the cases that go through a server, which they share.
func (l *lab) addCalls(s subject, v variant, want wanted) error {
	groups := slices.DeleteFunc([]string{unaryOne, unaryMany, streamOf}, func(group string) bool {
		return !want(group, string(s.algorithm), v.name)
	})
	if !s.calls() || v.name == rawCase || len(groups) == 0 {
		return nil
	}
	conn, stop, err := serve(v)
	if err != nil {
		return err
	}
	l.stops = append(l.stops, stop)
	for _, group := range groups {
		c := benchCase{group: group, algorithm: string(s.algorithm), name: v.name, run: conn.unary(s.token)}
		switch group {
		case unaryMany:
			c.callers = manyCallers
		case streamOf:
			c.run = conn.stream(s.token)
		}
		l.cases = append(l.cases, c)
	}
	return nil
}

// variant is one way to deal with a token: a floor, a peer, or us.
type variant struct {
	name string
	// verify is the bare verification, nil where it is no case of its own.
	verify func(raw string) error
	// guard makes what stands before a server's handlers.
	guard func() (guard, error)
}

// variants are all of them: the floors, the peers that know the algorithm, us.
func (s subject) variants() ([]variant, error) {
	all := []variant{
		{name: rawCase, verify: func(string) error { return s.raw() }},
		{name: nobodyCase, guard: func() (guard, error) { return guard{}, nil }},
	}
	for _, p := range peers() {
		check, err := p.make(s)
		if errors.Is(err, errNotSupported) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.name, err)
		}
		all = append(all, variant{p.name, bare(check), func() (guard, error) { return middleware(check), nil }})
	}
	verifier, err := s.verifier()
	if err != nil {
		return nil, err
	}
	cold := func(ctx context.Context, raw string) (any, error) { return verifier.Verify(ctx, raw) }
	return append(all,
		variant{name: coldCase, verify: bare(cold), guard: func() (guard, error) { return ours(verifier, interceptor.WithCacheBytes(0)) }},
		variant{name: cachedCase, guard: func() (guard, error) { return ours(verifier) }},
	), nil
}

// ruled are ours once more, with rules that ask for more. Only a decision is
// measured with them, of one algorithm: in a call they can't be told apart.
func (s subject) ruled() ([]variant, error) {
	if s.algorithm != token.EdDSA {
		return nil, nil
	}
	verifier, err := s.verifier()
	if err != nil {
		return nil, err
	}
	stands := revocation.CheckerFunc(func(context.Context, *token.Claims) error { return nil })
	roles := &grpcauthv1.Rule{
		Scopes: []string{"notes.read", "notes.write"}, Roles: []string{"admin", "editor"},
	}
	bound := &grpcauthv1.Rule{
		Scopes: []string{"notes.write"}, Bind: []*grpcauthv1.Binding{{Claim: "sub", Field: "text"}},
	}
	return []variant{
		{name: rolesCase, guard: func() (guard, error) {
			return ours(verifier, interceptor.OverrideRule(notesv1.NotesService_CreateNote_FullMethodName, roles), interceptor.WithRevocations(stands))
		}},
		{name: boundCase, guard: func() (guard, error) {
			return ours(verifier, interceptor.OverrideRule(notesv1.NotesService_CreateNote_FullMethodName, bound))
		}},
	}, nil
}

// bare calls a check without a call around it.
func bare(check checker) func(raw string) error {
	ctx := context.Background()
	return func(raw string) error {
		_, err := check(ctx, raw)
		return err
	}
}
