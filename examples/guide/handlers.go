package guide

import (
	"context"

	guidev1 "github.com/grpcauth/grpcauth/examples/gen/guide/v1"
)

// shop answers each call with whom it takes the caller for.
type shop struct {
	guidev1.UnimplementedShopServiceServer
}

func (shop) GetOpeningHours(ctx context.Context, _ *guidev1.GetOpeningHoursRequest) (*guidev1.GetOpeningHoursResponse, error) {
	return &guidev1.GetOpeningHoursResponse{Caller: caller(ctx)}, nil
}

func (shop) ListProducts(ctx context.Context, _ *guidev1.ListProductsRequest) (*guidev1.ListProductsResponse, error) {
	return &guidev1.ListProductsResponse{Caller: caller(ctx)}, nil
}

func (shop) GetCart(ctx context.Context, _ *guidev1.GetCartRequest) (*guidev1.GetCartResponse, error) {
	return &guidev1.GetCartResponse{Caller: caller(ctx)}, nil
}

func (shop) ResetPassword(ctx context.Context, _ *guidev1.ResetPasswordRequest) (*guidev1.ResetPasswordResponse, error) {
	return &guidev1.ResetPasswordResponse{Caller: caller(ctx)}, nil
}

func (shop) PlaceOrder(ctx context.Context, _ *guidev1.PlaceOrderRequest) (*guidev1.PlaceOrderResponse, error) {
	return &guidev1.PlaceOrderResponse{Caller: caller(ctx)}, nil
}

func (shop) ListOrders(ctx context.Context, _ *guidev1.ListOrdersRequest) (*guidev1.ListOrdersResponse, error) {
	return &guidev1.ListOrdersResponse{Caller: caller(ctx)}, nil
}

func (shop) CancelOrder(ctx context.Context, _ *guidev1.CancelOrderRequest) (*guidev1.CancelOrderResponse, error) {
	return &guidev1.CancelOrderResponse{Caller: caller(ctx)}, nil
}

func (shop) ReviewProduct(ctx context.Context, _ *guidev1.ReviewProductRequest) (*guidev1.ReviewProductResponse, error) {
	return &guidev1.ReviewProductResponse{Caller: caller(ctx)}, nil
}

func (shop) ReserveProduct(ctx context.Context, _ *guidev1.ReserveProductRequest) (*guidev1.ReserveProductResponse, error) {
	return &guidev1.ReserveProductResponse{Caller: caller(ctx)}, nil
}

func (shop) GetAccount(ctx context.Context, _ *guidev1.GetAccountRequest) (*guidev1.GetAccountResponse, error) {
	return &guidev1.GetAccountResponse{Caller: caller(ctx)}, nil
}

func (shop) UpdateAccount(ctx context.Context, _ *guidev1.UpdateAccountRequest) (*guidev1.UpdateAccountResponse, error) {
	return &guidev1.UpdateAccountResponse{Caller: caller(ctx)}, nil
}

func (shop) DeleteAccount(ctx context.Context, _ *guidev1.DeleteAccountRequest) (*guidev1.DeleteAccountResponse, error) {
	return &guidev1.DeleteAccountResponse{Caller: caller(ctx)}, nil
}

func (shop) Settle(ctx context.Context, _ *guidev1.SettleRequest) (*guidev1.SettleResponse, error) {
	return &guidev1.SettleResponse{Caller: caller(ctx)}, nil
}

func (shop) GetTheme(ctx context.Context, _ *guidev1.GetThemeRequest) (*guidev1.GetThemeResponse, error) {
	return &guidev1.GetThemeResponse{Caller: caller(ctx)}, nil
}

func (shop) GetPrice(ctx context.Context, _ *guidev1.GetPriceRequest) (*guidev1.GetPriceResponse, error) {
	return &guidev1.GetPriceResponse{Caller: caller(ctx)}, nil
}

func (shop) MoveStock(ctx context.Context, _ *guidev1.MoveStockRequest) (*guidev1.MoveStockResponse, error) {
	return &guidev1.MoveStockResponse{Caller: caller(ctx)}, nil
}
