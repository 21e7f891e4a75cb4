package main

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // TOTP is HMAC-SHA-1 (RFC 6238); what is weak about SHA-1 is not what an HMAC needs
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"
)

// step is how long a code stands (RFC 6238 §4.1).
const step = 30 * time.Second

// counterAt counts the steps since 1970.
func counterAt(t time.Time) uint64 {
	return uint64(t.Unix()) / uint64(step/time.Second) //nolint:gosec // after 1970
}

// codeAt is the code of a step: HOTP (RFC 4226 §5.3) of its counter.
func codeAt(secret []byte, counter uint64, digits int) string {
	mac := hmac.New(sha1.New, secret)
	_ = binary.Write(mac, binary.BigEndian, counter) // a hash never fails
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0x0f
	number := uint64(binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff)
	modulus := uint64(1)
	for range digits {
		modulus *= 10
	}
	return fmt.Sprintf("%0*d", digits, number%modulus)
}

// counterOf is the step whose code was given: the one of now, or the one before
// or after, for clocks that differ (RFC 6238 §5.2).
func counterOf(secret []byte, given string, now time.Time) (counter uint64, ok bool) {
	for _, t := range []time.Time{now, now.Add(-step), now.Add(step)} {
		right := codeAt(secret, counterAt(t), 6)
		if subtle.ConstantTimeCompare([]byte(given), []byte(right)) == 1 {
			counter, ok = counterAt(t), true
		}
	}
	return counter, ok
}
