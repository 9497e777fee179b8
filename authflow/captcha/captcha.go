package captcha

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/posternhq/postern/authflow"
)

const (
	timeout          = 10 * time.Second // better-auth's
	maxResponseBytes = 8 << 10          // of what clients send; Turnstile's has 2 KiB at most, reCAPTCHA's some more
	maxAnswerBytes   = 64 << 10
)

// Verifier asks one service. It is safe for concurrent use.
type Verifier struct {
	cfg    Config
	http   *http.Client
	logger *slog.Logger
}

var _ authflow.Challenge = (*Verifier)(nil)

// New returns the Verifier of a valid configuration. client follows no redirects. A nil logger logs nothing.
func New(cfg Config, client *http.Client, logger *slog.Logger) *Verifier {
	if logger == nil {
		logger = slog.New(slog.DiscardHandler)
	}
	return &Verifier{cfg: cfg, http: client, logger: logger}
}

// Guards tells whether an endpoint is one of the configured; see authflow.Challenge.
func (v *Verifier) Guards(endpoint string) bool {
	return slices.ContainsFunc(v.cfg.Endpoints, func(pattern string) bool {
		ok, err := path.Match(pattern, endpoint)
		return err == nil && ok
	})
}

// verdict is what services say. Score is reCAPTCHA v3's alone.
type verdict struct {
	Success    bool     `json:"success"`
	Score      *float64 `json:"score"`
	Action     string   `json:"action"`
	Hostname   string   `json:"hostname"`
	ErrorCodes []string `json:"error-codes"`
}

// Check has the service judge; see authflow.Challenge.
func (v *Verifier) Check(ctx context.Context, response string, client netip.Addr) error {
	if len(response) > maxResponseBytes {
		return authflow.ErrCaptchaFailed
	}
	said, err := v.ask(ctx, response, client)
	if err != nil {
		return authflow.ErrCaptchaUnknown.Because(err)
	}
	if why := v.objection(said); why != "" {
		v.logger.LogAttrs(ctx, slog.LevelWarn, "captcha not passed", slog.String("provider", v.cfg.Provider), slog.String("reason", why), slog.Any("error_codes", said.ErrorCodes))
		return authflow.ErrCaptchaFailed
	}
	return nil
}

// objection is why a verdict does not let a request pass, or "".
func (v *Verifier) objection(said verdict) string {
	named := v.cfg.Provider == Turnstile || v.cfg.Provider == ReCAPTCHA
	switch {
	case !said.Success:
		return "refused"
	case v.cfg.Provider == ReCAPTCHA && said.Score != nil && *said.Score < v.cfg.MinScore:
		return "score"
	case named && v.cfg.ExpectedAction != "" && said.Action != v.cfg.ExpectedAction:
		return "action"
	case named && len(v.cfg.AllowedHostnames) > 0 && !slices.Contains(v.cfg.AllowedHostnames, said.Hostname):
		return "hostname"
	}
	return ""
}

func (v *Verifier) ask(ctx context.Context, response string, client netip.Addr) (said verdict, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	body, media := v.question(response, client)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, cmp.Or(v.cfg.SiteVerifyURL, siteVerify[v.cfg.Provider]), body)
	if err != nil {
		return said, fmt.Errorf("ask the captcha service: %w", err)
	}
	r.Header.Set("Content-Type", media)
	answer, err := v.http.Do(r)
	if err != nil {
		return said, fmt.Errorf("ask the captcha service: %w", err)
	}
	defer func() { _ = answer.Body.Close() }() // it has been read
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		return said, fmt.Errorf("ask the captcha service: status %d", answer.StatusCode)
	}
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswerBytes+1))
	if err == nil && len(text) > maxAnswerBytes {
		err = errors.New("answer is too long")
	}
	if err == nil {
		err = json.Unmarshal(text, &said)
	}
	if err != nil {
		return verdict{}, fmt.Errorf("read the captcha service's answer: %w", err)
	}
	return said, nil
}

// question is what a service wants to know, in the form that each takes.
func (v *Verifier) question(response string, client netip.Addr) (body io.Reader, media string) {
	address := "remoteip"
	if v.cfg.Provider == CaptchaFox {
		address = "remoteIp"
	}
	fields := map[string]string{"secret": v.cfg.SecretKey, "response": response}
	if client.IsValid() {
		fields[address] = client.Unmap().WithZone("").String()
	}
	if v.cfg.SiteKey != "" && (v.cfg.Provider == HCaptcha || v.cfg.Provider == CaptchaFox) {
		fields["sitekey"] = v.cfg.SiteKey
	}
	if v.cfg.Provider == Turnstile {
		text, _ := json.Marshal(fields) // a map of strings
		return bytes.NewReader(text), "application/json"
	}
	form := url.Values{}
	for name, value := range fields {
		form.Set(name, value)
	}
	return strings.NewReader(form.Encode()), "application/x-www-form-urlencoded"
}
