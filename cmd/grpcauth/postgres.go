package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/grpcauth/grpcauth/authsvc/store"
	"github.com/grpcauth/grpcauth/authsvc/store/sqlstore"
)

// isPostgres takes for a URL whatever may be meant as one, so that its password
// is not shown as the path of a file.
func isPostgres(text string) bool {
	scheme, _, _ := strings.Cut(strings.ToLower(text), ":")
	return len(scheme) < len(text) && (scheme == "postgres" || scheme == "postgresql")
}

var errPostgresURL = errors.New("--store postgres:... is no URL of a database: write postgres://ROLE@HOST:PORT/DATABASE?sslmode=verify-full, " +
	"percent-encode what is special in a password, or put it into --store-password-file")

// parsePostgres takes a URL apart, or refuses it without a word of it: where
// something is wrong nobody can tell what of it is a password.
func parsePostgres(text string) (*url.URL, error) {
	_, rest, found := strings.Cut(text, "://")
	authority := rest
	if end := strings.IndexAny(rest, "/?#"); end >= 0 {
		authority = rest[:end]
	}
	// A "/", "?" or "#" in a password ends the authority early.
	if !found || strings.Contains(rest[len(authority):], "@") || strings.Contains(rest, "#") {
		return nil, errPostgresURL
	}
	u, err := url.Parse(text)
	if err != nil || strings.Count(u.Path, "/") > 1 {
		return nil, errPostgresURL
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, errPostgresURL
	}
	for key := range query {
		if strings.Contains(strings.ToLower(key), "password") {
			return nil, errPostgresURL
		}
	}
	return u, nil
}

// postgresName is a URL without the password and the parameters.
func postgresName(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}
	if u.User != nil {
		shown.User = url.User(u.User.Username())
	}
	return shown.String()
}

// postgres is how to connect. pgx never sees the password in a text that it
// might quote.
func (f storeFlag) postgres() (*pgx.ConnConfig, error) {
	u, err := parsePostgres(f.Store)
	if err != nil {
		return nil, err
	}
	password, err := f.password(u)
	if err != nil {
		return nil, err
	}
	chosen := u.Query().Has("sslmode") || os.Getenv("PGSSLMODE") != ""
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	config, err := pgx.ParseConfig(u.String())
	if err != nil {
		return nil, fmt.Errorf("--store %s: %w", f.name(), err)
	}
	if !chosen && !onThisMachine(config) {
		return nil, fmt.Errorf("--store %s: say how the connection is protected: add ?sslmode=verify-full, or ?sslmode=disable where nobody else can read what is sent", f.name())
	}
	if password != "" {
		config.Password = password
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "grpcauth"
	}
	return config, nil
}

// password is the one in the file or in the URL; without either pgx looks
// where the tools of PostgreSQL do (PGPASSWORD, PGPASSFILE).
func (f storeFlag) password(u *url.URL) (string, error) {
	var inURL string
	if u.User != nil {
		inURL, _ = u.User.Password()
	}
	if f.StorePasswordFile == "" {
		return inURL, nil
	}
	if inURL != "" {
		return "", errors.New("--store holds a password and there is a --store-password-file: give one of them")
	}
	data, err := readPrivate("store-password-file", f.StorePasswordFile)
	if err != nil {
		return "", err
	}
	password := string(trimLine(data))
	if password == "" {
		return "", fmt.Errorf("--store-password-file %s is empty: write the password into it", f.StorePasswordFile)
	}
	return password, nil
}

// onThisMachine: nobody else can read what is sent.
func onThisMachine(config *pgx.ConnConfig) bool {
	hosts := []string{config.Host}
	for _, fallback := range config.Fallbacks {
		hosts = append(hosts, fallback.Host)
	}
	for _, host := range hosts {
		ip, err := netip.ParseAddr(host)
		socket := strings.HasPrefix(host, "/") || strings.HasPrefix(host, "@")
		if !socket && host != "localhost" && (err != nil || !ip.IsLoopback()) {
			return false
		}
	}
	return true
}

// pool is the connections to the database, none of which is open yet.
func (f storeFlag) pool() (*sql.DB, error) {
	config, err := f.postgres()
	if err != nil {
		return nil, err
	}
	return stdlib.OpenDB(*config), nil
}

func (f storeFlag) openPostgres(ctx context.Context) (store.Store, error) {
	db, err := f.pool()
	if err != nil {
		return nil, err
	}
	err = sqlstore.Migrate(ctx, db, sqlstore.PostgreSQL)
	if err == nil {
		var st *sqlstore.Store
		if st, err = sqlstore.New(ctx, db, sqlstore.PostgreSQL); err == nil {
			return st, nil
		}
	}
	return nil, errors.Join(fmt.Errorf("open database %s: %w", f.name(), err), db.Close())
}
