package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
)

// off is the --http-listen that serves nothing.
const off = "off"

// listeners is the ports that are bound. http and tls, which gRPC is served
// with, may be nil.
type listeners struct {
	grpc, http net.Listener
	tls        *tls.Config
}

// bind reads the certificate and binds the ports, so that what is wrong with
// either is found before anything is made.
func (c *serveCmd) bind(ctx context.Context) (*listeners, error) {
	config, err := c.tlsConfig()
	if err != nil {
		return nil, err
	}
	l := &listeners{tls: askingForCertificate(config)}
	local := config == nil && !c.AllowPlaintext
	if l.grpc, err = listen(ctx, "listen", c.Listen, local); err != nil {
		return nil, err
	}
	if c.HTTPListen == "" || c.HTTPListen == off {
		return l, nil
	}
	if l.http, err = listen(ctx, "http-listen", c.HTTPListen, local); err != nil {
		l.close()
		return nil, err
	}
	if config != nil {
		l.http = tls.NewListener(l.http, config)
	}
	return l, nil
}

// close frees the ports. Servers that served them have closed them already.
func (l *listeners) close() {
	_ = l.grpc.Close()
	if l.http != nil {
		_ = l.http.Close()
	}
}

func (l *listeners) httpAddr() string {
	if l.http == nil {
		return off
	}
	return l.http.Addr().String()
}

// listen binds the address of a flag; local means that nobody outside this
// machine may reach it.
func listen(ctx context.Context, flag, text string, local bool) (net.Listener, error) {
	addr, err := net.ResolveTCPAddr("tcp", text)
	if err != nil {
		return nil, fmt.Errorf("--%s %q: %w: give HOST:PORT, such as 127.0.0.1:50051", flag, text, err)
	}
	if local && !addr.IP.IsLoopback() {
		return nil, fmt.Errorf("--%s %s: others could read and change what is sent there: give --tls-cert and --tls-key, use 127.0.0.1, or add --allow-plaintext and --proxy ADDRESS when a proxy in front of it terminates TLS", flag, text)
	}
	var config net.ListenConfig
	l, err := config.Listen(ctx, "tcp", addr.String())
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("--%s %s: the port is in use: stop what uses it, or choose another with --%[1]s", flag, text)
	}
	if err != nil {
		return nil, fmt.Errorf("--%s %s: %w: choose another address", flag, text, syscallCause(err))
	}
	return l, nil
}

// syscallCause is what the system said, without the address again.
func syscallCause(err error) error {
	if inner, ok := errors.AsType[*os.SyscallError](err); ok {
		return inner
	}
	return err
}

func (c *serveCmd) tlsConfig() (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	cert, err := os.ReadFile(c.TLSCert)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s: %w", c.TLSCert, cause(err))
	}
	key, err := readPrivate("tls-key", c.TLSKey)
	if err != nil {
		return nil, err
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s with --tls-key %s: %w", c.TLSCert, c.TLSKey, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}, nil
}

// askingForCertificate has clients show a certificate if they have one, for the
// tokens that are bound to one (RFC 8705 §4). Who signed it is not looked at: a
// thumbprint is all that is compared, and TLS itself proves that the private key
// is there.
func askingForCertificate(config *tls.Config) *tls.Config {
	if config == nil {
		return nil
	}
	asking := config.Clone()
	asking.ClientAuth = tls.RequestClientCert
	return asking
}
