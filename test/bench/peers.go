package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// answerSize is that of a small JSON answer.
const answerSize = 1 << 10

// serveUpstream is the application: it answers everything with the same 1 KiB, and in a WebSocket says what it hears.
func serveUpstream(leash io.Reader, announce io.Writer) error {
	body := append(bytes.Repeat([]byte("x"), answerSize-1), '\n')
	length := []string{strconv.Itoa(len(body))}
	kind := []string{"text/plain; charset=utf-8"}
	return serve(leash, announce, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if len(r.Header["Upgrade"]) > 0 {
			echo(w)
			return
		}
		w.Header()["Content-Length"], w.Header()["Content-Type"] = length, kind
		_, _ = w.Write(body) // a client that left needs no answer
	}))
}

// serveBare is httputil.ReverseProxy as one would tune it, and nothing else: no session, no log, no metrics. Its transport
// has the settings of Postern's. The second argument is the size in bytes of a ballast in its heap.
func serveBare(args []string, leash io.Reader, announce io.Writer) error {
	if len(args) != 2 {
		return errors.New("bare: want the upstream's URL and the size of the ballast")
	}
	upstream, err := url.Parse(args[0])
	if err != nil {
		return fmt.Errorf("bare: %w", err)
	}
	size, err := strconv.Atoi(args[1])
	if err != nil {
		return fmt.Errorf("bare: %w", err)
	}
	ballast := make([]byte, size)
	defer runtime.KeepAlive(ballast)
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 30 * time.Second}
	return serve(leash, announce, &httputil.ReverseProxy{
		Rewrite: func(pr *httputil.ProxyRequest) {
			pr.SetURL(upstream)
			pr.SetXForwarded()
		},
		Transport: &http.Transport{
			DialContext:            dialer.DialContext,
			MaxIdleConnsPerHost:    256,
			IdleConnTimeout:        4 * time.Second,
			ResponseHeaderTimeout:  time.Minute,
			ExpectContinueTimeout:  time.Second,
			DisableCompression:     true,
			MaxResponseHeaderBytes: 1 << 20,
		},
		BufferPool: &copyBuffers{sync.Pool{New: func() any { return new([copyBuffer]byte) }}},
		ErrorLog:   log.New(io.Discard, "", 0),
	})
}

const copyBuffer = 32 << 10

type copyBuffers struct{ pool sync.Pool }

func (b *copyBuffers) Get() []byte  { return b.pool.Get().(*[copyBuffer]byte)[:] }
func (b *copyBuffers) Put(s []byte) { b.pool.Put((*[copyBuffer]byte)(s)) }

// serve listens on a free port until the leash ends. The server has the time-outs of Postern's, which cost a little.
func serve(leash io.Reader, announce io.Writer, handler http.Handler) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(true)
	protocols.SetUnencryptedHTTP2(true)
	server := &http.Server{
		Protocols: protocols,
		Handler:   handler, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Fprintln(announce, listener.Addr())
	untilClosed(leash)
	_ = server.Close()
	if err := <-failed; !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}
