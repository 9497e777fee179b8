package mail_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow/mail"
)

// startResend serves Resend's API by answer, and returns a Sender that uses it.
func startResend(t *testing.T, answer http.HandlerFunc) mail.Sender {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	config := validConfig()
	config.Resend.BaseURL = server.URL + "/resend"
	sender, err := mail.New(config, mail.Options{Now: func() time.Time { return time.Date(2026, 5, 1, 10, 0, 0, 0, time.UTC) }})
	if err != nil {
		t.Fatal(err)
	}
	return sender
}

func TestResendGetsTheWholeLetterUnderItsKey(t *testing.T) {
	t.Parallel()
	var (
		request *http.Request
		body    map[string]any
	)
	sender := startResend(t, func(w http.ResponseWriter, r *http.Request) {
		request = r.Clone(context.Background())
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			t.Errorf("body: %v", err)
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"id":"49a3999c-0ce1-4ea6-ab68-afcd6dc2e794"}`)
	})
	m := message()
	if err := sender.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	if request.Method != http.MethodPost || request.URL.Path != "/resend/emails" {
		t.Errorf("request was %s %s", request.Method, request.URL)
	}
	for header, want := range map[string]string{"Authorization": "Bearer re_test", "Idempotency-Key": m.Key, "Content-Type": "application/json"} {
		if got := request.Header.Get(header); got != want {
			t.Errorf("%s = %q, want %q", header, got, want)
		}
	}
	want := map[string]any{"from": "Example <no-reply@example.com>", "reply_to": "support@example.com", "to": []any{m.To},
		"subject": m.Subject, "text": m.Text, "html": m.HTML}
	if fmt.Sprint(body) != fmt.Sprint(want) {
		t.Errorf("body\n%v\nwant\n%v", body, want)
	}
}

func TestResendFailuresAreToldApart(t *testing.T) {
	t.Parallel()
	answer := func(status int, body string, headers ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for i := 0; i < len(headers); i += 2 {
				w.Header().Set(headers[i], headers[i+1])
			}
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	problem := `{"statusCode":0,"name":"some_error","message":"what is wrong"}`
	for name, row := range map[string]struct {
		answer    http.HandlerFunc
		permanent bool
		after     time.Duration
	}{
		"400 of a bad field":                   {answer(400, problem), true, 0},
		"422 of a bad field":                   {answer(422, problem), true, 0},
		"413 of a letter too large":            {answer(413, problem), true, 0},
		"401 of a missing key":                 {answer(401, problem), false, 0},
		"403 of an unverified domain":          {answer(403, problem), false, 0},
		"404 of a wrong base URL":              {answer(404, "not here"), false, 0},
		"408":                                  {answer(408, problem), false, 0},
		"409 of the same letter on its way":    {answer(409, problem), false, 0},
		"429 with seconds":                     {answer(429, problem, "Retry-After", "7"), false, 7 * time.Second},
		"429 with a date":                      {answer(429, problem, "Retry-After", "Fri, 01 May 2026 10:02:00 GMT"), false, 2 * time.Minute},
		"429 with a date gone by":              {answer(429, problem, "Retry-After", "Fri, 01 May 2026 09:00:00 GMT"), false, 0},
		"429 with nonsense":                    {answer(429, problem, "Retry-After", "-1"), false, 0},
		"500":                                  {answer(500, problem), false, 0},
		"502 in HTML":                          {answer(502, "<html>bad gateway</html>", "Content-Type", "text/html"), false, 0},
		"503 with seconds":                     {answer(503, "{", "Retry-After", "30"), false, 30 * time.Second},
		"200 that is not JSON":                 {answer(200, "<html>log in to the Wi-Fi</html>"), false, 0},
		"200 without an id":                    {answer(200, "{}"), false, 0},
		"200 that never ends its JSON":         {answer(200, `{"id":"`+strings.Repeat("x", 1<<20)), false, 0},
		"a redirect, which would take the key": {answer(302, "", "Location", "https://evil.example/"), false, 0},
		"a connection cut in the middle": {func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := startResend(t, row.answer).Send(t.Context(), message())
			if err == nil {
				t.Fatal("Send succeeded")
			}
			if got := errors.Is(err, mail.ErrPermanent); got != row.permanent {
				t.Errorf("permanent = %v, want %v: %v", got, row.permanent, err)
			}
			if after, _ := mail.RetryAfter(err); after != row.after {
				t.Errorf("RetryAfter = %v, want %v", after, row.after)
			}
			if strings.Contains(err.Error(), "re_test") || strings.Contains(err.Error(), "token=") {
				t.Errorf("error tells a secret: %v", err)
			}
		})
	}
}

func TestSlowResendIsLeftWhenTheContextEnds(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{})
	sender := startResend(t, func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		close(asked)
		<-r.Context().Done() // until the client has gone
	})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	err := sender.Send(ctx, message())
	if !errors.Is(err, context.Canceled) || errors.Is(err, mail.ErrPermanent) {
		t.Errorf("Send = %v, want a temporary error for a cancelled context", err)
	}
}

func TestResendIsNotAskedForALetterThatIsNotValid(t *testing.T) {
	t.Parallel()
	sender := startResend(t, func(http.ResponseWriter, *http.Request) { t.Error("Resend was asked") })
	m := message()
	m.To = "a@example.com\r\nBcc: v@example.com"
	if err := sender.Send(t.Context(), m); !errors.Is(err, mail.ErrPermanent) {
		t.Errorf("Send = %v, want ErrPermanent", err)
	}
}
