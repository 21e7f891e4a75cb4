package authsvc_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/token"
)

// tokens asks of the last n access tokens whether they stand.
func (r *modelRun) tokens(n int) string {
	r.Helper()
	for _, a := range r.m.access[max(0, len(r.m.access)-n):] {
		got, err := r.w.store.Standing(r.Context(), store.TokenRef{ID: a.id, SessionID: a.session, Subject: a.subject, ClientID: a.client})
		want := r.m.standing(a)
		if !r.m.now.Before(a.expires.Add(token.MaxLeeway)) {
			want.Revoked = got.Revoked // a sweep may have forgotten it
		}
		if err != nil || got != want {
			return fmt.Sprintf("an access token of session %.5s: got %+v, want %+v, %v", a.session, got, want, err)
		}
		if !want.SessionEnded && outdated(a.counters, want.Counters) {
			return fmt.Sprintf("an access token of session %.5s is out of date and its session stands", a.session)
		}
	}
	return ""
}

// finish presents every refresh token that was ever given out and looks at
// what the store has written down.
func (r *modelRun) finish() {
	r.Helper()
	r.advance(time.Second)
	var all []opRefresh
	for _, id := range r.m.order {
		s := r.m.sessions[id]
		for i, g := range s.generations {
			all = append(all, opRefresh{token: g.token, session: id, generation: i + 1, client: s.client, key: r.word(), note: "in the end"})
		}
	}
	r.rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for _, o := range all[:min(len(all), 150)] {
		r.step(o)
	}
	if problem := r.m.compare(r.read(r.m.order)); problem != "" {
		r.fail(problem)
	}
	if problem := r.tokens(len(r.m.access)); problem != "" {
		r.fail(problem)
	}
	r.written()
}

// written compares the audit record and the events.
func (r *modelRun) written() {
	r.Helper()
	want := map[string]int{}
	for _, line := range r.m.record {
		want[line.text]++
	}
	got := map[string]int{}
	entries, err := r.w.store.Entries(r.Context(), 0, 1<<20)
	if err != nil {
		r.Fatal(err)
	}
	for _, e := range entries {
		if slices.Contains([]string{"login", "refresh_replayed", "refresh_reused", "session_revoked", "sessions_revoked", "reauthenticated"}, e.Kind) {
			got["audit "+e.Kind+" "+e.SessionID]++
		}
	}
	events, err := r.w.store.Events(r.Context(), 0, 1<<20)
	if err != nil {
		r.Fatal(err)
	}
	for i, e := range events {
		got[fmt.Sprintf("event %s %s below %d", e.Kind, e.Key, e.Below)]++
		if i > 0 && e.Seq <= events[i-1].Seq {
			r.fail("the events are out of order")
		}
	}
	if !maps.Equal(got, want) {
		r.fail("the audit record and the events are not those of the model: " + difference(got, want))
	}
}

// difference is what two bags don't share.
func difference(got, want map[string]int) string {
	var lines []string
	for text, n := range got {
		if want[text] != n {
			lines = append(lines, fmt.Sprintf("%s: got %d, want %d", text, n, want[text]))
		}
	}
	for text, n := range want {
		if got[text] == 0 {
			lines = append(lines, fmt.Sprintf("%s: got none, want %d", text, n))
		}
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}
