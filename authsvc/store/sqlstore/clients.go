package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/grpcauth/grpcauth/authsvc/store"
)

const (
	clientColumns = `id, name, secrets, jwks, users, service, scopes, all_scopes, audiences, serves, certificate_bound, disabled_at, created_at`

	selectClient = `SELECT ` + clientColumns + ` FROM client`

	insertClient = `INSERT INTO client (` + clientColumns + `)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING`

	updateClient = `UPDATE client SET name = $2, secrets = $3, jwks = $4, users = $5, service = $6,
		scopes = $7, all_scopes = $8, audiences = $9, serves = $10, certificate_bound = $11, disabled_at = $12 WHERE id = $1`
)

// AddClient implements [store.Clients].
func (s *Store) AddClient(ctx context.Context, c store.Client, log ...store.Entry) error {
	return s.tx(ctx, "add client", func(ctx context.Context, tx *sql.Conn) error {
		values := append(clientValues(c), timeIn(c.CreatedAt))
		if err := one(tx.ExecContext(ctx, insertClient, values...))(store.ErrExists); err != nil {
			return err
		}
		return s.record(ctx, tx, log)
	})
}

// Client implements [store.Clients].
func (s *Store) Client(ctx context.Context, id string) (c store.Client, err error) {
	err = s.read(ctx, "read client", func(ctx context.Context) (err error) {
		c, err = scanClient(s.db.QueryRowContext(ctx, selectClient+` WHERE id = $1`, id))
		return err
	})
	return c, err
}

// UpdateClient implements [store.Clients].
func (s *Store) UpdateClient(ctx context.Context, id string, fn func(time.Time, *store.Client) error, log ...store.Entry) error {
	return s.patient().tx(ctx, "update client", func(ctx context.Context, tx *sql.Conn) error {
		c, err := scanClient(tx.QueryRowContext(ctx, s.text.lockClient, id))
		if err != nil {
			return err
		}
		now, err := s.time(ctx, tx)
		if err != nil {
			return err
		}
		stood := c.DisabledAt.IsZero()
		if err := fn(now, &c); err != nil {
			return settled{err}
		}
		c.ID = id
		if _, err := tx.ExecContext(ctx, updateClient, clientValues(c)...); err != nil {
			return err
		}
		if stood && !c.DisabledAt.IsZero() {
			if err := s.raiseClient(ctx, tx, id, store.ReasonClientDisabled); err != nil {
				return err
			}
		}
		return s.record(ctx, tx, log)
	})
}

// Clients implements [store.Clients].
func (s *Store) Clients(ctx context.Context, after string, limit int) (page []store.Client, err error) {
	err = s.read(ctx, "list clients", func(ctx context.Context) error {
		rows, err := s.db.QueryContext(ctx, selectClient+` WHERE id > $1 ORDER BY id LIMIT $2`, after, max(limit, 0))
		page, err = collect(rows, err, scanClient)
		return err
	})
	return page, err
}

// clientValues is a row of clientColumns but for created_at.
func clientValues(c store.Client) []any {
	return []any{
		c.ID, c.Name, secretsIn(c.Secrets), bytesIn(c.JWKS), c.Users, c.Service,
		listIn(c.Scopes), c.AllScopes, listIn(c.Audiences), listIn(c.Serves), c.CertificateBound, timeIn(c.DisabledAt),
	}
}

func scanClient(row scanner) (store.Client, error) {
	var c store.Client
	var secrets, scopes, audiences, serves string
	var disabled, created int64
	err := row.Scan(&c.ID, &c.Name, &secrets, &c.JWKS, &c.Users, &c.Service, &scopes, &c.AllScopes, &audiences, &serves, &c.CertificateBound, &disabled, &created)
	if err != nil {
		return store.Client{}, found(err)
	}
	c.JWKS, c.DisabledAt, c.CreatedAt = bytesOut(c.JWKS), timeOut(disabled), timeOut(created)
	c.Secrets, err = secretsOut(secrets)
	return c, errors.Join(err, listOut(scopes, &c.Scopes), listOut(audiences, &c.Audiences), listOut(serves, &c.Serves))
}

// secretRow is how a secret is kept.
type secretRow struct {
	ID      string `json:"id"`
	Hash    []byte `json:"sha256"`
	Created int64  `json:"created_at"`
	Expires int64  `json:"expires"`
}

func secretsIn(secrets []store.ClientSecret) string {
	rows := make([]secretRow, len(secrets))
	for i, s := range secrets {
		rows[i] = secretRow{ID: s.ID, Hash: s.Hash, Created: timeIn(s.CreatedAt), Expires: timeIn(s.Expires)}
	}
	text, _ := json.Marshal(rows) // texts, bytes and numbers always marshal
	return string(text)
}

func secretsOut(text string) ([]store.ClientSecret, error) {
	var rows []secretRow
	if err := json.Unmarshal([]byte(text), &rows); err != nil {
		return nil, fmt.Errorf("the secrets of a client in the database are not JSON: %w", err)
	}
	var secrets []store.ClientSecret
	for _, r := range rows {
		secrets = append(secrets, store.ClientSecret{ID: r.ID, Hash: r.Hash, CreatedAt: timeOut(r.Created), Expires: timeOut(r.Expires)})
	}
	return secrets, nil
}
