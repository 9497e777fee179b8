package proxy

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// echo switches to a protocol without frames that sends every line back.
func echo(protocol string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Upgrade") == "" {
			_, _ = io.WriteString(w, "not upgraded")
			return
		}
		conn, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			panic(err)
		}
		defer conn.Close()
		_, _ = fmt.Fprintf(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: %s\r\nSet-Cookie: %s=forged\r\nSet-Cookie: a=b\r\n\r\n", protocol, cookieName)
		_ = rw.Flush()
		for {
			line, err := rw.ReadString('\n')
			if err != nil {
				return
			}
			_, _ = rw.WriteString("echo " + line)
			_ = rw.Flush()
		}
	})
}

const upgrade = "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

func open(t *testing.T, f *front, header string) (net.Conn, *bufio.Reader, *http.Response) {
	t.Helper()
	conn := f.dial(t)
	_, _ = io.WriteString(conn, "GET /socket HTTP/1.1\r\nHost: app.example\r\n"+header+"\r\n")
	reader := bufio.NewReader(conn)
	res, err := http.ReadResponse(reader, nil)
	if err != nil {
		t.Fatal(err)
	}
	return conn, reader, res
}

func TestWebSocketIsDecidedAtTheUpgrade(t *testing.T) { // users-ask 34, 36
	t.Parallel()
	streams := make(chan int, 2)
	f := start(t, setup{app: echo("websocket"), options: Options{Streams: NewStreams(nil, StreamOptions{Opened: func(delta int) { streams <- delta }})}})
	if _, _, res := open(t, f, upgrade); res.StatusCode != 401 {
		t.Errorf("without a session: %d", res.StatusCode)
	}
	f.outcome(t)
	conn, reader, res := open(t, f, upgrade+asAnn+"\r\nOrigin: http://app.example\r\n")
	if res.StatusCode != 101 || fmt.Sprint(res.Header["Set-Cookie"]) != "[a=b]" || res.Header.Get("X-Request-Id") != "req-1" { // D94
		t.Fatalf("answer %d %v", res.StatusCode, res.Header)
	}
	for i := range 3 {
		_, _ = fmt.Fprintf(conn, "line %d\n", i)
		if got, err := reader.ReadString('\n'); err != nil || got != fmt.Sprintf("echo line %d\n", i) {
			t.Fatalf("read %q, %v", got, err)
		}
	}
	if opened := <-streams; opened != 1 {
		t.Errorf("streams counted %d", opened)
	}
	_ = conn.Close()
	if closed := <-streams; closed != -1 {
		t.Errorf("streams counted %d", closed)
	}
	if o := f.outcome(t); o.UserID != "u-ann" || o.Action != Forward {
		t.Errorf("outcome %+v", o)
	}
	got := f.app.only(t)
	for name, want := range map[string]string{"X-Postern-User-Id": "u-ann", "Upgrade": "WebSocket", "Connection": "Upgrade", "Origin": "http://app.example", "Cookie": ""} {
		if value := got.header.Get(name); value != want {
			t.Errorf("%s is %q, want %q", name, value, want)
		}
	}
}

func TestUpgradeFromForeignOriginIsForbidden(t *testing.T) { // D99, users-ask 35
	t.Parallel()
	f := start(t, setup{app: echo("websocket"), routes: []RouteConfig{{Path: "/socket", Auth: "optional"}}, options: Options{
		PublicURL: "https://public.example", AllowedOrigins: func(origin string) bool { return origin == "https://friend.example" },
	}})
	cookie := asAnn + "\r\n"
	for header, want := range map[string]int{
		cookie + "Origin: https://evil.example\r\n":                                   403,
		cookie + "Origin: null\r\n":                                                   403,
		cookie + "Origin: \r\n":                                                       403,
		cookie + "Origin: http://app.example.evil.example\r\n":                        403,
		cookie + "Origin: http://app.example:81\r\n":                                  403,
		cookie + "Origin: http://app.example\r\nOrigin: https://evil.example\r\n":     403,
		"Authorization: Bearer ann\r\n" + cookie + "Origin: https://evil.example\r\n": 403,
		cookie + "Origin: http://APP.example\r\n":                                     101,
		cookie + "Origin: https://public.example\r\n":                                 101,
		cookie + "Origin: https://friend.example\r\n":                                 101,
		cookie:                             101,
		"Origin: https://evil.example\r\n": 101,
		"Authorization: Bearer ann\r\nOrigin: https://evil.example\r\n":       101,
		"Cookie: " + cookieName + "=gone\r\nOrigin: https://evil.example\r\n": 101,
	} {
		if _, _, res := open(t, f, upgrade+header); res.StatusCode != want {
			t.Errorf("%q: %d, want %d", header, res.StatusCode, want)
		}
	}
}

func TestOnlyWebSocketsAreUpgraded(t *testing.T) { // D64; h2c smuggling
	t.Parallel()
	f := start(t, setup{app: echo("h2c"), routes: []RouteConfig{{Path: "/**", Auth: "public"}}})
	for _, header := range []string{
		"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\n",
		"Connection: Upgrade\r\nUpgrade: h2c\r\n", "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n", "Connection: Upgrade\r\nUpgrade: websocket, h2c\r\n",
		"Upgrade: websocket\r\n", "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 5\r\n\r\nhello",
	} {
		_, reader, res := open(t, f, header)
		_ = reader
		if body, _ := io.ReadAll(res.Body); res.StatusCode != 200 || string(body) != "not upgraded" {
			t.Errorf("%q: %d %q", header, res.StatusCode, body)
		}
	}
	for _, got := range f.app.requests() {
		for _, name := range []string{"Upgrade", "Connection", "Http2-Settings"} {
			if lines, ok := got.header[name]; ok {
				t.Errorf("%s arrived: %q", name, lines)
			}
		}
	}
}

func TestUpgradeToAnotherProtocolIsABadGateway(t *testing.T) { // D64
	t.Parallel()
	f := start(t, setup{app: echo("h2c"), routes: []RouteConfig{{Path: "/**", Auth: "public"}}})
	if _, _, res := open(t, f, upgrade); res.StatusCode != 502 {
		t.Errorf("answer %d", res.StatusCode)
	}
}

func TestRefusedUpgradeIsAnOrdinaryAnswer(t *testing.T) {
	t.Parallel()
	f := start(t, setup{routes: []RouteConfig{{Path: "/**", Auth: "public"}}, app: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusUpgradeRequired)
	})})
	conn, reader, res := open(t, f, upgrade)
	if res.StatusCode != 426 {
		t.Fatalf("answer %d", res.StatusCode)
	}
	_ = res.Body.Close()
	_, _ = io.WriteString(conn, "GET /next HTTP/1.1\r\nHost: app.example\r\n\r\n")
	if next, err := http.ReadResponse(reader, nil); err != nil || next.StatusCode != 426 {
		t.Errorf("next answer %v, %v", next, err)
	}
	if all := f.app.requests(); len(all) != 2 || !strings.HasPrefix(all[1].uri, "/next") {
		t.Errorf("the application saw %+v", all)
	}
}
