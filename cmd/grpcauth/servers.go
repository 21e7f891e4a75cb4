package main

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"

	"github.com/grpcauth/grpcauth/authsvc"
	"github.com/grpcauth/grpcauth/authsvc/store"
)

// servers is what runs between the start and the signal.
type servers struct {
	bound    *listeners
	arrivals *arrivals    // of gRPC
	incoming net.Listener // the same, with their callers' addresses
	grpc     *grpc.Server
	health   *health.Server
	http     *http.Server
	auth     *authsvc.Service
	watch    *watch
	log      *slog.Logger
	patience time.Duration // that running calls are given at the end
	draining atomic.Bool
}

func newServers(c *serveCmd, l *listeners, auth *authsvc.Service, w *watch, log *slog.Logger) (*servers, error) {
	jwks, err := auth.JWKS()
	if err != nil {
		return nil, err
	}
	s := &servers{bound: l, auth: auth, watch: w, log: log, patience: c.DrainTimeout}
	s.http = newHTTP(c.Issuer, jwks, func(ctx context.Context) error { return s.ready(ctx, w.store) }, log)
	s.arrivals = &arrivals{Listener: l.grpc, patience: handshakePatience}
	if s.incoming, err = c.readingProxies(s.arrivals, log); err != nil {
		return nil, err
	}
	s.grpc, s.health, err = newGRPC(c, auth, l.tls, log)
	return s, err
}

var errDraining = errors.New("the server is ending")

func (s *servers) ready(ctx context.Context, st store.Store) error {
	if s.draining.Load() {
		return errDraining
	}
	return reachable(ctx, st)
}

// run serves until ctx ends or a listener fails. It returns when every
// handler has. Once it drains, unsignal leaves further signals to the system,
// which ends the process.
func (s *servers) run(ctx context.Context, unsignal func()) error {
	running, ctx := errgroup.WithContext(ctx)
	running.Go(s.serveGRPC)
	if s.bound.http != nil {
		running.Go(s.serveHTTP)
	}
	running.Go(func() error { return s.watch.run(ctx) })
	running.Go(func() error {
		s.auth.Housekeep(ctx)
		return nil
	})
	running.Go(func() error {
		<-ctx.Done()
		unsignal()
		s.drain()
		return nil
	})
	return running.Wait()
}

// serveGRPC serves until the server is stopped, which may have happened before.
func (s *servers) serveGRPC() error {
	if err := s.grpc.Serve(s.incoming); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

func (s *servers) serveHTTP() error {
	if err := s.http.Serve(s.bound.http); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// drain tells everyone that the server is ending, lets running calls finish
// for a while, and cuts the rest.
func (s *servers) drain() {
	s.log.Info("draining", "timeout", s.patience.String())
	s.draining.Store(true)
	s.health.Shutdown()
	ctx, cancel := context.WithTimeout(context.Background(), s.patience)
	defer cancel()
	cut := context.AfterFunc(ctx, func() {
		s.arrivals.cut()
		s.grpc.Stop()
	})
	s.grpc.GracefulStop()
	cut()
	if err := s.http.Shutdown(ctx); err != nil {
		_ = s.http.Close()
	}
	s.log.Info("stopped")
}
