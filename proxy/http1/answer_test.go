package http1_test

import (
	"io"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/posternhq/postern/proxy/http1"
)

// These could be read in two ways, or in none (RFC 9112 §6.3, §2.2, §5.2).
func TestAnswersThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"nothing":                       "",
		"no HTTP":                       "SSH-2.0-OpenSSH_9.6\r\n\r\n",
		"no status":                     "HTTP/1.1 OK\r\n\r\n",
		"status of two digits":          "HTTP/1.1 20 OK\r\n\r\n",
		"half a header":                 "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n",
		"two lengths":                   "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!",
		"lengths in a list":             "HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nhello!",
		"negative length":               "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
		"signed length":                 "HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nhello",
		"hexadecimal length":            "HTTP/1.1 200 OK\r\nContent-Length: 0x5\r\n\r\nhello",
		"length with a letter":          "HTTP/1.1 200 OK\r\nContent-Length: 5a\r\n\r\nhello",
		"length too large":              "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\nhello",
		"unknown encoding":              "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
		"encoding in disguise":          "HTTP/1.1 200 OK\r\nTransfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
		"two encodings":                 "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		"line without a colon":          "HTTP/1.1 200 OK\r\nContent-Length\r\n\r\n",
		"folded first line":             "HTTP/1.1 200 OK\r\n Content-Length: 5\r\n\r\nhello",
		"NUL in a value":                "HTTP/1.1 200 OK\r\nX-A: \x00\r\n\r\n",
		"length as trailer":             "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Length\r\n\r\n0\r\n\r\n",
		"header without end":            "HTTP/1.1 200 OK\r\nX-A: " + strings.Repeat("x", 128<<10) + "\r\n\r\n",
		"interim answers without end":   strings.Repeat("HTTP/1.1 103 Early Hints\r\nX-A: "+strings.Repeat("x", 1000)+"\r\n\r\n", 100),
		"interim answer and no other":   "HTTP/1.1 103 Early Hints\r\n\r\n",
		"continue and no other":         "HTTP/1.1 100 Continue\r\n\r\n",
		"garbage after interim answers": "HTTP/1.1 103 Early Hints\r\n\r\nhello",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := listen(t, func(_ int, p *peer) {
				p.head()
				p.say(answer)
			})
			mustFail(t, newTransport(t, u), get(t, "/"))
		})
	}
}

// A part must not be taken for the whole.
func TestBodiesThatAreCutOff(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]string{
		"before its length":     "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell",
		"in a chunk":            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhell",
		"before the last chunk": "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
		"in the last chunk":     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
		"in the trailer":        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-A\r\n\r\n5\r\nhello\r\n0\r\nX-A: 1",
		"chunk that is none":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nhello\r\n",
		"chunk longer than it":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n",
		"chunk of great size":   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nhello\r\n0\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			u := listen(t, func(_ int, p *peer) {
				p.head()
				p.say(answer)
			})
			transport := newTransport(t, u)
			res, err := transport.RoundTrip(get(t, "/"))
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			text, err := io.ReadAll(res.Body)
			if err == nil {
				t.Errorf("body %q seems whole", text)
			}
			if _, again := res.Body.Read(make([]byte, 1)); again != err {
				t.Errorf("error is %v at first and then %v", err, again)
			}
		})
	}
}

func TestAnswerThatEndsWithTheConnection(t *testing.T) {
	t.Parallel()
	u := listen(t, func(_ int, p *peer) {
		p.head()
		p.say("HTTP/1.1 200 OK\r\n\r\nhello")
	})
	if res, body := fetch(t, newTransport(t, u), get(t, "/")); body != "hello" || res.ContentLength != -1 {
		t.Errorf("body is %q, length %d", body, res.ContentLength)
	}
}

// Chunked wins over a length, which is forgotten (RFC 9112 §6.3), and the connection is closed by nobody's fault but the sender's.
func TestChunkedWinsOverLength(t *testing.T) {
	t.Parallel()
	u := listen(t, always("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"))
	res, body := fetch(t, newTransport(t, u), get(t, "/"))
	if body != "hello" || res.ContentLength != -1 || res.Header.Get("Content-Length") != "" {
		t.Errorf("body is %q, length %d, header %v", body, res.ContentLength, res.Header)
	}
}

func TestTrailersArrive(t *testing.T) {
	t.Parallel()
	u := listen(t, always("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 42\r\nX-More: 1\r\n\r\n"))
	transport := newTransport(t, u)
	for range 2 {
		res, err := transport.RoundTrip(get(t, "/"))
		if err != nil {
			t.Fatal(err)
		}
		if _, announced := res.Trailer["X-Sum"]; !announced {
			t.Error("trailer is not announced")
		}
		if _, err := io.ReadAll(res.Body); err != nil {
			t.Fatal(err)
		}
		if res.Trailer.Get("X-Sum") != "42" || res.Trailer.Get("X-More") != "1" {
			t.Errorf("trailer is %v", res.Trailer)
		}
	}
	if n := u.connections.Load(); n != 1 {
		t.Errorf("%d connections, want one", n)
	}
}

// Interim answers are passed on in their order, before the answer, and their headers stay theirs.
func TestInterimAnswers(t *testing.T) {
	t.Parallel()
	u := listen(t, always("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </b>\r\n\r\n"+hello))
	var seen []string
	trace := &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
		seen = append(seen, http.StatusText(code)+" "+h.Get("Link"))
		return nil
	}}
	r := get(t, "/")
	r = r.WithContext(httptrace.WithClientTrace(r.Context(), trace))
	res, body := fetch(t, newTransport(t, u), r)
	if body != "hello" || len(res.Header["Link"]) != 0 {
		t.Errorf("answered %v %q", res.Header, body)
	}
	if want := []string{"Continue ", "Early Hints </a>", "Early Hints </b>"}; !slices.Equal(seen, want) {
		t.Errorf("interim answers are %q", seen)
	}
}

// Who is told of each interim answer may end it; the limit of the header counts from each anew.
func TestInterimAnswersCanBeRefused(t *testing.T) {
	t.Parallel()
	const many = 200
	u := listen(t, func(_ int, p *peer) {
		p.head()
		p.say(strings.Repeat("HTTP/1.1 103 Early Hints\r\nX-A: "+strings.Repeat("x", 1000)+"\r\n\r\n", many) + hello)
		p.untilClosed()
	})
	for _, limit := range []int{many, many / 2} {
		count := 0
		trace := &httptrace.ClientTrace{Got1xxResponse: func(int, textproto.MIMEHeader) error {
			if count++; count > limit {
				return errNoted
			}
			return nil
		}}
		r := get(t, "/")
		r = r.WithContext(httptrace.WithClientTrace(r.Context(), trace))
		transport := newTransport(t, u, func(t *http1.Transport) { t.MaxResponseHeaderBytes = 8 << 10 })
		if limit == many {
			fetch(t, transport, r)
		} else if err := errorOf(t, transport, r); err != errNoted {
			t.Errorf("error is %v", err)
		}
	}
}

func TestBodyMayBeLongerThanAnyHeader(t *testing.T) {
	t.Parallel()
	const size = 300 << 10
	u := listen(t, always("HTTP/1.1 200 OK\r\nContent-Length: 307200\r\n\r\n"+strings.Repeat("x", size)))
	if _, body := fetch(t, newTransport(t, u), get(t, "/")); len(body) != size {
		t.Errorf("%d bytes, want %d", len(body), size)
	}
}
