package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/config"
)

func newServe(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the production server",
		Args:  noMoreArguments,
	}
	file := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := config.Sources{File: *file, Environ: s.environ, Mode: config.Serve}.Load()
		if err != nil {
			return err
		}
		reloader := newReloader(loaded)
		log := newLogs(loaded.Config.Log, s.stderr)
		defer log.lines.flush()
		for _, w := range loaded.Config.Warnings(config.Serve) {
			log.LogAttrs(cmd.Context(), slog.LevelWarn, "unsafe setting", slog.String("key", w.Key), slog.String("problem", w.Message))
		}
		tracing, err := newTracing(cmd.Context(), s.environ, loaded.Config.Database.URL, log.Logger)
		if err != nil {
			return err
		}
		defer tracing.close()
		a, err := newApp(cmd.Context(), loaded.Config, log, extras{tracing: tracing})
		if err != nil {
			return err
		}
		defer a.close()
		a.background = append(a.background, newHeap(s.environ).run, reloader.of(a).run)
		return a.serve(cmd.Context(), nil)
	}
	return cmd
}

// serve listens until ctx ends, and then drains: readiness fails first, requests are still taken for the drain delay, so that
// load balancers notice, and then what is under way may finish. ready, if any, is told the addresses.
func (a *app) serve(ctx context.Context, ready func(public net.Addr)) error {
	public, err := listen(a.cfg.Server.Listen, a.cfg.Server)
	if err != nil {
		return fmt.Errorf("server.listen: %w", err)
	}
	defer public.Close()
	administrative, err := listen(a.cfg.Server.AdminListen, a.cfg.Server)
	if err != nil {
		return fmt.Errorf("server.admin_listen: %w", err)
	}
	defer administrative.Close()

	servers, err := a.listenToFrontEnds()
	if err != nil {
		return err
	}
	stop := a.start(context.WithoutCancel(ctx)) // ended after the last request, not by the signal
	defer stop()
	front := publicServer(a, a.cfg.Server, a.certificates.listener, a.logger)
	servers = append(servers, serving{publicSide{front}, a.connections(public)})
	back := adminServer(a.admin, a.logger)
	failed := make(chan error, len(servers)+1)
	for _, s := range append(servers, serving{back, administrative}) {
		go func() { failed <- s.Serve(s.listener) }() // ends by Shutdown or Close below
	}
	a.logger.LogAttrs(ctx, slog.LevelInfo, "listening",
		slog.String("version", buildVersion()),
		slog.String("address", public.Addr().String()),
		slog.String("admin_address", administrative.Addr().String()),
		slog.String("public_url", a.cfg.Server.PublicURL),
		slog.String("default_auth", a.cfg.Proxy.DefaultAuth))
	if ready != nil {
		ready(public.Addr())
	}
	select {
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		err = a.drain(servers)
	}
	for _, s := range servers {
		err = errors.Join(err, s.Close())
	}
	return errors.Join(err, back.Close())
}

func (a *app) drain(servers []serving) error {
	server := a.current.Load().cfg.Server
	ctx := context.Background() // the one we were given has ended: that is why we are here
	a.admin.draining.Store(true)
	a.logger.LogAttrs(ctx, slog.LevelInfo, "draining",
		slog.Duration("delay", server.DrainDelay), slog.Duration("timeout", server.DrainTimeout))
	time.Sleep(server.DrainDelay)
	ctx, cancel := context.WithTimeout(ctx, server.DrainTimeout)
	defer cancel()
	streams := make(chan int, 1)
	go func() { streams <- a.streams.Drain(ctx) }() // the servers do not know of WebSockets
	err := shutDown(ctx, servers)
	if ended := <-streams; ended > 0 || err != nil {
		a.logger.LogAttrs(ctx, slog.LevelWarn, "requests cut off", slog.Int("count", ended), slog.Any("err", err))
		return nil
	}
	a.logger.LogAttrs(ctx, slog.LevelInfo, "drained")
	return nil
}
