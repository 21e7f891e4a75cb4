package sqlstore

import (
	"encoding/json"
	"fmt"
	"time"
)

// How Go values are kept: times as microseconds, 0 for never; lists as JSON,
// because an audience may hold any character; no NULL.

func timeIn(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

func timeOut(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}

func bytesIn(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func bytesOut(b []byte) []byte {
	if len(b) == 0 {
		return nil
	}
	return b
}

func listIn(list []string) string {
	if len(list) == 0 {
		return "[]"
	}
	text, _ := json.Marshal(list) // strings always marshal
	return string(text)
}

func listOut(text string, list *[]string) error {
	if text == "[]" {
		return nil
	}
	if err := json.Unmarshal([]byte(text), list); err != nil {
		return fmt.Errorf("a list in the database is not JSON: %w", err)
	}
	return nil
}
