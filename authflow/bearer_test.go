package authflow

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

func newTestSessions(t testing.TB) *Sessions {
	t.Helper()
	return &Sessions{cookies: newTestCookies(t), now: time.Now}
}

func TestOurCookiesAndTokensDoNotReachTheApplication(t *testing.T) {
	t.Parallel()
	signed := strayToken + "." + straySignature
	for _, tt := range []struct {
		name     string
		in, want http.Header
	}{
		{"nothing", http.Header{}, http.Header{}},
		{"only theirs", http.Header{"Cookie": {"a=1; b=2"}}, http.Header{"Cookie": {"a=1; b=2"}}},
		{"only ours", http.Header{"Cookie": {"better-auth.session_token=x"}}, http.Header{}},
		{"ours in between", http.Header{"Cookie": {"a=1; better-auth.session_token=x; b=2"}}, http.Header{"Cookie": {"a=1; b=2"}}},
		{"ours in any spelling", http.Header{"Cookie": {"a=1;\t__SECURE-Better-Auth.Session_Token =x;__Host-better-auth.state=y"}}, http.Header{"Cookie": {"a=1"}}},
		{"ours behind a blank an application may strip", http.Header{"Cookie": {"\u00a0better-auth.session_token=x; a=1"}}, http.Header{"Cookie": {"a=1"}}},
		{"ours without value", http.Header{"Cookie": {"better-auth.session_token; a=1"}}, http.Header{"Cookie": {"a=1"}}},
		{"ours on one line, theirs on another", http.Header{"Cookie": {"better-auth.dont_remember=x", "a=1"}}, http.Header{"Cookie": {"a=1"}}},
		{"empty pairs", http.Header{"Cookie": {"; ;a=1;;"}}, http.Header{"Cookie": {"a=1"}}},
		{"a value that looks like ours", http.Header{"Cookie": {"a=better-auth.session_token=x"}}, http.Header{"Cookie": {"a=better-auth.session_token=x"}}},
		{"a plain token", http.Header{"Authorization": {"Bearer " + strayToken}}, http.Header{}},
		{"a signed token", http.Header{"Authorization": {"bearer " + signed}}, http.Header{}},
		{"their JWT", http.Header{"Authorization": {"Bearer eyJh.eyJz.c2ln"}}, http.Header{"Authorization": {"Bearer eyJh.eyJz.c2ln"}}},
		{"another scheme", http.Header{"Authorization": {"Basic YTpi"}}, http.Header{"Authorization": {"Basic YTpi"}}},
		{"ours and theirs", http.Header{"Authorization": {"Basic YTpi", "Bearer " + strayToken}}, http.Header{"Authorization": {"Basic YTpi"}}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			before := tt.in.Clone()
			in := http.Header{}
			for name, lines := range tt.in {
				in[name] = lines
			}
			newTestSessions(t).Conceal(in)
			if !reflect.DeepEqual(in, tt.want) {
				t.Errorf("got %q, want %q", in, tt.want)
			}
			if !reflect.DeepEqual(tt.in, before) {
				t.Errorf("the inbound lines were written to: %q", tt.in)
			}
		})
	}
}

func TestBearerTokenIsRead(t *testing.T) {
	t.Parallel()
	signed := strayToken + "." + straySignature
	for _, tt := range []struct {
		name     string
		lines    []string
		want     bool
		unsigned bool // refused with require_signature
	}{
		{"none", nil, false, false},
		{"plain", []string{"Bearer " + strayToken}, true, true},
		{"signed", []string{"Bearer " + signed}, true, false},
		{"signed and encoded", []string{"Bearer " + EscapeComponent(signed)}, true, false},
		{"scheme in lower case", []string{"bearer " + strayToken}, true, true},
		{"scheme in mixed case", []string{"bEaReR " + signed}, true, false},
		{"more spaces", []string{"Bearer   " + signed + "  "}, true, false},
		{"wrongly signed", []string{"Bearer " + strayToken + "." + strings.Repeat("A", 43) + "="}, false, false},
		{"cut signature", []string{"Bearer " + signed[:len(signed)-1]}, false, false},
		{"in quotes", []string{`Bearer "` + signed + `"`}, false, false},
		{"no token", []string{"Bearer"}, false, false},
		{"blank token", []string{"Bearer  "}, false, false},
		{"broken percent", []string{"Bearer %zz.%"}, false, false},
		{"a percent and no dot", []string{"Bearer abc%20"}, false, false},
		{"a token no server makes", []string{"Bearer a b"}, false, false},
		{"too long a token", []string{"Bearer " + strings.Repeat("a", maxTokenLength+1)}, false, false},
		{"NUL", []string{"Bearer \x00"}, false, false},
		{"invalid UTF-8", []string{"Bearer \xff"}, false, false},
		{"their JWT", []string{"Bearer eyJh.eyJz.c2ln"}, false, false},
		{"Basic", []string{"Basic " + strayToken}, false, false},
		{"a scheme that begins alike", []string{"Bearerish " + strayToken}, false, false},
		{"behind a comma", []string{"Basic x, Bearer " + strayToken}, false, false},
		{"on a second line", []string{"Basic abc", "Bearer " + strayToken}, true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &http.Request{Header: http.Header{"Authorization": tt.lines}}
			s := newTestSessions(t)
			if got := s.bearerToken(r).Token == strayToken; got != tt.want {
				t.Errorf("counts: %t, want %t", got, tt.want)
			}
			s.requireSignedBearer = true
			if got := s.bearerToken(r).Token == strayToken; got != (tt.want && !tt.unsigned) {
				t.Errorf("counts although a signature is required: %t", got)
			}
		})
	}
}

// FuzzBearer: a token that counts is either a plain one or one we signed, and then it does not reach the application.
func FuzzBearer(f *testing.F) {
	signed := strayToken + "." + straySignature
	for _, seed := range []string{"Bearer " + strayToken, "bearer " + signed, "BEARER " + EscapeComponent(signed), "Bearer", "Bearer .", "Bearer %", "Bearer %2e", "Basic abc", "Bearer \x00\xff", "Bearer " + strings.Repeat("a", 300)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		s := newTestSessions(t)
		h := http.Header{"Authorization": {line}}
		token := string(s.bearerToken(&http.Request{Header: h}).Token)
		if token != "" && !isToken(token) && !signs(s.cookies.keys, line[len("bearer "):], token) && !signs(s.cookies.keys, "x="+strings.TrimSpace(line[len("bearer "):]), token) {
			t.Errorf("%q counts as %q", line, token)
		}
		s.Conceal(h)
		kept := len(h["Authorization"]) > 0
		if kept == (token != "") {
			t.Errorf("%q counts as %q and reaches the application: %t", line, token, kept)
		}
		if kept && !slices.Equal(h["Authorization"], []string{line}) {
			t.Errorf("%q reaches the application as %q", line, h["Authorization"])
		}
	})
}
