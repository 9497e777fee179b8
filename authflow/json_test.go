package authflow

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"time"
)

func read(t *testing.T, contentType, body string, form bool) (any, *Error) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	value, err := readBody(httptest.NewRecorder(), r, form)
	var e *Error
	if err != nil && !errors.As(err, &e) {
		t.Fatalf("%v is nothing to tell a client", err)
	}
	return value, e
}

func TestBodiesAreReadAsBetterAuthDoes(t *testing.T) {
	t.Parallel()
	const jsonType, formType = "application/json", "application/x-www-form-urlencoded"
	type object = map[string]any
	for _, tt := range []struct {
		name, contentType, body string
		form                    bool
		want                    any
	}{
		{"object", jsonType, `{"a":"b"}`, false, object{"a": "b"}},
		{"type in any case, with parameters", "Application/JSON; charset=latin1", `{"a":"é"}`, false, object{"a": "é"}},
		{"byte order mark", jsonType, "\xef\xbb\xbf{}", false, object{}},
		{"surrounding white space", jsonType, " \r\n{}\t", false, object{}},
		{"null", jsonType, "null", false, nil},
		{"the last of two equal keys", jsonType, `{"a":{"x":1},"a":{"y":2}}`, false, object{"a": object{"y": 2.0}}},
		{"invalid UTF-8", jsonType, "{\"a\":\"\xff\"}", false, object{"a": "\ufffd"}},
		{"lone surrogate", jsonType, `{"a":"\ud800"}`, false, object{"a": "\ufffd"}},
		{"no body", jsonType, "", false, undefined{}},
		{"no content type", "", `{"a":"b"}`, false, undefined{}},
		{"no body of a wrong type", "text/plain", "", false, undefined{}},
		{"form", formType, "a=b+c&a=d%26&e=", true, object{"a": "d&", "e": ""}},
		{"form, with a parameter", formType + ";charset=utf-8", "a=1", true, object{"a": "1"}},
		{"JSON where a form may be", jsonType, "{}", true, object{}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, e := read(t, tt.contentType, tt.body, tt.form)
			if e != nil || !reflect.DeepEqual(got, tt.want) {
				t.Errorf("got %#v, %v; want %#v", got, e, tt.want)
			}
		})
	}
}

func TestBodiesThatAreRefused(t *testing.T) {
	t.Parallel()
	const jsonType, formType = "application/json", "application/x-www-form-urlencoded"
	badJSON := Error{Status: 400, Code: "BAD_REQUEST", Message: "Invalid JSON in request body"}
	badForm := Error{Status: 400, Code: "BAD_REQUEST", Message: "Invalid form in request body"}
	unsupported := func(sent, allowed string) Error {
		return Error{Status: 415, Code: "UNSUPPORTED_MEDIA_TYPE", Message: `Content-Type "` + sent + `" is not allowed. Allowed types: ` + allowed}
	}
	for _, tt := range []struct {
		name, contentType, body string
		form                    bool
		want                    Error
	}{
		{"unfinished", jsonType, `{"email":`, false, badJSON},
		{"white space alone", jsonType, " ", false, badJSON},
		{"something after the value", jsonType, "{} x", false, badJSON},
		{"a second value", jsonType, "{}{}", false, badJSON},
		{"a comment", jsonType, "{}//", false, badJSON},
		{"single quotes", jsonType, "{'a':1}", false, badJSON},
		{"a raw control character", jsonType, "{\"a\":\"\x01\"}", false, badJSON},
		{"NUL", jsonType, "\x00", false, badJSON},
		{"nested beyond reason", jsonType, strings.Repeat("[", 20000) + strings.Repeat("]", 20000), false, badJSON},
		{"text", "text/plain; charset=x", "{}", false, unsupported("text/plain; charset=x", "application/json")},
		{"a relative of JSON", "application/problem+json", "{}", false, unsupported("application/problem+json", "application/json")},
		{"a form where none is taken", formType, "a=b", false, unsupported(formType, "application/json")},
		{"text where a form is taken", "text/plain", "{}", true, unsupported("text/plain", formType+", application/json")},
		{"broken percent in a form", formType, "a=%zz", true, badForm},
		{"more fields than a form may have", formType, strings.Repeat("a&", 10001), true, badForm},
		{"too large", jsonType, `"` + strings.Repeat("a", maxBodyBytes) + `"`, false, Error{Status: 413, Code: "PAYLOAD_TOO_LARGE", Message: "Request body is larger than 262144 bytes"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, e := read(t, tt.contentType, tt.body, tt.form)
			if e == nil {
				t.Fatal("accepted")
			}
			e = &Error{Status: e.Status, Code: e.Code, Message: e.Message}
			if *e != tt.want {
				t.Errorf("got  %+v\nwant %+v", *e, tt.want)
			}
		})
	}
}

func TestTenThousandKeysAreNoFault(t *testing.T) {
	t.Parallel()
	var body strings.Builder
	for i := range 10000 {
		fmt.Fprintf(&body, ",\"k%d\":1", i)
	}
	value, e := read(t, "application/json", "{"+body.String()[1:]+"}", false)
	if e != nil || len(value.(map[string]any)) != 10000 {
		t.Errorf("%v", e)
	}
}

func TestABodyThatBreaksOffIsTheRequestsFault(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(strings.NewReader("{"), brokenReader{}))
	_, err := readBody(httptest.NewRecorder(), r, false)
	var e *Error
	if !errors.As(err, &e) || e.Status != 400 || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%v", err)
	}
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// deadlines notes what readBody asks of the connection. fail refuses it.
type deadlines struct {
	http.ResponseWriter
	set  []time.Time
	fail error
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return d.fail
}

func TestABodyMustArriveInTime(t *testing.T) {
	t.Parallel()
	w := &deadlines{ResponseWriter: httptest.NewRecorder()}
	began := time.Now()
	if _, err := readBody(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}")), false); err != nil {
		t.Fatal(err)
	}
	if len(w.set) != 2 || w.set[0].Before(began.Add(maxBodyTime)) || w.set[0].After(time.Now().Add(maxBodyTime)) || !w.set[1].IsZero() {
		t.Errorf("deadlines %v, want one %v away, and then none", w.set, maxBodyTime)
	}

	w = &deadlines{ResponseWriter: httptest.NewRecorder()}
	_, err := readBody(w, httptest.NewRequest(http.MethodPost, "/", brokenReader{}), false)
	if err == nil || len(w.set) != 1 {
		t.Errorf("after a body that failed (%v) the deadline was lifted: %v", err, w.set)
	}

	w = &deadlines{ResponseWriter: httptest.NewRecorder(), fail: net.ErrClosed}
	var e *Error
	if _, err := readBody(w, httptest.NewRequest(http.MethodPost, "/", strings.NewReader("{}")), false); !errors.As(err, &e) || e.Status != 400 {
		t.Errorf("a connection that is gone: %v", err)
	}
}

func TestABodyNobodyReadsMustArriveInTimeToo(t *testing.T) { // D97
	t.Parallel()
	core, err := NewCore(Config{BasePath: "/api/auth", Secret: strings.Repeat("s", MinSecretBytes), Cookie: CookieConfig{Prefix: "p"}},
		Deps{Store: struct{ SessionStore }{}, Recorder: struct{ Recorder }{}, BaseURL: "http://localhost"})
	if err != nil {
		t.Fatal(err)
	}
	flow, err := New(core)
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]int{"": 0, "{}": 1} {
		w := &deadlines{ResponseWriter: httptest.NewRecorder()}
		flow.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/api/auth/nowhere", strings.NewReader(body)))
		if len(w.set) != want {
			t.Errorf("body %q: deadlines %v, want %d", body, w.set, want)
		}
	}
}

// The bound of one body must not cut what comes later over the same connection.
func TestTheConnectionIsUsableAfterABody(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		value, err := readBody(w, r, false)
		fmt.Fprint(w, value, err)
	}))
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	answers := bufio.NewReader(conn)
	for range 3 {
		fmt.Fprint(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n[]")
		response, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(response.Body)
		if err != nil || string(body) != "[] <nil>" {
			t.Fatalf("%q, %v", body, err)
		}
	}
}

func TestAnAnswerThatCannotBeEncodedIsOurFault(t *testing.T) {
	t.Parallel()
	w := httptest.NewRecorder()
	if err := writeJSON(w, 200, func() {}); err == nil || w.Body.Len() > 0 {
		t.Errorf("%v, wrote %q", err, w.Body)
	}
}
