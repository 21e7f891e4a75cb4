package otelauth_test

import (
	"context"
	"fmt"
	"log"
	"testing"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/grpc"

	"github.com/grpcauth/grpcauth/authtest"
	notesv1 "github.com/grpcauth/grpcauth/examples/gen/notes/v1"
	"github.com/grpcauth/grpcauth/examples/notesvc"
	"github.com/grpcauth/grpcauth/interceptor"
	"github.com/grpcauth/grpcauth/interceptor/otelauth"
	"github.com/grpcauth/grpcauth/internal/testkit"
	"github.com/grpcauth/grpcauth/token"
)

// newGuard makes a guard whose decisions are counted.
func newGuard(verifier *token.Verifier, provider metric.MeterProvider) (*interceptor.Guard, error) {
	// readme:start wiring
	observe, err := otelauth.New(provider) // yours, or otel.GetMeterProvider()
	if err != nil {
		return nil, err
	}
	guard, err := interceptor.New(verifier, interceptor.WithObserver(observe))
	if err != nil {
		return nil, err
	}
	// readme:end
	return guard, nil
}

// What a reader finds after a call.
func Example() {
	reader := sdkmetric.NewManualReader()
	observe, err := otelauth.New(sdkmetric.NewMeterProvider(sdkmetric.WithReader(reader)))
	if err != nil {
		log.Fatal(err)
	}
	testkit.Example(func(t testing.TB) {
		server := authtest.NewServer(t, authtest.NewIssuer(t), func(r grpc.ServiceRegistrar) {
			notesv1.RegisterNotesServiceServer(r, notesvc.New())
		}, interceptor.WithObserver(observe))
		eve := notesv1.NewNotesServiceClient(server.As("eve"))
		_, _ = eve.ListNotes(context.Background(), &notesv1.ListNotesRequest{})
	})
	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		log.Fatal(err)
	}
	for _, m := range all.ScopeMetrics[0].Metrics {
		fmt.Println(m.Name)
		if sum, ok := m.Data.(metricdata.Sum[int64]); ok {
			fmt.Println(" ", sum.DataPoints[0].Attributes.Encoded(attribute.DefaultEncoder()), sum.DataPoints[0].Value)
		}
	}
	// Output:
	// grpcauth.decisions
	//   error.type=SCOPE_MISSING,grpcauth.cached=false,grpcauth.outcome=denied,grpcauth.reason=SCOPE_MISSING,rpc.method=notes.v1.NotesService/ListNotes,rpc.system.name=grpc 1
	// grpcauth.decision.duration
}

// A guard needs nothing else to be counted.
func ExampleNew() {
	testkit.Example(func(t testing.TB) {
		provider := sdkmetric.NewMeterProvider(sdkmetric.WithReader(sdkmetric.NewManualReader()))
		_, err := newGuard(authtest.NewIssuer(t).Verifier(), provider)
		fmt.Println(err)
	})
	_, err := otelauth.New(nil)
	fmt.Println(err)
	// Output:
	// <nil>
	// otelauth: there is no meter provider: pass yours, or otel.GetMeterProvider() for the global one
}
