package mail_test

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"fmt"
	"io"
	"math/big"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// smtpServer speaks as much of RFC 5321 as a client that delivers one letter needs, with STARTTLS (RFC 3207), implicit TLS
// (RFC 8314) and AUTH PLAIN (RFC 4616), over real sockets.
type smtpServer struct {
	implicit bool
	noTLS    bool
	password string // AUTH is offered, and only with this one accepted
	// answers replaces the answer to a command, by its verb: "" is the greeting, "." the end of the letter. "hang" waits for
	// the client to go, "cut" closes the connection.
	answers map[string]string

	host string
	port int
	pool *x509.CertPool
	cert tls.Certificate

	mu      sync.Mutex
	letters []smtpLetter
	seen    []string // commands, without secrets' values
}

type smtpLetter struct {
	from, to, data string
	encrypted      bool
	user           string
}

func startSMTP(t *testing.T, s *smtpServer) *smtpServer {
	t.Helper()
	s.cert, s.pool = certificate(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().(*net.TCPAddr)
	s.host, s.port = address.IP.String(), address.Port
	if s.implicit {
		listener = tls.NewListener(listener, &tls.Config{Certificates: []tls.Certificate{s.cert}})
	}
	var conversations sync.WaitGroup
	conversations.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			conversations.Go(func() {
				defer conn.Close()
				(&smtpConversation{server: s, conn: conn, in: bufio.NewReader(conn), encrypted: s.implicit}).run()
			})
		}
	})
	t.Cleanup(func() {
		listener.Close()
		conversations.Wait()
	})
	return s
}

func (s *smtpServer) received() []smtpLetter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]smtpLetter(nil), s.letters...)
}

func (s *smtpServer) saw(verb string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, seen := range s.seen {
		if seen == verb {
			return true
		}
	}
	return false
}

type smtpConversation struct {
	server    *smtpServer
	conn      net.Conn
	in        *bufio.Reader
	encrypted bool
	letter    smtpLetter
}

// run holds the conversation until one side ends it.
func (c *smtpConversation) run() {
	if !c.say("", "220 test.example ESMTP") {
		return
	}
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return
		}
		verb, rest, _ := strings.Cut(strings.TrimRight(line, "\r\n"), " ")
		verb = strings.ToUpper(verb)
		c.server.mu.Lock()
		c.server.seen = append(c.server.seen, verb)
		c.server.mu.Unlock()
		if !c.handle(verb, rest) {
			return
		}
	}
}

func (c *smtpConversation) handle(verb, rest string) bool {
	switch verb {
	case "EHLO":
		return c.say(verb, c.extensions())
	case "STARTTLS":
		return c.say(verb, "220 go ahead") && c.startTLS()
	case "AUTH":
		return c.say(verb, c.authenticate(rest))
	case "MAIL":
		c.letter.from = rest
		return c.say(verb, "250 ok")
	case "RCPT":
		c.letter.to = rest
		return c.say(verb, "250 ok")
	case "DATA":
		return c.say(verb, "354 go ahead") && (c.server.answers[verb] != "" || c.data())
	case "QUIT":
		c.say(verb, "221 bye")
		return false
	default: // NOOP, RSET
		return c.say(verb, "250 ok")
	}
}

func (c *smtpConversation) extensions() string {
	lines := []string{"test.example"}
	if !c.encrypted && !c.server.noTLS {
		lines = append(lines, "STARTTLS")
	}
	if c.server.password != "" {
		lines = append(lines, "AUTH PLAIN")
	}
	lines = append(lines, "8BITMIME", "ENHANCEDSTATUSCODES")
	return "250-" + strings.Join(lines[:len(lines)-1], "\r\n250-") + "\r\n250 " + lines[len(lines)-1]
}

func (c *smtpConversation) startTLS() bool {
	conn := tls.Server(c.conn, &tls.Config{Certificates: []tls.Certificate{c.server.cert}})
	if conn.Handshake() != nil {
		return false
	}
	c.conn, c.in, c.encrypted = conn, bufio.NewReader(conn), true
	return true
}

func (c *smtpConversation) authenticate(arguments string) string {
	response, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(arguments, "PLAIN "))
	parts := strings.Split(string(response), "\x00")
	if err != nil || len(parts) != 3 || parts[2] != c.server.password {
		return "535 5.7.8 authentication credentials invalid"
	}
	c.letter.user = parts[1]
	return "235 2.7.0 welcome"
}

func (c *smtpConversation) data() bool {
	var data strings.Builder
	for {
		line, err := c.in.ReadString('\n')
		if err != nil {
			return false
		}
		if line == ".\r\n" {
			break
		}
		data.WriteString(strings.TrimPrefix(line, ".")) // RFC 5321 §4.5.2
	}
	c.letter.data, c.letter.encrypted = data.String(), c.encrypted
	if c.server.answers["."] == "" {
		c.server.mu.Lock()
		c.server.letters = append(c.server.letters, c.letter)
		c.server.mu.Unlock()
	}
	return c.say(".", "250 2.0.0 taken")
}

// say answers a command, or does what the test wants instead, and tells whether the conversation goes on.
func (c *smtpConversation) say(verb, answer string) bool {
	if replaced, ok := c.server.answers[verb]; ok {
		answer = replaced
	}
	switch answer {
	case "cut":
		return false
	case "hang":
		_, _ = io.Copy(io.Discard, c.conn)
		return false
	}
	_, err := fmt.Fprintf(c.conn, "%s\r\n", answer)
	return err == nil
}

// certificate makes one for 127.0.0.1, and the pool that trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}
