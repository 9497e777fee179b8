package cluster

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"
)

const (
	// timeout bounds a request, beside the context of who asks.
	timeout = 10 * time.Second
	// maxAnswer is more than any object has: etcd takes 1.5 MiB.
	maxAnswer = 8 << 20

	mediaJSON      = "application/json"
	mediaJSONPatch = "application/json-patch+json"
	// mediaMetadata asks for an object without its content: https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches
	mediaMetadata = "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1"
)

// Client asks one API server.
type Client struct {
	base      string
	tokenFile string
	http      *http.Client
}

// New opens nothing. address is https://host:port; the files are read again for each request and each connection, since they are renewed.
func New(address, tokenFile, caFile string) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" {
		return nil, fmt.Errorf("%q is no address of an API server, as in https://10.0.0.1:6443", address)
	}
	return &Client{
		base: strings.TrimSuffix(address, "/"), tokenFile: tokenFile,
		http: &http.Client{
			Timeout: timeout,
			Transport: &http.Transport{
				MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Minute,
				DialTLSContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
					pool, err := authorities(caFile)
					if err != nil {
						return nil, err
					}
					return (&tls.Dialer{Config: &tls.Config{RootCAs: pool, ServerName: u.Hostname(), MinVersion: tls.VersionTLS12}}).DialContext(ctx, network, addr)
				},
			},
			// A token goes to the API server and nowhere else.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

func authorities(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read authorities of the API server: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s has no certificate", file)
	}
	return pool, nil
}

// Refusal is an answer other than success.
type Refusal struct {
	Code    int
	Message string
}

func (e *Refusal) Error() string {
	return fmt.Sprintf("the API server answers %d: %s", e.Code, e.Message)
}

// answered tells whether err is an answer with that code.
func answered(err error, code int) bool {
	var refusal *Refusal
	return errors.As(err, &refusal) && refusal.Code == code
}

// call sends a request and reads the answer into into, unless that is nil.
func (c *Client) call(ctx context.Context, method, path, media string, body, into any, accept string) error {
	var content io.Reader = http.NoBody
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return fmt.Errorf("write request: %w", err)
		}
		content = bytes.NewReader(text)
	}
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, content)
	if err != nil {
		return err
	}
	token, err := os.ReadFile(c.tokenFile)
	if err != nil {
		return fmt.Errorf("read token: %w", err)
	}
	r.Header.Set("Authorization", "Bearer "+strings.TrimSpace(string(token)))
	r.Header.Set("Accept", accept)
	r.Header.Set("User-Agent", "postern-injector")
	if body != nil {
		r.Header.Set("Content-Type", media)
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	if resp.StatusCode >= 300 {
		status := struct{ Message string }{resp.Status}
		_ = json.Unmarshal(text, &status) // else the status line has to do
		return &Refusal{resp.StatusCode, status.Message}
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(text, into)
}

func (c *Client) get(ctx context.Context, path string, into any) error {
	return c.call(ctx, http.MethodGet, path, "", nil, into, mediaJSON)
}

func path(parts ...string) string {
	var out strings.Builder
	for _, part := range parts {
		out.WriteString("/" + url.PathEscape(part))
	}
	return out.String()
}
