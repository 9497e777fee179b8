package wire

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// recorded is a request as the application got it.
type recorded struct {
	line    string   // the request line
	lines   []string // of the header, as they came
	body    string
	trailer []string
}

// values are those of every line whose name is the given one when all that is no letter or digit counts as "_", which is what CGI
// and its descendants make of names.
func (r recorded) values(name string) (found []string) {
	for _, line := range r.lines {
		sent, value, _ := strings.Cut(line, ":")
		if folded(sent) == folded(name) {
			found = append(found, strings.TrimSpace(value))
		}
	}
	return found
}

func folded(name string) string {
	return strings.Map(func(c rune) rune {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			return c
		}
		return '_'
	}, strings.ToLower(name))
}

// recorder is an application that knows no library. What is not HTTP/1.1 by the letter is a fault of whoever sent it.
type recorder struct {
	address string

	mu     sync.Mutex
	all    []recorded
	faults []string
	opened int
	answer func(recorded) string // nil answers 200 with "ok"
}

func startRecorder(t *testing.T) *recorder {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	rec := &recorder{address: listener.Addr().String()}
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			rec.mu.Lock()
			rec.opened++
			rec.mu.Unlock()
			go rec.serve(conn)
		}
	}()
	t.Cleanup(func() {
		rec.mu.Lock()
		defer rec.mu.Unlock()
		for _, fault := range rec.faults {
			t.Errorf("the application got what is no request: %s", fault)
		}
	})
	return rec
}

func (rec *recorder) serve(conn net.Conn) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for {
		request, err := readRequest(in)
		if err == io.EOF {
			return
		}
		rec.mu.Lock()
		if err != nil {
			if _, own := err.(fault); own {
				rec.faults = append(rec.faults, fmt.Sprintf("%v in %+v", err, request))
			}
			rec.mu.Unlock()
			return
		}
		rec.all = append(rec.all, request)
		answer := "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
		if rec.answer != nil {
			answer = rec.answer(request)
		}
		rec.mu.Unlock()
		if _, err := io.WriteString(conn, answer); err != nil {
			return
		}
	}
}

// under are the requests whose target begins with a path.
func (rec *recorder) under(path string) (found []recorded) {
	rec.mu.Lock()
	defer rec.mu.Unlock()
	for _, r := range rec.all {
		if _, target, _ := strings.Cut(r.line, " "); strings.HasPrefix(target, path) {
			found = append(found, r)
		}
	}
	return found
}

// only is the one request under a path.
func (rec *recorder) only(t *testing.T, path string) recorded {
	t.Helper()
	found := rec.under(path)
	if len(found) != 1 {
		t.Fatalf("the application got %d requests for %s: %+v", len(found), path, found)
	}
	return found[0]
}

// fault is what a client did wrong, not the network.
type fault string

func (f fault) Error() string { return string(f) }

// readRequest reads one request and forgives nothing (RFC 9112 §2 to §7). io.EOF means that there is none.
func readRequest(in *bufio.Reader) (r recorded, err error) {
	if _, err := in.Peek(1); err != nil {
		return r, io.EOF
	}
	if r.line, err = readLine(in); err != nil {
		return r, err
	}
	if parts := strings.Split(r.line, " "); len(parts) != 3 || parts[2] != "HTTP/1.1" {
		return r, fault("request line " + strconv.Quote(r.line))
	}
	if r.lines, err = readFields(in); err != nil {
		return r, err
	}
	length, coding := r.framing("Content-Length"), r.framing("Transfer-Encoding")
	switch {
	case len(length)+len(coding) > 1 || len(coding) == 1 && coding[0] != "chunked":
		return r, fault("framing in two ways")
	case len(coding) == 1:
		r.body, r.trailer, err = readChunks(in)
	case len(length) == 1:
		n, wrong := strconv.ParseUint(length[0], 10, 40)
		if wrong != nil {
			return r, fault("length " + length[0])
		}
		body := make([]byte, n)
		_, err = io.ReadFull(in, body)
		r.body = string(body)
	}
	return r, err
}

// framing are the values of a header that says where the message ends. Its exact name counts: who takes another for it is no
// server of HTTP.
func (r recorded) framing(name string) (found []string) {
	for _, line := range r.lines {
		if sent, value, _ := strings.Cut(line, ":"); strings.EqualFold(sent, name) {
			found = append(found, strings.TrimSpace(value))
		}
	}
	return found
}

func readLine(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return line, err
	}
	line, ended := strings.CutSuffix(line, "\r\n")
	if !ended || strings.ContainsAny(line, "\r\x00") {
		return line, fault("line " + strconv.Quote(line))
	}
	return line, nil
}

func readFields(in *bufio.Reader) (lines []string, err error) {
	for {
		line, err := readLine(in)
		if err != nil || line == "" {
			return lines, err
		}
		name, _, colon := strings.Cut(line, ":")
		if !colon || name == "" || strings.ContainsAny(name, " \t") {
			return lines, fault("field " + strconv.Quote(line))
		}
		lines = append(lines, line)
	}
}

func readChunks(in *bufio.Reader) (body string, trailer []string, err error) {
	for {
		line, err := readLine(in)
		if err != nil {
			return body, nil, err
		}
		size, err := strconv.ParseUint(line, 16, 40)
		if err != nil {
			return body, nil, fault("chunk " + strconv.Quote(line))
		}
		if size == 0 {
			trailer, err := readFields(in)
			return body, trailer, err
		}
		chunk := make([]byte, size)
		if _, err := io.ReadFull(in, chunk); err != nil {
			return body, nil, err
		}
		body += string(chunk)
		if end, err := readLine(in); err != nil || end != "" {
			return body, nil, fault("end of chunk " + strconv.Quote(end))
		}
	}
}
