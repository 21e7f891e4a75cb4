// Package guide is the shop of docs/writing-rules.md: services with a method
// for each field of a rule. Its tests make every call that the page shows, and
// hold each answer there to the one that came.
package guide

import (
	"context"
	"errors"
	"io"
	"time"

	"google.golang.org/grpc"

	guidev1 "github.com/grpcauth/grpcauth/examples/gen/guide/v1"
	"github.com/grpcauth/grpcauth/token"
)

// Register adds the shop. Handlers hold no rules: those are in guide.proto.
func Register(r grpc.ServiceRegistrar) {
	guidev1.RegisterShopServiceServer(r, shop{})
	guidev1.RegisterReportServiceServer(r, reports{})
}

// RegisterPartner adds what a partner calls. It is for a server of its own,
// which trusts the partner too.
func RegisterPartner(r grpc.ServiceRegistrar) {
	guidev1.RegisterPartnerServiceServer(r, partner{})
}

// caller is who is calling, as handlers find out.
func caller(ctx context.Context) string {
	claims, ok := token.FromContext(ctx)
	if !ok {
		return "nobody"
	}
	return claims.Subject()
}

type partner struct {
	guidev1.UnimplementedPartnerServiceServer
}

func (partner) PushStock(ctx context.Context, _ *guidev1.PushStockRequest) (*guidev1.PushStockResponse, error) {
	return &guidev1.PushStockResponse{Caller: caller(ctx)}, nil
}

type reports struct {
	guidev1.UnimplementedReportServiceServer
}

func (reports) GetReport(ctx context.Context, _ *guidev1.GetReportRequest) (*guidev1.GetReportResponse, error) {
	return &guidev1.GetReportResponse{Caller: caller(ctx)}, nil
}

func (reports) DeleteReport(ctx context.Context, _ *guidev1.DeleteReportRequest) (*guidev1.DeleteReportResponse, error) {
	return &guidev1.DeleteReportResponse{Caller: caller(ctx)}, nil
}

// ImportPrices takes all that is sent.
func (shop) ImportPrices(stream grpc.ClientStreamingServer[guidev1.ImportPricesRequest, guidev1.ImportPricesResponse]) error {
	for {
		_, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(&guidev1.ImportPricesResponse{Caller: caller(stream.Context())})
		}
		if err != nil {
			return err
		}
	}
}

// WatchOrders sells something each minute.
func (shop) WatchOrders(req *guidev1.WatchOrdersRequest, stream grpc.ServerStreamingServer[guidev1.WatchOrdersResponse]) error {
	minute := time.NewTicker(time.Minute)
	defer minute.Stop()
	for range req.GetCount() {
		select {
		case <-minute.C:
		case <-stream.Context().Done():
			return stream.Context().Err()
		}
		if err := stream.Send(&guidev1.WatchOrdersResponse{Caller: caller(stream.Context())}); err != nil {
			return err
		}
	}
	return nil
}
