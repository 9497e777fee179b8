package authority

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"sync"
	"testing"
	"time"
)

const name = "postern-injector.postern.svc"

var settings = Settings{Names: []string{name}, CALifetime: 90 * 24 * time.Hour, CertificateLifetime: 9 * 24 * time.Hour, Settle: 5 * time.Minute}

// store is a secret and a webhook's configuration in memory.
type store struct {
	mu        sync.Mutex
	data      map[string][]byte
	version   int
	published []byte
	saves     int
	down      bool
}

func (s *store) Load(context.Context) (map[string][]byte, string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.down {
		return nil, "", errors.New("no API server")
	}
	if s.data == nil {
		return nil, "", ErrNotFound
	}
	return maps.Clone(s.data), fmt.Sprint(s.version), nil
}

func (s *store) Save(_ context.Context, data map[string][]byte, version string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if (s.data == nil) != (version == "") || (s.data != nil && version != fmt.Sprint(s.version)) {
		return ErrConflict
	}
	s.data, s.version, s.saves = maps.Clone(data), s.version+1, s.saves+1
	return nil
}

func (s *store) Published(context.Context) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.published, nil
}

func (s *store) Publish(_ context.Context, before, bundle []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !bytes.Equal(before, s.published) {
		return ErrConflict
	}
	s.published = bundle
	return nil
}

// believes tells whether an API server that was told of bundle would accept what a keeper shows.
func believes(t *testing.T, bundle []byte, k *Keeper, now time.Time) error {
	t.Helper()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(bundle)
	shown, err := k.GetCertificate(nil)
	if err != nil {
		return err
	}
	_, err = shown.Leaf.Verify(x509.VerifyOptions{DNSName: name, Roots: pool, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}})
	return err
}

type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func look(t *testing.T, k *Keeper) {
	t.Helper()
	if err := k.Look(context.Background()); err != nil && !errors.Is(err, ErrConflict) {
		t.Fatal(err)
	}
}

// Three replicas look at different moments, and an API server always believes what it was told some minutes ago, through dozens of
// authorities and certificates.
func TestWhatIsShownIsBelievedThroughoutRotation(t *testing.T) {
	t.Parallel()
	hasty := Settings{Names: settings.Names, CALifetime: 5 * time.Hour, CertificateLifetime: 90 * time.Minute, Settle: 8 * time.Minute}
	s := &store{}
	c := &clock{time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}
	var replicas []*Keeper
	for range 3 {
		replicas = append(replicas, NewKeeper(hasty, s, slog.New(slog.DiscardHandler), c.now))
	}
	for _, k := range replicas {
		look(t, k)
	}
	bundles := map[string]bool{}
	heard := s.published // by an API server that is slow to hear
	for step := range 500 {
		c.at = c.at.Add(2 * time.Minute)
		look(t, replicas[step%3])
		for i, k := range replicas {
			if err := believes(t, heard, k, c.at); err != nil {
				t.Fatalf("%s: replica %d is not believed: %v", c.at, i, err)
			}
		}
		heard = s.published // two minutes late
		bundles[string(s.published)] = true
		if n := bytes.Count(s.published, []byte("BEGIN")); n > 2 {
			t.Fatalf("%s: %d authorities are believed", c.at, n)
		}
	}
	if len(bundles) < 7 {
		t.Errorf("only %d different bundles", len(bundles))
	}
}

func TestReplicasThatStartTogetherAgree(t *testing.T) {
	t.Parallel()
	s := &store{}
	var replicas []*Keeper
	var all sync.WaitGroup
	for range 10 {
		k := NewKeeper(settings, s, slog.New(slog.DiscardHandler), time.Now)
		replicas = append(replicas, k)
		all.Go(func() {
			for !k.Ready() {
				if err := k.Look(context.Background()); err != nil && !errors.Is(err, ErrConflict) {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	if s.saves != 1 {
		t.Errorf("written %d times", s.saves)
	}
	for _, k := range replicas {
		if err := believes(t, s.published, k, time.Now()); err != nil {
			t.Error(err)
		}
	}
}

func TestADeletedSecretComesBackAsItWas(t *testing.T) {
	t.Parallel()
	s := &store{}
	k := NewKeeper(settings, s, slog.New(slog.DiscardHandler), time.Now)
	look(t, k)
	before := maps.Clone(s.data)
	s.data = nil
	look(t, k)
	if !maps.EqualFunc(before, s.data, bytes.Equal) {
		t.Error("another secret")
	}
}

func TestASecretThatIsNoUseIsReplaced(t *testing.T) {
	t.Parallel()
	other := &store{}
	look(t, NewKeeper(settings, other, slog.New(slog.DiscardHandler), time.Now))
	for what, spoil := range map[string]func(map[string][]byte){
		"empty":         func(d map[string][]byte) { clear(d) },
		"no key":        func(d map[string][]byte) { delete(d, keyAuthorityKeys) },
		"another's key": func(d map[string][]byte) { d[keyAuthorityKeys] = other.data[keyAuthorityKeys] },
		"garbage":       func(d map[string][]byte) { d[keyBundle] = []byte("-----BEGIN CERTIFICATE-----\nAAAA\n") },
		"no match":      func(d map[string][]byte) { d[keyCertificateKey] = other.data[keyCertificateKey] },
	} {
		s := &store{}
		k := NewKeeper(settings, s, slog.New(slog.DiscardHandler), time.Now)
		look(t, k)
		spoil(s.data)
		fresh := NewKeeper(settings, s, slog.New(slog.DiscardHandler), time.Now) // one that remembers nothing
		look(t, fresh)
		if _, err := Decode(s.data); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if err := believes(t, s.published, fresh, time.Now()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestTheCertificateGoesOnWithoutAnAPIServer(t *testing.T) {
	t.Parallel()
	s := &store{}
	k := NewKeeper(settings, s, slog.New(slog.DiscardHandler), time.Now)
	if _, err := k.GetCertificate(nil); err == nil || k.Ready() {
		t.Error("a certificate out of nothing")
	}
	look(t, k)
	s.down = true
	if err := k.Look(context.Background()); err == nil {
		t.Error("no error")
	}
	if err := believes(t, s.published, k, time.Now()); err != nil || !k.Ready() {
		t.Error(err)
	}
}

func TestAnotherNameGetsAnotherAuthority(t *testing.T) {
	t.Parallel()
	s := &store{}
	look(t, NewKeeper(settings, s, slog.New(slog.DiscardHandler), time.Now))
	renamed := settings
	renamed.Names = []string{"other.postern.svc"}
	k := NewKeeper(renamed, s, slog.New(slog.DiscardHandler), time.Now)
	look(t, k)
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.published)
	shown, _ := k.GetCertificate(nil)
	if _, err := shown.Leaf.Verify(x509.VerifyOptions{DNSName: "other.postern.svc", Roots: pool}); err != nil {
		t.Error(err)
	}
}

// crypto/tls itself is asked, over a connection.
func TestAClientBelievesTheListener(t *testing.T) {
	t.Parallel()
	s := &store{}
	k := NewKeeper(settings, s, slog.New(slog.DiscardHandler), time.Now)
	look(t, k)
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	go func() {
		_ = tls.Server(there, &tls.Config{GetCertificate: k.GetCertificate, MinVersion: tls.VersionTLS13}).Handshake()
	}()
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(s.published)
	if err := tls.Client(here, &tls.Config{RootCAs: pool, ServerName: name, MinVersion: tls.VersionTLS13}).Handshake(); err != nil {
		t.Error(err)
	}
}
