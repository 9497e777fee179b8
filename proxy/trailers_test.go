package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestD25TrailersOfRequestsPassIfHeadersOfTheirNameWould(t *testing.T) {
	t.Parallel()
	const trailers = "X-Postern-User-Id: forged\r\nx_postern_user_roles: admin\r\nX-Forwarded-For: 6.6.6.6\r\nX-Checksum: abc\r\nX-Hidden: x\r\nCookie: a=b\r\nAuthorization: Bearer root\r\nRemote-User: root\r\n"
	announce := "Trailer: X-Postern-User-Id, x_postern_user_roles, X-Forwarded-For, X-Checksum\r\nTrailer: Cookie, Authorization, Remote-User\r\n"
	socket := filepath.Join(t.TempDir(), "app.sock")
	app := &upstreamLog{}
	listener, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	h2c := &http.Server{Handler: app, Protocols: new(http.Protocols), ReadHeaderTimeout: time.Minute}
	h2c.Protocols.SetUnencryptedHTTP2(true)
	h2c.Protocols.SetHTTP1(true)
	go func() { _ = h2c.Serve(listener) }()
	t.Cleanup(func() { _ = h2c.Close() })
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = h2c.Serve(tcp) }()

	for _, address := range []string{"unix:" + socket, "http://" + tcp.Addr().String(), "h2c://" + tcp.Addr().String()} {
		f := start(t, setup{change: func(c *Config) { c.Upstream.URL = address }})
		conn := f.dial(t)
		_, _ = io.WriteString(conn, "POST / HTTP/1.1\r\nHost: app.example\r\n"+asAnn+"\r\nTransfer-Encoding: chunked\r\n"+announce+"\r\n5\r\nhello\r\n0\r\n"+trailers+"\r\n")
		if res, err := http.ReadResponse(bufio.NewReader(conn), nil); err != nil || res.StatusCode != 200 {
			t.Fatalf("%s: %v, %v", address, res, err)
		}
		all := app.requests()
		got := all[len(all)-1]
		if fmt.Sprint(got.trailer) != "map[X-Checksum:[abc]]" {
			t.Errorf("%s: trailers %v", address, got.trailer)
		}
		if got.body != "hello" || got.header.Get("X-Postern-User-Id") != "u-ann" || got.header.Get("Cookie") != "" {
			t.Errorf("%s: the application saw %+v", address, got)
		}
	}

	t.Run("over HTTP/2, with a length", func(t *testing.T) {
		f := start(t, setup{h2: true})
		req, _ := http.NewRequestWithContext(t.Context(), "POST", f.URL+"/", strings.NewReader("hello"))
		req.Trailer = http.Header{"X-Checksum": {"abc"}, "X-Postern-Session-Id": {"forged"}}
		req.Header.Set("Cookie", cookieName+"=ann")
		res, err := f.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if got := f.app.only(t); got.body != "hello" || fmt.Sprint(got.trailer) != "map[X-Checksum:[abc]]" || got.header.Get("X-Postern-Session-Id") != "s-ann" {
			t.Errorf("the application saw %+v", got)
		}
	})
}
