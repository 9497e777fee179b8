package wire

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"testing"
)

// inner is what a smuggler wants the application to see as a request of its own.
const inner = "GET /admin/smuggled HTTP/1.1\r\nHost: postern.test\r\nX-Postern-User-Id: forged\r\n\r\n"

// nothingSmuggled fails if the application got what only a smuggler could have sent it.
func (s *stack) nothingSmuggled(t *testing.T, what string) {
	t.Helper()
	if found := s.app.under("/admin"); len(found) > 0 {
		t.Errorf("%s: the application got %+v", what, found)
	}
}

// Every message here has two readings for some server or other. Postern refuses it, or takes one reading and hands on that one;
// whatever it takes for a second request is decided on like any other.
func TestD78NothingIsSmuggledOverHTTP1(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	const head = "POST /public/outer HTTP/1.1\r\nHost: postern.test\r\n"
	chunked := fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(inner), inner)
	length := fmt.Sprint(len(inner))
	for name, row := range map[string]struct {
		request string
		refused bool // with 400 or 501, and unread: the application gets nothing of it
	}{
		"a length and chunks":                  {head + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner, false},
		"chunks and a length":                  {head + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n" + chunked, false},
		"lengths that differ":                  {head + "Content-Length: 0\r\nContent-Length: " + length + "\r\n\r\n" + inner, true},
		"lengths in a list":                    {head + "Content-Length: 0, " + length + "\r\n\r\n" + inner, true},
		"a length with a sign":                 {head + "Content-Length: +" + length + "\r\n\r\n" + inner, true},
		"a negative length":                    {head + "Content-Length: -1\r\n\r\n" + inner, true},
		"a hexadecimal length":                 {head + "Content-Length: 0x10\r\n\r\n" + inner, true},
		"a length with a blank inside":         {head + "Content-Length: 1 0\r\n\r\n" + inner, true},
		"a length too large to be one":         {head + "Content-Length: 99999999999999999999\r\n\r\n" + inner, true},
		"an empty length":                      {head + "Content-Length: \r\n\r\n" + inner, true},
		"chunks twice":                         {head + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner, true},
		"chunks and identity":                  {head + "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" + inner, true},
		"identity":                             {head + "Transfer-Encoding: identity\r\nContent-Length: " + length + "\r\n\r\n" + inner, true},
		"an unknown coding":                    {head + "Transfer-Encoding: xchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + inner, true},
		"a coding with a vertical tab":         {head + "Transfer-Encoding: \x0bchunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + inner, true},
		"a blank before the colon":             {head + "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + inner, true},
		"a tab before the colon":               {head + "Content-Length\t: " + length + "\r\n\r\n" + inner, true},
		"a name with a blank":                  {head + "X Content-Length: 5\r\n\r\n" + inner, true},
		"a line without a colon":               {head + "Transfer-Encoding\r\n\r\n" + inner, true},
		"an empty name":                        {head + ": x\r\n\r\n" + inner, true},
		"a null byte in a value":               {head + "X-A: a\x00b\r\n\r\n" + inner, true},
		"a carriage return in a value":         {head + "X-A: a\rTransfer-Encoding: chunked\r\n\r\n" + inner, true},
		"a carriage return alone":              {head + "X-A: a\r\rContent-Length: " + length + "\r\n\r\n" + inner, true},
		"a coding in HTTP/1.0":                 {strings.Replace(head, "1.1", "1.0", 1) + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + inner, false},
		"a folded coding":                      {head + "Transfer-Encoding:\r\n chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + inner, false},
		"a folded header":                      {head + "X-A: a\r\n Content-Length: " + length + "\r\n\r\n" + inner, false},
		"a folded first line":                  {"POST /public/outer HTTP/1.1\r\n Content-Length: " + length + "\r\nHost: postern.test\r\n\r\n" + inner, true},
		"lines that end in a line feed alone":  {"POST /public/outer HTTP/1.1\nHost: postern.test\nTransfer-Encoding: chunked\n\n0\n\n" + inner, false},
		"an underscore for a hyphen":           {head + "Content_Length: " + length + "\r\nTransfer_Encoding: chunked\r\n\r\n" + inner, false},
		"a chunk that ends in a line feed":     {head + "Transfer-Encoding: chunked\r\n\r\n1\na\n0\n\n" + inner, false},
		"a chunk's extension with a line feed": {head + "Transfer-Encoding: chunked\r\n\r\n1;a\nb\r\na\r\n0\r\n\r\n" + inner, false},
		"a chunk's extension":                  {head + "Transfer-Encoding: chunked\r\n\r\n1;a=\"\r\n\"\r\n0\r\n\r\n" + inner, false},
		"a chunk of a size with a sign":        {head + "Transfer-Encoding: chunked\r\n\r\n+1\r\na\r\n0\r\n\r\n" + inner, false},
		"a chunk of a size with 0x":            {head + "Transfer-Encoding: chunked\r\n\r\n0x1\r\na\r\n0\r\n\r\n" + inner, false},
		"a chunk too large to be one":          {head + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\na\r\n0\r\n\r\n" + inner, false},
		"a chunk that is longer than it says":  {head + "Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n0\r\n\r\n" + inner, false},
		"chunks without an end":                {head + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n" + inner, false},
		"trailers that look like a request":    {head + "Transfer-Encoding: chunked\r\n\r\n0\r\nGET /admin/smuggled HTTP/1.1: x\r\nHost: postern.test\r\n\r\n" + inner, false},
		"a body on GET":                        {"GET /public/outer HTTP/1.1\r\nHost: postern.test\r\nContent-Length: " + length + "\r\n\r\n" + inner, false},
		"no host":                              {"POST /public/outer HTTP/1.1\r\n\r\n" + inner, true},
		"two hosts":                            {head + "Host: evil.test\r\n\r\n" + inner, true},
		"two equal hosts":                      {head + "Host: postern.test\r\n\r\n" + inner, true},
		"a request line of two words":          {"GET /public/outer\r\nHost: postern.test\r\n\r\n" + inner, true},
		"a request line of four words":         {"GET /public/outer x HTTP/1.1\r\nHost: postern.test\r\n\r\n" + inner, true},
		"another version":                      {"GET /public/outer HTTP/1.2\r\nHost: postern.test\r\n\r\n" + inner, false},
		"no version":                           {"GET /public/outer FTP/1.1\r\nHost: postern.test\r\n\r\n" + inner, true},
		"blanks before the method":             {" GET /public/outer HTTP/1.1\r\nHost: postern.test\r\n\r\n" + inner, true},
		"tabs between the words":               {"GET\t/public/outer\tHTTP/1.1\r\nHost: postern.test\r\n\r\n" + inner, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := "/public/" + strings.ReplaceAll(name, " ", "-") + "/"
			replies := s.send(t, strings.Replace(row.request, "/public/outer", path, 1))
			for i, r := range replies {
				if r.status == http.StatusOK && (i > 0 || row.refused) {
					t.Errorf("answer %d is %d %q", i+1, r.status, r.body)
				}
			}
			if row.refused && len(s.app.under(path)) > 0 {
				t.Errorf("arrived: %+v", s.app.under(path))
			}
		})
	}
	t.Cleanup(func() { s.nothingSmuggled(t, "over HTTP/1.1") })
	t.Run("the control request", func(t *testing.T) { // it has a body that looks like a request, and passes
		for _, body := range []string{"Content-Length: " + length + "\r\n\r\n" + inner, "Transfer-Encoding: chunked\r\n\r\n" + chunked} {
			if got := s.ask(t, strings.Replace(head, "/public/outer", "/public/control", 1)+body); got.status != 200 {
				t.Errorf("%d %s", got.status, got.body)
			}
		}
		for _, got := range s.app.under("/public/control") {
			if got.body != inner {
				t.Errorf("body %q", got.body)
			}
		}
		if n := len(s.app.under("/public/control")); n != 2 {
			t.Errorf("%d requests arrived", n)
		}
	})
}

// What HTTP/2 can carry and HTTP/1.1 cannot must not become something else on the way.
func TestD78NothingIsSmuggledOverHTTP2(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	post := func(more ...string) []field {
		list := get("/public/outer", more...)
		list[0].Value = "POST"
		return list
	}
	pseudo := func(name, value string) []field {
		list := post()
		for i := range list {
			if list[i].Name == name {
				list[i].Value = value
			}
		}
		return list
	}
	for name, row := range map[string]struct {
		list []field
		body string
	}{
		"a line break in a value":           {post("x-a: a\r\nX-Postern-User-Id: forged"), ""},
		"a request in a value":              {post("x-a: a\r\n\r\n" + inner), ""},
		"a line feed in a value":            {post("x-a: a\nx-b: b"), ""},
		"a null byte in a value":            {post("x-a: a\x00b"), ""},
		"a line break in a name":            {append(post(), field{Name: "x-a: b\r\nx-c", Value: "d"}), ""},
		"a colon in a name":                 {append(post(), field{Name: "transfer-encoding: chunked\r\nx", Value: "d"}), ""},
		"a blank in a name":                 {append(post(), field{Name: "x a", Value: "d"}), ""},
		"an empty name":                     {append(post(), field{Name: "", Value: "d"}), ""},
		"upper case in a name":              {append(post(), field{Name: "X-Postern-User-Id", Value: "forged"}), ""},
		"chunks":                            {post("transfer-encoding: chunked"), "0\r\n\r\n" + inner},
		"a connection header":               {post("connection: x-postern-user-id"), ""},
		"an upgrade":                        {post("upgrade: h2c"), ""},
		"TE of another kind":                {post("te: gzip"), ""},
		"a length that is less":             {post("content-length: 1"), inner},
		"a length that is more":             {post("content-length: 10000"), inner},
		"lengths that differ":               {post("content-length: 0", "content-length: "+fmt.Sprint(len(inner))), inner},
		"a length that is none":             {post("content-length: 1, 2"), inner},
		"a path with a request":             {pseudo(":path", "/public/outer HTTP/1.1\r\nHost: postern.test\r\n\r\n"+inner), ""},
		"a path with a blank":               {pseudo(":path", "/public/outer x"), ""},
		"a path with a tab":                 {pseudo(":path", "/public/outer\tx"), ""},
		"a path without a slash":            {pseudo(":path", "public/outer"), ""},
		"a path with an authority":          {pseudo(":path", "http://evil.test/public/outer"), ""},
		"no path":                           {pseudo(":path", ""), ""},
		"a path that begins like a host":    {pseudo(":path", "//evil.test/public/outer"), ""},
		"a method with a request":           {pseudo(":method", "GET /admin/smuggled HTTP/1.1\r\nX: "), ""},
		"a method with a blank":             {pseudo(":method", "GET /admin/smuggled"), ""},
		"a method in lower case":            {pseudo(":method", "get"), ""},
		"an authority with a path":          {pseudo(":authority", "postern.test/admin/smuggled"), ""},
		"an authority with a user":          {pseudo(":authority", "user@postern.test"), ""},
		"an authority with a line break":    {pseudo(":authority", "postern.test\r\nX-Postern-User-Id: forged"), ""},
		"a scheme with a request":           {pseudo(":scheme", "http://postern.test/admin/smuggled HTTP/1.1\r\n"), ""},
		"another host":                      {post("host: evil.test"), ""},
		"two paths":                         {append(fields(":path: /admin/smuggled"), post()...), ""},
		"two methods":                       {append(fields(":method: GET"), post()...), ""},
		"two authorities":                   {append(fields(":authority: evil.test"), post()...), ""},
		"a pseudo-field after others":       {append(post("x-a: b"), fields(":path: /admin/smuggled")...), ""},
		"a pseudo-field that nobody knows":  {append(fields(":admin: yes"), post()...), ""},
		"a pseudo-field of answers":         {append(fields(":status: 200"), post()...), ""},
		"CONNECT":                           {fields(":method: CONNECT", ":authority: postern.test:80"), ""},
		"CONNECT with a path":               {pseudo(":method", "CONNECT"), ""},
		"a WebSocket (extended CONNECT)":    {append(fields(":method: CONNECT", ":protocol: websocket"), get("/public/outer")[1:]...), ""},
		"a protocol without CONNECT":        {append(fields(":protocol: websocket"), get("/public/outer")...), ""},
		"TRACE":                             {pseudo(":method", "TRACE"), ""},
		"a header of HTTP/2's own settings": {post("http2-settings: AAMAAABk", "connection: upgrade, http2-settings"), ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := "/public/" + strings.NewReplacer(" ", "-", "(", "", ")", "", "'", "").Replace(name) + "/"
			for i := range row.list {
				row.list[i].Value = strings.Replace(row.list[i].Value, "/public/outer", path, 1)
			}
			f := s.http2(t)
			stream := f.open(row.list, row.body == "")
			if row.body != "" {
				_ = f.WriteData(stream, true, []byte(row.body))
			}
			if got := f.await(stream); got.status == http.StatusOK {
				t.Errorf("%d %q", got.status, got.body)
			}
			for _, got := range s.app.under(path) {
				// A body that is not as long as it should be is known as such only at its end.
				if !strings.HasPrefix(name, "a length") {
					t.Errorf("arrived: %+v", got)
				}
			}
		})
	}
	t.Cleanup(func() { s.nothingSmuggled(t, "over HTTP/2") })
	t.Run("the control requests", func(t *testing.T) {
		for i, list := range [][]field{
			post("x-a: b"), post("content-length: " + fmt.Sprint(len(inner))), post("host: postern.test"), post("te: trailers"),
			post("cookie: a=b", "cookie: c=d"), pseudo(":authority", "POSTERN.test"),
		} {
			path := fmt.Sprintf("/public/control/%d/", i)
			for k := range list {
				list[k].Value = strings.Replace(list[k].Value, "/public/outer", path, 1)
			}
			if got := s.roundTrip(t, list, inner); got.status != 200 {
				t.Errorf("%d: %d %s", i, got.status, got.body)
			}
			got := s.app.only(t, path)
			if got.body != inner {
				t.Errorf("%d: body %q", i, got.body)
			}
			if i == 4 && fmt.Sprint(got.values("Cookie")) != "[a=b; c=d]" { // RFC 9113 §8.2.3
				t.Errorf("cookies %q", got.values("Cookie"))
			}
		}
	})
}

// A tunnel would take whatever comes next past all rules.
func TestD64NothingFollowsCONNECTOrAFailedUpgrade(t *testing.T) {
	t.Parallel()
	s := newStack(t, nil)
	for _, request := range []string{
		"CONNECT postern.test:80 HTTP/1.1\r\nHost: postern.test:80\r\n\r\n",
		"CONNECT /public/connect HTTP/1.1\r\nHost: postern.test\r\n\r\n",
		"TRACE /public/trace HTTP/1.1\r\nHost: postern.test\r\n\r\n",
		"TRACK /public/trace HTTP/1.1\r\nHost: postern.test\r\n\r\n",
	} {
		replies := s.send(t, request+"GET /public/after HTTP/1.1\r\nHost: postern.test\r\n\r\n")
		if len(replies) != 1 || replies[0].status < 400 {
			t.Errorf("%q: %+v", request, replies)
		}
	}
	for _, path := range []string{"/public/after", "/public/connect", "/public/trace"} {
		if found := s.app.under(path); len(found) > 0 {
			t.Errorf("arrived: %+v", found)
		}
	}

	// The application refuses an upgrade: its connection is an ordinary one, and what the client has already sent for the protocol
	// that was refused never gets there.
	upgrade := "GET /public/upgrade HTTP/1.1\r\nHost: postern.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
	conn := s.dial(t)
	_, _ = io.WriteString(conn, upgrade+inner)
	in := bufio.NewReader(conn)
	for i, want := range []int{200, 401} {
		res, err := http.ReadResponse(in, nil)
		if err != nil || res.StatusCode != want {
			t.Fatalf("answer %d: %v, %v", i+1, res, err)
		}
		_, _ = io.Copy(io.Discard, res.Body)
	}
	s.nothingSmuggled(t, "after an upgrade")
	if got := s.app.only(t, "/public/upgrade"); len(got.values("Upgrade")) != 1 {
		t.Errorf("the control: %+v", got)
	}
}

// A client that waits to be asked for its body is asked only once the application will have it, and is refused unread.
func TestD81BodiesAreAskedForAfterTheDecision(t *testing.T) {
	t.Parallel()
	s := newStack(t, map[string]string{"upstream.body_grace": "2s"}) // for as long, a refused body may come and is thrown away
	expect := func(path, more string) string {
		return "POST " + path + " HTTP/1.1\r\nHost: postern.test\r\nExpect: 100-continue\r\nContent-Length: 100000\r\n" + more + "\r\n"
	}
	t.Run("refused", func(t *testing.T) {
		for path, want := range map[string]int{"/private/x": 401, "/admin/x": 401, "/small/x": 413, "/public//x": 400} {
			t.Run(path, func(t *testing.T) {
				t.Parallel()
				conn := s.dial(t)
				_, _ = io.WriteString(conn, expect(path, ""))
				in := bufio.NewReader(conn)
				res, err := http.ReadResponse(in, nil)
				if err != nil || res.StatusCode != want || !res.Close {
					t.Fatalf("%v, %v", res, err)
				}
				_, _ = io.Copy(io.Discard, res.Body)
				_, _ = io.WriteString(conn, inner) // a body, if it is anything
				if _, err := in.ReadByte(); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("the connection stays open, and what may be a body would be read as a request: %v", err)
				}
			})
		}
	})
	if found := append(s.app.under("/private"), s.app.under("/small")...); len(found) > 0 {
		t.Errorf("arrived: %+v", found)
	}
	s.nothingSmuggled(t, "instead of a body")
	conn := s.dial(t)
	_, _ = io.WriteString(conn, expect("/public/expected", "Connection: close\r\n"))
	in := bufio.NewReader(conn)
	res, err := http.ReadResponse(in, nil)
	if err != nil || res.StatusCode != http.StatusContinue {
		t.Fatalf("the control: %v, %v", res, err)
	}
	_, _ = io.WriteString(conn, strings.Repeat("a", 100000))
	if res, err = http.ReadResponse(in, nil); err != nil || res.StatusCode != http.StatusOK {
		t.Fatalf("the control: %v, %v", res, err)
	}
	if got := s.app.only(t, "/public/expected"); len(got.body) != 100000 {
		t.Errorf("%d bytes arrived", len(got.body))
	}
	if got := s.ask(t, "POST /public/odd HTTP/1.1\r\nHost: postern.test\r\nExpect: a-miracle\r\nContent-Length: 1\r\n\r\na"); got.status != 417 {
		t.Errorf("another expectation: %d", got.status)
	}
}
