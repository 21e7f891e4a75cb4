package store

import (
	"fmt"
	"io"
	"log/slog"
)

// The records hold hashes and sealed keys, so however they are printed or
// logged they show only what names them. In a list that is logged as JSON
// nothing asks them, so the fields are tagged as well.

// Format prints the session's id only, whatever the verb.
func (s Session) Format(f fmt.State, _ rune) { printRedacted(f, s.text()) }

// LogValue logs the session's id only.
func (s Session) LogValue() slog.Value { return slog.StringValue(s.text()) }

// Format prints the session's id only, whatever the verb.
func (r Renewal) Format(f fmt.State, _ rune) { printRedacted(f, r.text()) }

// LogValue logs the session's id only.
func (r Renewal) LogValue() slog.Value { return slog.StringValue(r.text()) }

// Format prints the session's id and generation only, whatever the verb.
func (r Rotation) Format(f fmt.State, _ rune) { printRedacted(f, r.text()) }

// LogValue logs the session's id and generation only.
func (r Rotation) LogValue() slog.Value { return slog.StringValue(r.text()) }

// Format prints the user's id only, whatever the verb.
func (u User) Format(f fmt.State, _ rune) { printRedacted(f, u.text()) }

// LogValue logs the user's id only.
func (u User) LogValue() slog.Value { return slog.StringValue(u.text()) }

// Format prints the key's id and algorithm only, whatever the verb.
func (k SigningKey) Format(f fmt.State, _ rune) { printRedacted(f, k.text()) }

// LogValue logs the key's id and algorithm only.
func (k SigningKey) LogValue() slog.Value { return slog.StringValue(k.text()) }

// Format prints the client's id only, whatever the verb.
func (c Client) Format(f fmt.State, _ rune) { printRedacted(f, c.text()) }

// LogValue logs the client's id only.
func (c Client) LogValue() slog.Value { return slog.StringValue(c.text()) }

// Format prints the secret's id only, whatever the verb.
func (c ClientSecret) Format(f fmt.State, _ rune) { printRedacted(f, c.text()) }

// LogValue logs the secret's id only.
func (c ClientSecret) LogValue() slog.Value { return slog.StringValue(c.text()) }

func (c Client) text() string       { return "store.Client{id=" + c.ID + "}" }
func (c ClientSecret) text() string { return "store.ClientSecret{id=" + c.ID + "}" }

func (s Session) text() string  { return "store.Session{id=" + s.ID + "}" }
func (r Renewal) text() string  { return "store.Renewal{id=" + r.Session.ID + "}" }
func (r Rotation) text() string { return fmt.Sprintf("store.Rotation{id=%s gen=%d}", r.ID, r.Gen) }
func (u User) text() string     { return "store.User{subject=" + u.Subject + "}" }

func (k SigningKey) text() string {
	return "store.SigningKey{id=" + k.ID + " alg=" + k.Algorithm + "}"
}

// printRedacted drops the write error: a fmt.State buffers and never fails.
func printRedacted(f fmt.State, text string) { _, _ = io.WriteString(f, text) }
