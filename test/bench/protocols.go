package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// protocols compares what is no plain request over HTTP/1.1: requests over HTTP/2, and messages through a WebSocket, by Postern for a user who is
// signed in and by the bare proxy for anybody.
func (b *bench) protocols(ctx context.Context) (table, error) {
	b.tell("starting for HTTP/2 and WebSockets")
	bare, bareAddress, err := startPeer(ctx, "bare", "http://"+b.upstream, "0")
	if err != nil {
		return nil, err
	}
	defer bare.stop()
	in, postern, cookie, err := b.serving(ctx, "protocols", installation{extra: []string{"POSTERN_SERVER_H2C=true"}})
	if err != nil {
		return nil, err
	}
	defer postern.stop()
	h2 := func(address string) func(context.Context, time.Duration) (answers, error) {
		return b.multiplexed("http://"+address+"/tasks/42", cookie)
	}
	bareH2 := &contender{name: "bare, HTTP/2", by: bare, run: h2(bareAddress)}
	ourH2 := &contender{name: "postern, authenticated, HTTP/2", by: postern, run: h2(in.address), beside: bareH2}
	bareMessages := &contender{name: "bare, WebSocket message", by: bare, run: b.messages(bareAddress, cookie)}
	ourMessages := &contender{name: "postern, WebSocket message", by: postern, run: b.messages(in.address, cookie), beside: bareMessages}
	all := []*contender{bareH2, ourH2, bareMessages, ourMessages}
	if err := compete(ctx, all, b.rounds, b.tell); err != nil {
		return nil, err
	}
	var t table
	for _, c := range all {
		t = append(t, c.row(nil))
	}
	return t, nil
}

// volley has connections do something again and again, until it was done often enough or the time is up.
func (b *bench) volley(ctx context.Context, limit time.Duration, open func() (once func() error, closing func(), err error)) (answers, error) {
	var left atomic.Int64
	left.Store(int64(b.requestCount))
	each, failed := make([][]time.Duration, b.connections), make([]error, b.connections)
	began := time.Now()
	var running sync.WaitGroup
	for i := range b.connections {
		running.Go(func() {
			once, closing, err := open()
			if failed[i] = err; err != nil {
				return
			}
			defer closing()
			for left.Add(-1) >= 0 && ctx.Err() == nil && failed[i] == nil && time.Since(began) < limit {
				sent := time.Now()
				failed[i] = once()
				each[i] = append(each[i], time.Since(sent))
			}
		})
	}
	running.Wait()
	a := answers{took: time.Since(began), latencies: slices.Concat(each...)}
	if a.count = len(a.latencies); a.count == 0 {
		return a, errors.Join(append(failed, errors.New("nothing was done"))...)
	}
	slices.Sort(a.latencies)
	return a, errors.Join(failed...)
}

// streamsPerConnection is how many requests at a time share a connection of HTTP/2.
const streamsPerConnection = 16

func (b *bench) multiplexed(url, cookie string) func(context.Context, time.Duration) (answers, error) {
	protocols := new(http.Protocols)
	protocols.SetUnencryptedHTTP2(true)
	transports := make([]*http.Transport, max(1, b.connections/streamsPerConnection))
	for i := range transports {
		transports[i] = &http.Transport{Protocols: protocols, DisableCompression: true}
	}
	var next atomic.Int64
	return func(ctx context.Context, limit time.Duration) (answers, error) {
		return b.volley(ctx, limit, func() (func() error, func(), error) {
			transport := transports[int(next.Add(1))%len(transports)]
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
			if err != nil {
				return nil, nil, err
			}
			request.Header.Set("Cookie", "theme=dark; "+cookie)
			return func() error {
				answer, err := transport.RoundTrip(request)
				if err != nil {
					return fmt.Errorf("send request: %w", err)
				}
				defer answer.Body.Close()
				if _, err := io.Copy(io.Discard, answer.Body); err != nil || answer.StatusCode != http.StatusOK || answer.ProtoMajor != 2 {
					return fmt.Errorf("answer is %s %s: %w", answer.Proto, answer.Status, err)
				}
				return nil
			}, func() {}, nil
		})
	}
}

// message is a frame of text with 32 bytes, masked with zeroes. Proxies do not look into it, so that the application need not either: it says what
// it hears.
var message = append([]byte{0x81, 0x80 | 32, 0, 0, 0, 0}, strings.Repeat("x", 32)...)

func (b *bench) messages(address, cookie string) func(context.Context, time.Duration) (answers, error) {
	return func(ctx context.Context, limit time.Duration) (answers, error) {
		return b.volley(ctx, limit, func() (func() error, func(), error) {
			conn, reader, err := openWebSocket(ctx, address, cookie)
			if err != nil {
				return nil, nil, err
			}
			heard := make([]byte, len(message))
			return func() error {
				if _, err := conn.Write(message); err != nil {
					return fmt.Errorf("send message: %w", err)
				}
				if _, err := io.ReadFull(reader, heard); err != nil {
					return fmt.Errorf("hear message: %w", err)
				}
				return nil
			}, func() { conn.Close() }, nil
		})
	}
}

func openWebSocket(ctx context.Context, address, cookie string) (net.Conn, *bufio.Reader, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, nil, fmt.Errorf("connect: %w", err)
	}
	reader := bufio.NewReader(conn)
	fmt.Fprintf(conn, "GET /tasks/42 HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"+
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nCookie: %s\r\n\r\n", address, address, cookie)
	answer, err := http.ReadResponse(reader, nil)
	if err == nil && answer.StatusCode != http.StatusSwitchingProtocols {
		err = fmt.Errorf("answer is %s", answer.Status)
	}
	if err != nil {
		conn.Close()
		return nil, nil, fmt.Errorf("open WebSocket: %w", err)
	}
	return conn, reader, nil
}

// echo switches protocols and says what it hears.
func echo(w http.ResponseWriter) {
	conn, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, err = io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r\n\r\n")
	if err == nil {
		_, _ = io.Copy(conn, buffered) // until either side leaves
	}
}
