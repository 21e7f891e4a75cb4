package authsvc

import (
	"context"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/types/known/structpb"

	grpcauthv1 "github.com/grpcauth/grpcauth/gen/grpcauth/v1"
)

// GetJwks gives the public half of the signing key. It is made once, by New.
func (s *server) GetJwks(context.Context, *grpcauthv1.GetJwksRequest) (*grpcauthv1.GetJwksResponse, error) {
	return &grpcauthv1.GetJwksResponse{Keys: s.keys}, nil
}

// keyMessages is the keys of a JWK Set, each as the message that holds it.
func keyMessages(jwks []byte) ([]*structpb.Struct, error) {
	var set structpb.Struct
	if err := protojson.Unmarshal(jwks, &set); err != nil {
		return nil, fmt.Errorf("authsvc: reading our own JWK Set: %w", err)
	}
	var keys []*structpb.Struct
	for _, v := range set.GetFields()["keys"].GetListValue().GetValues() {
		keys = append(keys, v.GetStructValue())
	}
	return keys, nil
}
