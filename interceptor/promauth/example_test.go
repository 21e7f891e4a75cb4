package promauth_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/common/expfmt"
	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authtest"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/interceptor/promauth"
	"github.com/grpcauth/grpcauth/internal/testkit"
	"github.com/grpcauth/grpcauth/token"
)

// newGuard makes a guard whose decisions and cache are counted.
func newGuard(verifier *token.Verifier, reg prometheus.Registerer) (*interceptor.Guard, error) {
	// readme:start wiring
	observe, err := promauth.New(reg) // prometheus.DefaultRegisterer, or one of yours
	if err != nil {
		return nil, err
	}
	guard, err := interceptor.New(verifier, interceptor.WithObserver(observe))
	if err != nil {
		return nil, err
	}
	if err := promauth.RegisterCache(reg, guard); err != nil {
		return nil, err
	}
	// readme:end
	return guard, nil
}

// What a scrape finds after a few calls.
func Example() {
	registry := prometheus.NewRegistry()
	observe, err := promauth.New(registry)
	if err != nil {
		log.Fatal(err)
	}
	testkit.Example(func(t testing.TB) {
		server := authtest.NewServer(t, authtest.NewIssuer(t), func(r grpc.ServiceRegistrar) {
			notesv1.RegisterNotesServiceServer(r, notesvc.New())
		}, interceptor.WithObserver(observe))
		ada := notesv1.NewNotesServiceClient(server.As("ada", "notes.read"))
		for range 3 {
			_, _ = ada.ListNotes(context.Background(), &notesv1.ListNotesRequest{})
		}
		_, _ = ada.CreateNote(context.Background(), &notesv1.CreateNoteRequest{Text: "buy milk"})
	})
	text, err := testutil.GatherAndFormat(registry, expfmt.TypeTextPlain, "grpcauth_decisions_total")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(text))
	// Output:
	// # HELP grpcauth_decisions_total Decisions of the guard about calls.
	// # TYPE grpcauth_decisions_total counter
	// grpcauth_decisions_total{cached="false",method="/notes.v1.NotesService/ListNotes",outcome="allowed",reason="OK"} 1
	// grpcauth_decisions_total{cached="true",method="/notes.v1.NotesService/CreateNote",outcome="denied",reason="SCOPE_MISSING"} 1
	// grpcauth_decisions_total{cached="true",method="/notes.v1.NotesService/ListNotes",outcome="allowed",reason="OK"} 2
}

// The cache's numbers are the guard's own, asked for at every scrape.
func ExampleRegisterCache() {
	registry := prometheus.NewRegistry()
	testkit.Example(func(t testing.TB) {
		guard, err := newGuard(authtest.NewIssuer(t).Verifier(), registry)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(guard.CacheStats().Hits, "hits")
	})
	text, err := testutil.GatherAndFormat(registry, expfmt.TypeTextPlain, "grpcauth_cache_hits_total")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(string(text))
	// Output:
	// 0 hits
	// # HELP grpcauth_cache_hits_total Tokens that the guard's cache knew.
	// # TYPE grpcauth_cache_hits_total counter
	// grpcauth_cache_hits_total 0
}
