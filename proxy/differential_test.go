package proxy

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Without flags this is a short run for every day; "make test" asks for a million, "make fuzz" for more.
var (
	targetCount = flag.Int("targets", 20000, "targets that TestD09WhatIsDecidedOnIsWhatIsForwarded tries")
	targetSeed  = flag.Uint64("seed", 9, "seed of its generator")
)

// trial is one target on its way: what was sent, what was decided, and what the application got.
type trial struct {
	sent     string
	status   int // that the client got; 0 when the connection was closed without an answer
	outcome  Outcome
	observed bool
	got      string // target of the request line at the application; empty when none came
	times    int    // how often one came
}

// TestD09WhatIsDecidedOnIsWhatIsForwarded sends generated targets through the whole of it: bytes on a socket, net/http's server, the
// proxy, net/http's transport, and an application that reads the request line from its socket by itself. Connections are
// kept alive and requests are sent many at once, which is what makes a million of them a matter of a minute.
func TestD09WhatIsDecidedOnIsWhatIsForwarded(t *testing.T) { // D01, D02, D05, D09, D10, D11, D14, D18, D95
	t.Parallel()
	trials := make([]trial, *targetCount)
	app := startRecorder(t, trials)
	config := testConfig("http://"+app,
		RouteConfig{Path: "/admin/**"},
		RouteConfig{Path: "/enc/**", Auth: "public", EncodedSlashes: true},
		RouteConfig{Path: "/v1/**", Auth: "public", StripPrefix: "/v1"},
		RouteConfig{Path: "/old/*/**", Auth: "public", Rewrite: "/new/*/x/**"},
		RouteConfig{Path: "/**", Auth: "public"},
	)
	config.Upstream.MaxIdleConnections = 64
	p, err := New(config, people(), Options{Observe: func(r *http.Request, o Outcome) {
		if n, err := strconv.Atoi(r.Header.Get("N")); err == nil {
			trials[n].outcome, trials[n].observed = o, true
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	front := httptest.NewServer(p)
	t.Cleanup(front.Close)

	generate := newGenerator(*targetSeed)
	for i := range trials {
		trials[i].sent = generate.target()
	}
	const batch = 200
	var next atomic.Int64
	var senders sync.WaitGroup
	for range 8 {
		senders.Go(func() {
			for {
				from := int(next.Add(batch)) - batch
				if from >= len(trials) {
					return
				}
				if err := sendAll(front.Listener.Addr().String(), trials, from, min(from+batch, len(trials))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	senders.Wait()
	if !t.Failed() {
		judge(t, trials)
	}
}

// sendAll sends trials at once and reads their answers. What the server's parser refuses has a connection of its own, since the
// server closes it, and what stood on it afterwards would be lost.
func sendAll(address string, trials []trial, from, to int) error {
	var together []int
	for i := from; i < to; i++ {
		if _, err := http.ReadRequest(bufio.NewReader(strings.NewReader(trials[i].request(i)))); err == nil {
			together = append(together, i)
		} else if err := send(address, trials, []int{i}); err != nil && !errors.Is(err, errNoAnswer) {
			return err
		}
	}
	return send(address, trials, together)
}

func (tr *trial) request(n int) string {
	return fmt.Sprintf("GET %s HTTP/1.1\r\nHost: app.example\r\nN: %d\r\n\r\n", tr.sent, n)
}

var errNoAnswer = errors.New("connection closed without an answer")

func send(address string, trials []trial, which []int) error {
	conn, err := net.Dial("tcp", address)
	if err != nil {
		return err
	}
	defer conn.Close()
	var text strings.Builder
	for _, i := range which {
		text.WriteString(trials[i].request(i))
	}
	var sending sync.WaitGroup
	defer sending.Wait()
	sending.Go(func() { _, _ = io.WriteString(conn, text.String()) }) // should it fail, reading does, too
	reader := bufio.NewReaderSize(conn, 64<<10)
	for _, i := range which {
		res, err := http.ReadResponse(reader, nil)
		if err != nil {
			return fmt.Errorf("%w: %q: %w", errNoAnswer, trials[i].sent, err)
		}
		trials[i].status = res.StatusCode
		if _, err := io.Copy(io.Discard, res.Body); err != nil {
			return err
		}
	}
	return nil
}

// startRecorder is an application that knows no more of HTTP than it must: it notes the target as the bytes stand.
func startRecorder(t *testing.T, trials []trial) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var open sync.WaitGroup
	open.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			open.Go(func() {
				defer conn.Close()
				for reader := bufio.NewReader(conn); ; {
					target, n, err := readHead(reader)
					if err != nil {
						return
					}
					mu.Lock()
					trials[n].got = target
					trials[n].times++
					mu.Unlock()
					if _, err := io.WriteString(conn, "HTTP/1.1 204 No Content\r\n\r\n"); err != nil {
						return
					}
				}
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		open.Wait()
	})
	return listener.Addr().String()
}

// readHead takes the target out of "GET target HTTP/1.1" and the number out of the line that has it.
func readHead(r *bufio.Reader) (target string, n int, err error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", 0, err
	}
	target, ok := strings.CutPrefix(strings.TrimSuffix(line, " HTTP/1.1\r\n"), "GET ")
	if !ok || !strings.HasSuffix(line, " HTTP/1.1\r\n") {
		return "", 0, errors.New("no request line: " + line)
	}
	n = -1
	for {
		if line, err = r.ReadString('\n'); err != nil {
			return "", 0, err
		}
		if line == "\r\n" {
			break
		}
		if value, ok := strings.CutPrefix(line, "N: "); ok {
			if n, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return "", 0, err
			}
		}
	}
	if n < 0 {
		return "", 0, errors.New("a request without its number")
	}
	return target, n, nil
}

func judge(t *testing.T, trials []trial) {
	t.Helper()
	var forwarded, guarded, refused, unparsed, rewritten, encoded int
	for i := range trials {
		tr := &trials[i]
		switch {
		case tr.times > 1:
			t.Errorf("%q came %d times", tr.sent, tr.times)
		case tr.times == 1:
			forwarded++
			if tr.got != tr.sent {
				rewritten++
			}
			if strings.Contains(strings.ToLower(tr.sent), "%2f") {
				encoded++
			}
			judgeForwarded(t, tr)
		case !tr.observed:
			unparsed++
			if tr.status != 0 && tr.status != 400 {
				t.Errorf("%q: net/http answered %d", tr.sent, tr.status)
			}
		case tr.outcome.Refused:
			refused++
			if tr.status != 400 {
				t.Errorf("%q was refused with %d", tr.sent, tr.status)
			}
		default:
			guarded++
			if tr.status != 401 {
				t.Errorf("%q: %d for %+v", tr.sent, tr.status, tr.outcome)
			}
		}
		if t.Failed() && i > 100 {
			break
		}
	}
	t.Logf("%d targets, seed %d: %d forwarded (%d of them rewritten, %d with an encoded slash), %d guarded, %d refused, %d not parsed by net/http",
		len(trials), *targetSeed, forwarded, rewritten, encoded, guarded, refused, unparsed)
	// A generator that makes nothing of a kind proves nothing about it.
	for kind, n := range map[string]int{"forwarded": forwarded, "rewritten": rewritten, "with an encoded slash": encoded, "guarded": guarded, "refused": refused} {
		if n < len(trials)/500 {
			t.Errorf("only %d of %d targets were %s", n, len(trials), kind)
		}
	}
}

// judgeForwarded holds what the application got against what was sent and what was decided on.
func judgeForwarded(t *testing.T, tr *trial) {
	t.Helper()
	if tr.status != 204 || !tr.observed || tr.outcome.Refused || tr.outcome.Action != Forward {
		t.Errorf("%q was forwarded, answered %d, and reported as %+v", tr.sent, tr.status, tr.outcome)
	}
	want := tr.sent
	switch tr.outcome.Route {
	case "/v1/**":
		want = tr.sent[strings.IndexAny(tr.sent[1:]+"/", "/?")+1:] // all from the second slash on, or the query
		if !strings.HasPrefix(want, "/") {
			want = "/" + want
		}
	case "/old/*/**":
		raw, query, asked := strings.Cut(tr.sent, "?")
		parts := strings.SplitN(raw+"/", "/", 4) // "", old, the segment, the rest
		want = "/new/" + parts[2] + "/x" + strings.TrimSuffix("/"+parts[3], "/")
		if asked {
			want += "?" + query
		}
	}
	if tr.got != want {
		t.Errorf("%q on %s arrived as %q, want %q", tr.sent, tr.outcome.Route, tr.got, want)
	}
	// The path that was decided on is that of the bytes sent, in the readings of other people's decoders.
	raw, _, _ := strings.Cut(tr.sent, "?")
	decoded, err := url.PathUnescape(raw)
	if err != nil || strings.ReplaceAll(tr.outcome.Path, encodedSlash, "/") != decoded {
		t.Errorf("%q was decided on as %q, and reads %q", tr.sent, tr.outcome.Path, decoded)
	}
	if u, err := url.ParseRequestURI(tr.sent); err == nil && u.Path != decoded {
		t.Errorf("%q is %q to net/url", tr.sent, u.Path)
	}
	// No application, however lenient, makes of it what is guarded.
	for _, reading := range readings(tr.got) {
		if reading == "/admin" || strings.HasPrefix(reading, "/admin/") {
			t.Errorf("%q was forwarded as %q by %s, which some would take for %s", tr.sent, tr.got, tr.outcome.Route, reading)
		}
	}
}

// readings are what applications and their servers have been seen to make of a target.
func readings(target string) []string {
	raw, _, _ := strings.Cut(target, "?")
	raw, _, _ = strings.Cut(raw, "#")
	all := []string{raw}
	for n := 0; n < len(all) && len(all) < 64; n++ {
		now := all[n]
		unparametered := ""
		for segment := range strings.SplitSeq(now, "/") {
			name, _, _ := strings.Cut(segment, ";")
			unparametered += "/" + name
		}
		changed := []string{path.Clean(now), strings.ReplaceAll(now, `\`, "/"), strings.TrimPrefix(unparametered, "/")}
		if once, err := url.PathUnescape(now); err == nil {
			changed = append(changed, once)
		}
		for _, reading := range changed {
			known := false
			for _, have := range all {
				known = known || have == reading
			}
			if !known {
				all = append(all, reading)
			}
		}
	}
	return all
}

// generator makes targets of what has fooled proxies, in any order, and enough of what is harmless that most get far.
type generator struct{ *rand.Rand }

func newGenerator(seed uint64) generator { return generator{rand.New(rand.NewPCG(seed, 1))} }

func (g generator) pick(from []string) string { return from[g.IntN(len(from))] }

var (
	firstSegments = []string{"admin", "admin", "%61dmin", "adm%69n", "ADMIN", "public", "public", "v1", "v1", "%761", "old", "old", "enc", "enc", "enc", "a", "new"}
	goodSegments  = []string{"admin", "a", "b.c", "x-y", "%61", "a%20b", "caf%C3%A9", "café", "~u", "a+b", "a:b@c", "v1", "enc", "%7Badmin%7D", "a%25", "...a", "a.", "[x]", "a|b", "%23", "%3F"}
	encSegments   = []string{"a%2Fb", "a%2fb%2Fc", "%2Fa", "a%2F", "https%3A%2F%2Fa.b", "admin%2fx", "..%2fadmin", "a%2F%2e%2e%2fadmin", "%2f", "%2f%2fadmin", "a%252fb"}
	badSegments   = []string{"..", ".", "", "%2e%2e", "%2E.", ".%2e", "%2e", "..;", "..;x", ";", "a;b=c", "%3b", `..\`, `\`, "%5c", "%5C..", "..%00", "%00", "%252e%252e", "%25%32%65", "%c0%ae%c0%ae", "%e0%80%af", "..%20", ".. ", "%", "%2", "%zz", "#", "a#b", "%0d%0a", "%09", "\x7f", "\x80", "..%c0%af", "admin/..", "%u002e"}
	queries       = []string{"", "", "", "?", "?a=b", "?a=b;c=%2f..%2f&d=%zz", "?/../admin", "?x=/public/", "?#", "??", "?a=é"}
)

func (g generator) target() string {
	var out strings.Builder
	switch g.IntN(60) {
	case 0:
		out.WriteString(g.pick([]string{"//", `/\`, "/%2f", "/./", "/../", "///", "http://app.example", "http://evil.example/", "*", ""}))
	case 1:
		for range 1 + g.IntN(12) { // any bytes at all
			out.WriteByte(byte(g.IntN(256)))
		}
		return strings.NewReplacer("\r", "", "\n", "").Replace("/" + out.String())
	}
	out.WriteString("/" + g.pick(firstSegments))
	for range g.IntN(5) {
		out.WriteByte('/')
		switch n := g.IntN(40); {
		case n < 28:
			out.WriteString(g.pick(goodSegments))
		case n < 34:
			out.WriteString(g.pick(encSegments))
		default:
			out.WriteString(g.pick(badSegments))
		}
	}
	if g.IntN(5) == 0 {
		out.WriteByte('/')
	}
	out.WriteString(g.pick(queries))
	return out.String()
}
