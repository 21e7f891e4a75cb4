package token

import (
	"bytes"
	"encoding/base64"
	"errors"
)

var errBase64 = errors.New("is not strict base64url")

// strictBase64 refuses padding and non-zero trailing bits (RFC 7515 §2). It
// still skips line breaks, as the standard library always does.
var strictBase64 = base64.RawURLEncoding.Strict()

// decodeBase64 appends the decoded text to dst.
func decodeBase64(dst, text []byte) ([]byte, error) {
	if bytes.IndexByte(text, '\n') >= 0 || bytes.IndexByte(text, '\r') >= 0 {
		return dst, errBase64
	}
	out, err := strictBase64.AppendDecode(dst, text)
	if err != nil {
		return dst, errBase64
	}
	return out, nil
}
