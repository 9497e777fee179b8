package harness

import (
	"bufio"
	"crypto/rand"
	"crypto/sha1"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// WebSocket speaks as much of RFC 6455 as short text messages need.
type WebSocket struct {
	conn   net.Conn
	reader *bufio.Reader
}

// WebSocket opens one with the client's cookies. An answer other than 101 is returned with an error.
func (c *Client) WebSocket(path string, edits ...Edit) (*WebSocket, *http.Response, error) {
	conn, err := net.Dial("tcp", strings.TrimPrefix(c.Base, "http://"))
	if err != nil {
		return nil, nil, err
	}
	s := &WebSocket{conn: conn, reader: bufio.NewReader(conn)}
	resp, err := s.open(c, path, edits)
	if err != nil {
		return nil, resp, errors.Join(err, conn.Close())
	}
	return s, resp, nil
}

// acceptGUID is RFC 6455 §1.3.
const acceptGUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"

func (s *WebSocket) open(c *Client, path string, edits []Edit) (*http.Response, error) {
	if err := s.conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		return nil, err
	}
	req, err := http.NewRequest(http.MethodGet, c.Base+path, http.NoBody)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, 16)
	_, _ = rand.Read(nonce) // fails never
	key := base64.StdEncoding.EncodeToString(nonce)
	for name, value := range map[string]string{
		"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": key, "Origin": c.Base,
	} {
		req.Header.Set(name, value)
	}
	for _, cookie := range c.http.Jar.Cookies(req.URL) {
		req.AddCookie(cookie)
	}
	for _, edit := range edits {
		edit(req)
	}
	if err := req.Write(s.conn); err != nil {
		return nil, err
	}
	resp, err := http.ReadResponse(s.reader, req)
	if err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return resp, errors.New("answered " + resp.Status)
	}
	sum := sha1.Sum([]byte(key + acceptGUID))
	if resp.Header.Get("Sec-WebSocket-Accept") != base64.StdEncoding.EncodeToString(sum[:]) {
		return resp, errors.New("answered another handshake")
	}
	return resp, nil
}

// Beginnings of final frames: RFC 6455 §5.2.
const (
	textFrame  = 0x81
	closeFrame = 0x88
	pingFrame  = 0x89
)

// Closed is a close frame: its status code (RFC 6455 §7.4.1).
type Closed uint16

func (c Closed) Error() string { return fmt.Sprintf("closed with %d", uint16(c)) }

// Send sends a text of less than 126 bytes, masked as clients must (RFC 6455 §5.3).
func (s *WebSocket) Send(text string) error {
	frame := []byte{textFrame, 0x80 | byte(len(text)), 0, 0, 0, 0}
	_, _ = rand.Read(frame[2:6]) // fails never
	for i := range len(text) {
		frame = append(frame, text[i]^frame[2+i%4])
	}
	_, err := s.conn.Write(frame)
	return err
}

// Receive returns the next text; Closed when the other side says goodbye instead. What a ping asks for is not sent.
func (s *WebSocket) Receive() (string, error) {
	for {
		text, err := s.receive()
		if !errors.Is(err, errPing) {
			return text, err
		}
	}
}

var errPing = errors.New("ping")

func (s *WebSocket) receive() (string, error) {
	var head [2]byte
	if _, err := io.ReadFull(s.reader, head[:]); err != nil {
		return "", err
	}
	length := uint16(head[1])
	if length == 126 {
		if err := binary.Read(s.reader, binary.BigEndian, &length); err != nil {
			return "", err
		}
	}
	payload := make([]byte, length)
	if _, err := io.ReadFull(s.reader, payload); err != nil {
		return "", err
	}
	switch {
	case head[0] == pingFrame:
		return "", errPing
	case head[0] == closeFrame && len(payload) >= 2:
		return "", Closed(binary.BigEndian.Uint16(payload))
	case head[0] != textFrame:
		return "", fmt.Errorf("got frame %x %q", head[0], payload)
	}
	return string(payload), nil
}

// Close drops the connection.
func (s *WebSocket) Close() error { return s.conn.Close() }
