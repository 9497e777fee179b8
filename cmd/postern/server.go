package main

import (
	"crypto/tls"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy/certfile"
)

// What keeps a client that is gone from holding an HTTP/2 connection for good.
const (
	pingAfter   = 30 * time.Second // without a frame from it
	pingTimeout = 15 * time.Second
)

// publicServer bounds what a client may send before its request is understood. What comes after, bodies and answers, may be a
// stream, and is bounded by those who know. Without a certificate it speaks no TLS.
func publicServer(h http.Handler, c config.Server, certificate *certfile.Pair, logger *slog.Logger) *http.Server {
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetHTTP2(certificate != nil)
	protocols.SetUnencryptedHTTP2(c.H2C)
	server := &http.Server{
		Handler:           h,
		ReadHeaderTimeout: c.ReadHeaderTimeout, // of the TLS handshake, too
		IdleTimeout:       c.IdleTimeout,
		MaxHeaderBytes:    c.MaxHeaderBytes,
		Protocols:         protocols,
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams: c.MaxStreams,
			SendPingTimeout:      pingAfter, PingTimeout: pingTimeout, WriteByteTimeout: c.StallTimeout,
		},
		ErrorLog: slog.NewLogLogger(logger.Handler(), slog.LevelDebug), // clients' mistakes: handshakes, resets
	}
	if certificate != nil {
		server.TLSConfig = &tls.Config{MinVersion: c.TLS.Version(), GetCertificate: certificate.GetCertificate}
	}
	return server
}

// serveOn is Serve or ServeTLS, as the server is made for.
func serveOn(server *http.Server, listener net.Listener) error {
	if server.TLSConfig != nil {
		return server.ServeTLS(listener, "", "")
	}
	return server.Serve(listener)
}

func adminServer(h http.Handler, logger *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
		ErrorLog:          slog.NewLogLogger(logger.Handler(), slog.LevelDebug),
	}
}
