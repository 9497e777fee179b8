package proxy

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// An application may begin its answer and go on reading.
func TestAnswersMayBeginBeforeTheBodyHasEnded(t *testing.T) {
	t.Parallel()
	f := start(t, setup{app: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		_ = control.EnableFullDuplex()
		_ = control.Flush()
		_, _ = io.Copy(flushing{w, control}, r.Body)
	})})
	conn := f.dial(t)
	_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: app.example\r\n"+asAnn+"\r\nTransfer-Encoding: chunked\r\n\r\n")
	res, err := http.ReadResponse(bufio.NewReader(conn), nil) // while nothing of the body has been sent
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("%v, %v", res, err)
	}
	for range 3 {
		_, _ = io.WriteString(conn, "4\r\nping\r\n")
		got := make([]byte, 4)
		if _, err := io.ReadFull(res.Body, got); err != nil || string(got) != "ping" {
			t.Fatalf("%q, %v", got, err)
		}
	}
	_, _ = io.WriteString(conn, "0\r\n\r\n")
	if rest, err := io.ReadAll(res.Body); err != nil || len(rest) != 0 {
		t.Errorf("%q, %v", rest, err)
	}
}

type flushing struct {
	io.Writer
	control *http.ResponseController
}

func (f flushing) Write(p []byte) (int, error) {
	n, err := f.Writer.Write(p)
	_ = f.control.Flush()
	return n, err
}

// After an answer that did not wait for the body, nothing on the connection is a request, whatever it looks like.
func TestD78WhatFollowsAnEarlyAnswerIsNoRequest(t *testing.T) {
	t.Parallel()
	f := start(t, setup{app: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			_ = http.NewResponseController(w).EnableFullDuplex()
			w.Header().Set("Content-Length", "5")
			_, _ = io.WriteString(w, "early")
			return
		}
		_, _ = io.WriteString(w, "next")
	}), routes: []RouteConfig{{Path: "/**", Auth: "public"}}})
	const next = "GET /next HTTP/1.1\r\nHost: app.example\r\n\r\n"
	for body, reused := range map[string]bool{
		"Content-Length: 2\r\n\r\nhi" + next:                            true,
		"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n" + next: true,
		"Transfer-Encoding: chunked\r\n\r\n" + next:                     false,
		"Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\nzz\r\n" + next:    false,
		"Content-Length: 1000\r\n\r\n" + next:                           false,
	} {
		conn := f.dial(t)
		_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: app.example\r\n"+body)
		if !reused {
			_ = conn.(*net.TCPConn).CloseWrite() // so that nobody waits for the rest
		}
		reader := bufio.NewReader(conn)
		first, err := http.ReadResponse(reader, nil)
		if err != nil {
			t.Fatal(err)
		}
		if first.StatusCode == 200 {
			_, _ = io.ReadAll(first.Body)
		}
		// A body of which the end was not yet seen may end the connection as well; only the wrong kind must.
		second, err := http.ReadResponse(reader, nil)
		switch {
		case err == nil && !reused:
			t.Errorf("%q: a second answer %d", body, second.StatusCode)
		case err != nil && reused && !first.Close:
			t.Errorf("%q: %v", body, err)
		}
	}
	for _, got := range f.app.requests() {
		if got.uri == "/next" && strings.Contains(got.body, "GET") {
			t.Errorf("the application saw %+v", got)
		}
	}
}

// An application that has read the body before it answers costs nobody a connection.
func TestConnectionsOutliveBodiesThatWereRead(t *testing.T) {
	t.Parallel()
	for _, h2c := range []bool{false, true} {
		f := start(t, setup{routes: []RouteConfig{{Path: "/**", Auth: "public"}}, change: func(c *Config) {
			if h2c {
				c.Upstream.URL = overHTTP2(t, &upstreamLog{})
			}
		}})
		conn := f.dial(t)
		reader := bufio.NewReader(conn)
		for range 100 {
			for _, body := range []string{"Content-Length: 5\r\n\r\nhello", "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n", "Content-Length: 0\r\n\r\n"} {
				_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: app.example\r\n"+body)
				res, err := http.ReadResponse(reader, nil)
				if err != nil || res.StatusCode != 200 || res.Close {
					t.Fatalf("h2c %v: %q: %v, %v", h2c, body, res, err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
			}
		}
	}
}
