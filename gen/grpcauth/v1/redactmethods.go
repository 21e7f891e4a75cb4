package grpcauthv1

import (
	"fmt"
	"log/slog"
)

// However fmt and slog print these messages, their secrets read [REDACTED]. A
// test fails for a message that has one and is missing here. The methods cost
// nothing on the wire, are safe for concurrent use, and take a nil message.

// Format prints the message without its secrets, whatever the verb.
func (x *LoginRequest) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *LoginRequest) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *ChallengeAnswer) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *ChallengeAnswer) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *LoginResponse) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *LoginResponse) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *Tokens) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *Tokens) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *Challenge) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *Challenge) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *RefreshRequest) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *RefreshRequest) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *RefreshResponse) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *RefreshResponse) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *ReauthenticateRequest) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *ReauthenticateRequest) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *ReauthenticateResponse) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *ReauthenticateResponse) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *ChangePasswordRequest) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *ChangePasswordRequest) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *ChangePasswordResponse) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *ChangePasswordResponse) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *IssueClientTokenRequest) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *IssueClientTokenRequest) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *IssueClientTokenResponse) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *IssueClientTokenResponse) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *RevokeTokenRequest) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *RevokeTokenRequest) LogValue() slog.Value { return logValue(x) }

// Format prints the message without its secrets, whatever the verb.
func (x *IntrospectTokenRequest) Format(f fmt.State, verb rune) { format(f, verb, x) }

// LogValue logs the message without its secrets.
func (x *IntrospectTokenRequest) LogValue() slog.Value { return logValue(x) }

// What a oneof holds can be printed by itself, as the message that has only it.

// Format prints the choice without its secrets, whatever the verb.
func (x *LoginResponse_Tokens) Format(f fmt.State, verb rune) {
	format(f, verb, &LoginResponse{Result: x})
}

// LogValue logs the choice without its secrets.
func (x *LoginResponse_Tokens) LogValue() slog.Value {
	return logValue(&LoginResponse{Result: x})
}

// Format prints the choice without its secrets, whatever the verb.
func (x *LoginResponse_Challenge) Format(f fmt.State, verb rune) {
	format(f, verb, &LoginResponse{Result: x})
}

// LogValue logs the choice without its secrets.
func (x *LoginResponse_Challenge) LogValue() slog.Value {
	return logValue(&LoginResponse{Result: x})
}

// Format prints the choice without its secrets, whatever the verb.
func (x *ReauthenticateResponse_Tokens) Format(f fmt.State, verb rune) {
	format(f, verb, &ReauthenticateResponse{Result: x})
}

// LogValue logs the choice without its secrets.
func (x *ReauthenticateResponse_Tokens) LogValue() slog.Value {
	return logValue(&ReauthenticateResponse{Result: x})
}

// Format prints the choice without its secrets, whatever the verb.
func (x *ReauthenticateResponse_Challenge) Format(f fmt.State, verb rune) {
	format(f, verb, &ReauthenticateResponse{Result: x})
}

// LogValue logs the choice without its secrets.
func (x *ReauthenticateResponse_Challenge) LogValue() slog.Value {
	return logValue(&ReauthenticateResponse{Result: x})
}

// Format prints the choice without its secrets, whatever the verb.
func (x *IssueClientTokenRequest_ClientSecret) Format(f fmt.State, verb rune) {
	format(f, verb, &IssueClientTokenRequest{Proof: x})
}

// LogValue logs the choice without its secrets.
func (x *IssueClientTokenRequest_ClientSecret) LogValue() slog.Value {
	return logValue(&IssueClientTokenRequest{Proof: x})
}

// Format prints the choice without its secrets, whatever the verb.
func (x *IssueClientTokenRequest_ClientAssertion) Format(f fmt.State, verb rune) {
	format(f, verb, &IssueClientTokenRequest{Proof: x})
}

// LogValue logs the choice without its secrets.
func (x *IssueClientTokenRequest_ClientAssertion) LogValue() slog.Value {
	return logValue(&IssueClientTokenRequest{Proof: x})
}

// Format prints the choice without its secrets, whatever the verb.
func (x *RevokeTokenRequest_ClientSecret) Format(f fmt.State, verb rune) {
	format(f, verb, &RevokeTokenRequest{Proof: x})
}

// LogValue logs the choice without its secrets.
func (x *RevokeTokenRequest_ClientSecret) LogValue() slog.Value {
	return logValue(&RevokeTokenRequest{Proof: x})
}

// Format prints the choice without its secrets, whatever the verb.
func (x *RevokeTokenRequest_ClientAssertion) Format(f fmt.State, verb rune) {
	format(f, verb, &RevokeTokenRequest{Proof: x})
}

// LogValue logs the choice without its secrets.
func (x *RevokeTokenRequest_ClientAssertion) LogValue() slog.Value {
	return logValue(&RevokeTokenRequest{Proof: x})
}
