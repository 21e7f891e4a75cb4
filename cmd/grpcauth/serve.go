package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

// serveCmd is the flags of serve. Each can also be set by a variable, by a
// line of the file of variables, and by a key of the configuration file.
type serveCmd struct {
	Issuer   string   `group:"Who we are:" required:"" placeholder:"URL" help:"Who issues the tokens: the URL this server is reached by. Services compare it byte by byte."`
	Audience []string `group:"Who we are:" required:"" placeholder:"NAME" help:"Who the tokens are for: the services that will accept them. Repeat the flag, or separate names by commas."`

	Storage        storeFlag `embed:""`
	KeyFile        string    `group:"Storage and keys:" placeholder:"PATH" help:"The key that the signing key is sealed with and that refresh tokens are made with. Made at the first start, as grpcauth.key beside a SQLite file; with PostgreSQL you make it, the same for every server. Back it up: a server with another one does not start, and losing it ends every session."`
	Algorithm      string    `group:"Storage and keys:" placeholder:"NAME" help:"How access tokens are signed: EdDSA; ES256, RS256, PS256, each also with 384 or 512; or HS256, HS384, HS512 with --secret-file. Without it: as the key that is there, EdDSA at the first start."`
	PrivateKeyFile string    `group:"Storage and keys:" placeholder:"PATH" help:"Sign with this private key (PEM) instead of one made at the first start."`
	SecretFile     string    `group:"Storage and keys:" placeholder:"PATH" help:"The shared secret of HS256, at least 32 bytes (HS384: 48, HS512: 64). Every service that verifies with it can also sign with it. A line break at its end is not part of it."`

	AccessTTL  time.Duration `group:"Lifetimes:" name:"access-ttl" default:"15m" help:"How long an access token lives."`
	RefreshTTL time.Duration `group:"Lifetimes:" name:"refresh-ttl" default:"720h" help:"How long a session lives without a refresh."`
	SessionTTL time.Duration `group:"Lifetimes:" name:"session-ttl" default:"2160h" help:"How long a session lives at all; then its user logs in again."`

	Listen         string        `group:"Network:" default:"127.0.0.1:50051" help:"Where gRPC is served. Without TLS it must be on this machine, but for --allow-plaintext."`
	HTTPListen     string        `group:"Network:" name:"http-listen" default:"127.0.0.1:8080" help:"Where the keys (/.well-known/jwks.json), the metadata that leads to them, /healthz and /readyz are served. \"off\": nowhere."`
	TLSCert        string        `group:"Network:" name:"tls-cert" placeholder:"PATH" help:"The certificate chain (PEM), for gRPC and HTTP."`
	TLSKey         string        `group:"Network:" name:"tls-key" placeholder:"PATH" help:"The private key of the certificate (PEM)."`
	AllowPlaintext bool          `group:"Network:" help:"Take passwords and tokens without TLS from the addresses of --proxy: those proxies terminate TLS."`
	Proxy          proxyList     `group:"Network:" placeholder:"ADDRESS" help:"A proxy in front of the server, as an address or a network. Its word is taken for where a call comes from: the last address in x-forwarded-for, to which it must add each caller, or what it says by --proxy-protocol. Repeat the flag, or separate addresses by commas."`
	ProxyProtocol  bool          `group:"Network:" help:"Each connection to --listen comes from a --proxy and begins with the address it was called from, in the PROXY protocol of HAProxy (version 1 or 2). For balancers that pass TCP on. Other connections are closed."`
	DrainTimeout   time.Duration `group:"Network:" default:"10s" help:"How long running calls may take after SIGTERM; then they are cut."`

	LogLevel  string `group:"Logging:" default:"info" enum:"debug,info,warn,error" help:"The least that is logged: debug, info, warn or error."`
	LogFormat string `group:"Logging:" default:"text" enum:"text,json" help:"How it is logged: text or json."`

	Sources sources `embed:""`
}

// Help is shown below the summary of the command.
func (*serveCmd) Help() string {
	return `A trial on one machine:

    grpcauth user add ada --scope notes.read,notes.write
    grpcauth serve --issuer http://127.0.0.1:8080 --audience https://notes.example

Each setting is taken from its flag, else its variable, else the file of variables, else the configuration file (where --access-ttl is "access_ttl"), else its default.

SIGTERM and SIGINT let running calls finish; a second one ends the server at once.`
}

// Run serves until a signal comes.
func (c *serveCmd) Run(ctx context.Context, p *process) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	l, err := c.bind(ctx)
	if err != nil {
		return err
	}
	defer l.close()
	st, err := c.Storage.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = closed(err, st) }()
	return c.serve(ctx, p, l, st)
}

func (c *serveCmd) serve(ctx context.Context, p *process, l *listeners, st store.Store) error {
	log := newLogger(p.stderr, c.LogLevel, c.LogFormat)
	ring, err := c.loadKeys(ctx, st, log)
	if err != nil {
		return err
	}
	w, err := newWatch(ctx, st, ring.kept, seenPath(c.keyPath()), log)
	if err != nil {
		return fmt.Errorf("%s: %w", c.Storage.name(), err)
	}
	defer w.end()
	hasher, end, err := newHasher(ctx, log)
	if err != nil {
		return err
	}
	defer end()
	auth, err := authsvc.New(authsvc.Config{
		Issuer:             c.Issuer,
		Audiences:          c.Audience,
		Secret:             ring.refresh,
		SigningKey:         ring.signing,
		Store:              st,
		Hasher:             hasher,
		AccessTTL:          c.AccessTTL,
		RefreshTTL:         c.RefreshTTL,
		SessionTTL:         c.SessionTTL,
		AllowPlaintextFrom: c.plaintextFrom(),
		Proxies:            c.Proxy,
		Logger:             log,
	})
	if err != nil {
		return err
	}
	srv, err := newServers(c, l, auth, w, log)
	if err != nil {
		return err
	}
	ctx, unsignal := signal.NotifyContext(ctx, os.Interrupt, syscall.SIGTERM)
	defer unsignal()
	log.Info("listening", "grpc", l.grpc.Addr().String(), "http", l.httpAddr(), "tls", l.tls != nil,
		"allow_plaintext", c.AllowPlaintext, "proxies", fmt.Sprint(c.Proxy), "proxy_protocol", c.ProxyProtocol,
		"issuer", c.Issuer, "algorithm", string(ring.signing.Algorithm()), "kid", ring.signing.ID(),
		"store", c.Storage.name(), "version", version())
	return srv.run(ctx, unsignal)
}

// closed adds the error of closing the store, if there is no other.
func closed(err error, st store.Store) error {
	if cerr := st.Close(); err == nil && cerr != nil {
		return fmt.Errorf("closing the database: %w", cerr)
	}
	return err
}
