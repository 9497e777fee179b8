package attack

import (
	"bufio"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

const (
	dialTimeout  = 10 * time.Second
	maxBodyBytes = 1 << 20
)

// errNoAnswer means that the connection was closed without one.
var errNoAnswer = errors.New("no answer")

// request is one as it goes over the wire: nothing is added to it but Host, where it has none, and an end.
type request struct {
	method string // empty: GET
	target string
	header []string // lines
	body   string
	host   string // empty: the target's
	raw    string // instead of all that
}

func (r request) String() string {
	if r.raw != "" {
		return fmt.Sprintf("%.60q", r.raw)
	}
	text := r.verb() + " " + r.target
	if r.host != "" {
		text += " at " + r.host
	}
	if len(r.header) > 0 {
		text += " with " + strings.Join(r.header, ", ")
	}
	if len(text) > 160 {
		text = text[:160] + "…"
	}
	return text
}

func (r request) verb() string {
	if r.method == "" {
		return http.MethodGet
	}
	return r.method
}

func (r request) bytes(host string) string {
	if r.raw != "" {
		return strings.ReplaceAll(r.raw, "HOST", host)
	}
	if r.host != "" {
		host = r.host
	}
	var out strings.Builder
	out.WriteString(r.verb() + " " + r.target + " HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n")
	if !slices.ContainsFunc(r.header, func(line string) bool { return strings.HasPrefix(line, "User-Agent:") }) {
		out.WriteString("User-Agent: postern-attack\r\n")
	}
	for _, line := range r.header {
		out.WriteString(line + "\r\n")
	}
	if r.body != "" {
		fmt.Fprintf(&out, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(r.body))
	}
	out.WriteString("\r\n" + r.body)
	return out.String()
}

type answer struct {
	status int
	header http.Header
	body   string
	more   string // what came after the first answer
}

// send sends a request on a connection of its own and reads the first answer.
func (a *attacker) send(r request) (answer, error) {
	conn, err := a.dial()
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = conn.Close() }() // it has been read
	if err := conn.SetDeadline(time.Now().Add(dialTimeout)); err != nil {
		return answer{}, err
	}
	if _, err := io.WriteString(conn, r.bytes(a.URL.Host)); err != nil {
		return answer{}, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	in := bufio.NewReader(conn)
	response, err := http.ReadResponse(in, &http.Request{Method: r.verb()})
	if err != nil {
		return answer{}, fmt.Errorf("%w: %w", errNoAnswer, err)
	}
	body, _ := io.ReadAll(io.LimitReader(response.Body, maxBodyBytes)) // what came is judged
	got := answer{status: response.StatusCode, header: response.Header, body: string(body)}
	if r.raw != "" {
		rest, _ := io.ReadAll(io.LimitReader(in, maxBodyBytes)) // a second answer, if there is one
		got.more = string(rest)
	}
	return got, nil
}

func (a *attacker) dial() (net.Conn, error) {
	address := a.URL.Host
	if a.URL.Port() == "" {
		address = net.JoinHostPort(a.URL.Hostname(), map[bool]string{true: "443", false: "80"}[a.URL.Scheme == "https"])
	}
	dialer := &net.Dialer{Timeout: dialTimeout}
	if a.URL.Scheme == "https" {
		return (&tls.Dialer{NetDialer: dialer, Config: &tls.Config{InsecureSkipVerify: a.Insecure, NextProtos: []string{"http/1.1"}}}).DialContext(a.ctx, "tcp", address)
	}
	return dialer.DialContext(a.ctx, "tcp", address)
}
