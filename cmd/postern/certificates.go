package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/posternhq/postern/proxy/certfile"
)

// certificateInterval is how long a changed certificate may go unnoticed.
const certificateInterval = 5 * time.Second

// certificates are all files of certificates in use: what the listener shows, what applications are shown, and whom they are
// to be vouched for by.
type certificates struct {
	listener *certfile.Pair         // nil without TLS
	others   func() []certfile.File // of the applications' side
	logger   *slog.Logger
	metrics  *metrics

	mu      sync.Mutex
	failing map[string]string // why a file is not used, as it was told last
}

// loadCertificates reads what the listener needs.
func (a *app) loadCertificates() error {
	a.certificates = &certificates{
		others: func() []certfile.File { return a.current.Load().proxy.CertificateFiles() },
		logger: a.logger, metrics: a.metrics, failing: map[string]string{},
	}
	a.background = append(a.background, a.certificates.run)
	if !a.cfg.Server.TLS.Enabled() {
		return nil
	}
	pair, err := certfile.LoadPair(a.cfg.Server.TLS.CertFile, a.cfg.Server.TLS.KeyFile)
	if err != nil {
		return fmt.Errorf("server.tls: %w", err)
	}
	a.certificates.listener = pair
	a.certificates.tellExpiry(pair)
	if time.Now().After(pair.NotAfter()) {
		a.logger.LogAttrs(context.Background(), slog.LevelWarn, "certificate has expired", slog.String("file", pair.String()), slog.Time("not_after", pair.NotAfter()))
	}
	return nil
}

// run looks at the files now and then, until ctx ends.
func (c *certificates) run(ctx context.Context) error {
	ticker := time.NewTicker(certificateInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			_ = c.reload(ctx) // it is told
		}
	}
}

// reload reads all files at once. What cannot be used is named in the error, and the one before stays in use; each change, and
// each failure that is news, is logged and counted.
func (c *certificates) reload(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	files := c.others()
	if c.listener != nil {
		files = append(files, c.listener)
	}
	var problems []error
	for _, file := range files {
		changed, err := file.Reload()
		problems = append(problems, err)
		c.tell(ctx, file, changed, err)
	}
	return errors.Join(problems...)
}

func (c *certificates) tell(ctx context.Context, file certfile.File, changed bool, err error) {
	name := file.String()
	switch {
	case err != nil && c.failing[name] == err.Error():
	case err != nil:
		c.failing[name] = err.Error()
		c.metrics.certificates.WithLabelValues("failure").Inc()
		c.logger.LogAttrs(ctx, slog.LevelError, "certificate not reloaded; the one before stays in use", slog.String("file", name), slog.Any("err", err))
	case changed:
		c.metrics.certificates.WithLabelValues("success").Inc()
		c.logger.LogAttrs(ctx, slog.LevelInfo, "certificate reloaded", slog.String("file", name))
		fallthrough
	default:
		delete(c.failing, name)
		c.tellExpiry(file)
	}
}

func (c *certificates) tellExpiry(file certfile.File) {
	if pair, ok := file.(*certfile.Pair); ok {
		c.metrics.expiry.WithLabelValues(pair.String()).Set(float64(pair.NotAfter().Unix()))
	}
}
