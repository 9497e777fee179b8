package audit_test

import (
	"bufio"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/posternhq/postern/authflow"
	"github.com/posternhq/postern/authflow/audit"
	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

// collector plays the system that events are posted to. It keeps each batch, and may claim not to have.
type collector struct {
	*httptest.Server
	mu      sync.Mutex
	batches []audit.Batch
	fail    int // how many answers still say 503
}

func newCollector(t *testing.T) *collector {
	c := &collector{}
	c.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c.mu.Lock()
		defer c.mu.Unlock()
		body, err := io.ReadAll(r.Body)
		var b audit.Batch
		if err == nil {
			err = json.Unmarshal(body, &b)
		}
		if err != nil || r.Header.Get("Idempotency-Key") != b.Hash {
			t.Errorf("batch %s: %v", body, err)
		}
		mac := hmac.New(sha256.New, []byte("the hook's secret"))
		mac.Write([]byte(r.Header.Get("X-Postern-Timestamp") + "." + string(body)))
		if r.Header.Get("X-Postern-Signature") != hex.EncodeToString(mac.Sum(nil)) {
			t.Errorf("signature %s", r.Header.Get("X-Postern-Signature"))
		}
		c.batches = append(c.batches, b)
		if c.fail > 0 {
			c.fail--
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}))
	t.Cleanup(c.Close)
	return c
}

func (c *collector) streamer(r *audit.Recorder) *audit.Streamer {
	return audit.NewStreamer(r, audit.Webhook{URL: c.URL, Secret: "the hook's secret", Client: c.Client()}, nil)
}

// seen are the requests' ids in the order in which they arrived, by seal.
func (c *collector) seen() (lines []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, b := range c.batches {
		line := fmt.Sprint(b.Seal, ":")
		for _, e := range b.Events {
			line += " " + e.RequestID
		}
		lines = append(lines, line)
	}
	return lines
}

func once(t *testing.T, s *audit.Streamer, want int) error {
	t.Helper()
	n, err := s.Once(t.Context())
	if n != want {
		t.Errorf("%d batches were delivered, want %d (%v)", n, want, err)
	}
	return err
}

func TestEachBatchArrivesAtLeastOnceAndInOrder(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []sessionstore.MigrationSet{audit.Migrations()}, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		r := sealing(t, store, clock, nil)
		recordSome(t, r, clock, 1)
		seal(t, r)
		c := newCollector(t)
		one, two := c.streamer(r), c.streamer(sealing(t, store, clock, nil))
		if err := once(t, one, 0); err != nil { // what was before there was a stream stays where it is
			t.Fatal(err)
		}
		for range 3 {
			recordSome(t, r, clock, 2)
			seal(t, r)
		}
		c.fail = 1
		if err := once(t, one, 0); err == nil {
			t.Error("a refusal is no error")
		}
		if err := once(t, two, 0); err != nil { // the other one holds the cursor
			t.Fatal(err)
		}
		if err := once(t, one, 3); err != nil {
			t.Fatal(err)
		}
		// The one that held it is gone: in a while another goes on where it was.
		recordSome(t, r, clock, 1)
		seal(t, r)
		if err := once(t, two, 0); err != nil {
			t.Fatal(err)
		}
		clock.Advance(2 * time.Minute)
		if err := once(t, two, 1); err != nil {
			t.Fatal(err)
		}
		want := "2: r0 r1, 2: r0 r1, 3: r0 r1, 4: r0 r1, 5: r0"
		if got := strings.Join(c.seen(), ", "); got != want {
			t.Errorf("arrived %s, want %s", got, want)
		}
	})
}

func TestStreamingGoesOnUntilItIsEnded(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []sessionstore.MigrationSet{audit.Migrations()}, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		r := sealing(t, store, clock, nil)
		c := newCollector(t)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { _ = c.streamer(r).Run(ctx) })
		cancel()
		running.Wait()
	})
}

// logHost plays a syslog receiver over TCP: it takes messages framed by their length.
func logHost(t *testing.T) (address *url.URL, messages chan string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	messages = make(chan string, 100)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go readMessages(conn, messages)
		}
	}()
	return &url.URL{Scheme: "tcp", Host: listener.Addr().String()}, messages
}

func readMessages(conn net.Conn, messages chan<- string) {
	defer func() { _ = conn.Close() }()
	in := bufio.NewReader(conn)
	for {
		length, err := in.ReadString(' ')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(length, " "))
		if err != nil {
			messages <- "no length: " + length
			return
		}
		text := make([]byte, n)
		if _, err := io.ReadFull(in, text); err != nil {
			return
		}
		messages <- string(text)
	}
}

// header is RFC 5424 §6: <PRI>VERSION TIMESTAMP HOSTNAME APP-NAME PROCID MSGID [structured data].
var header = regexp.MustCompile(`^<(\d+)>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z \S+ postern \d+ (\S+) \[postern@32473( [a-z_]+="(?:[^"\\\]]|\\["\\\]])*")+\]$`)

func TestSyslogMessagesAreWhatTheStandardSays(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []sessionstore.MigrationSet{audit.Migrations()}, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		r := sealing(t, store, clock, nil)
		address, messages := logHost(t)
		s := audit.NewStreamer(r, audit.Syslog{Address: address}, nil)
		if err := once(t, s, 0); err != nil {
			t.Fatal(err)
		}
		hostile := authflow.Event{
			Name: authflow.EventSignInFailed, Outcome: authflow.OutcomeFailure, Account: `a"]\b@people.test`, UserAgent: "x\n<13>1 - - evil - - [forged event=\"sign_in\"]\x00",
		}
		if err := r.Record(t.Context(), nil, hostile); err != nil {
			t.Fatal(err)
		}
		if err := r.Record(t.Context(), nil, signIn()); err != nil {
			t.Fatal(err)
		}
		seal(t, r)
		if err := once(t, s, 1); err != nil {
			t.Fatal(err)
		}
		all := <-messages + "\n" + <-messages
		for _, message := range strings.Split(all, "\n") {
			if m := header.FindStringSubmatch(message); m == nil || (m[1] != "108" && m[1] != "110") {
				t.Errorf("message %s", message)
			}
		}
		for _, want := range []string{"<108>1 ", "<110>1 ", ` sign_in_failed [postern`, `account="a\"\]\\b@people.test"`, `user_id="u1"`, ` seal="1" seal_hash="`} {
			if !strings.Contains(all, want) {
				t.Errorf("%s is missing in %s", want, all)
			}
		}
	})
}

func TestAReceiverThatClosesHasNothing(t *testing.T) {
	t.Parallel()
	storetest.Each(t, []sessionstore.MigrationSet{audit.Migrations()}, func(t *testing.T, store *sessionstore.Store) {
		clock := storetest.NewClock()
		r := sealing(t, store, clock, nil)
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = listener.Close() }()
		go func() {
			for {
				conn, err := listener.Accept()
				if err != nil {
					return
				}
				_ = conn.Close()
			}
		}()
		s := audit.NewStreamer(r, audit.Syslog{Address: &url.URL{Scheme: "tcp", Host: listener.Addr().String()}}, nil)
		if err := once(t, s, 0); err != nil {
			t.Fatal(err)
		}
		recordSome(t, r, clock, 1)
		seal(t, r)
		if err := once(t, s, 0); err == nil {
			t.Error("a batch that nobody took counts as delivered")
		}
		address, messages := logHost(t)
		if err := once(t, audit.NewStreamer(r, audit.Syslog{Address: address}, nil), 0); err != nil {
			t.Fatal(err) // the first still holds the cursor
		}
		clock.Advance(2 * time.Minute)
		if err := once(t, audit.NewStreamer(r, audit.Syslog{Address: address}, nil), 1); err != nil {
			t.Fatal(err)
		}
		if m := <-messages; !strings.Contains(m, `request_id="r0"`) {
			t.Errorf("message %s", m)
		}
	})
}

func TestStreamMistakesAreNamed(t *testing.T) {
	t.Parallel()
	good := audit.Config{SealInterval: 10 * time.Second, Stream: audit.StreamConfig{WebhookURL: "https://siem.example.com/x", Syslog: "tls://logs.example.com:6514"}}
	if err := good.Validate(); err != nil {
		t.Error(err)
	}
	for _, syslog := range []string{"udp://logs:514", "logs:514", "tls://logs", "http://logs:1"} {
		bad := audit.Config{SigningKey: "short", Retention: time.Minute, SealInterval: time.Hour, Stream: audit.StreamConfig{WebhookURL: "siem", Syslog: syslog}}
		err := bad.Validate()
		for _, want := range []string{"retention:", "seal_interval:", "signing_secret:", "stream.webhook_url:", "stream.syslog:"} {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s is missing in %v", want, err)
			}
		}
	}
}
