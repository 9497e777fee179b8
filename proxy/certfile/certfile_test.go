package certfile

import (
	"crypto/tls"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/posternhq/postern/test/harness"
)

// made returns a certificate for name and its key in PEM.
func made(t *testing.T, name string, notAfter time.Time) (certificate, key []byte) {
	t.Helper()
	c := harness.NewCertificate(t, name, notAfter)
	return c.Cert, c.Key
}

func write(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func inUse(t *testing.T, p *Pair) string {
	t.Helper()
	certificate, err := p.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	return certificate.Leaf.Subject.CommonName
}

// volume mounts files as Kubernetes does: the files are links to ..data/name, and ..data is a link that is swapped.
type volume string

func (v volume) path(name string) string { return filepath.Join(string(v), name) }

func (v volume) publish(t *testing.T, version string, contents map[string][]byte) {
	t.Helper()
	if err := os.Mkdir(v.path(version), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, content := range contents {
		write(t, filepath.Join(v.path(version), name), content)
		_ = os.Symlink(filepath.Join("..data", name), v.path(name)) // it is there the second time
	}
	if err := os.Symlink(version, v.path("..data_tmp")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(v.path("..data_tmp"), v.path("..data")); err != nil {
		t.Fatal(err)
	}
}

func TestSwappedLinksAreNoticed(t *testing.T) {
	t.Parallel()
	mounted := volume(t.TempDir())
	never := time.Now().Add(time.Hour)
	first, firstKey := made(t, "first", never)
	second, secondKey := made(t, "second", never)
	mounted.publish(t, "1", map[string][]byte{"tls.crt": first, "tls.key": firstKey, "ca.crt": first})
	pair, err := LoadPair(mounted.path("tls.crt"), mounted.path("tls.key"))
	if err != nil {
		t.Fatal(err)
	}
	pool, err := LoadPool(mounted.path("ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	before := pool.Certificates()
	for _, f := range []File{pair, pool} {
		if changed, err := f.Reload(); changed || err != nil {
			t.Errorf("%s, unchanged: %v, %v", f, changed, err)
		}
	}
	mounted.publish(t, "2", map[string][]byte{"tls.crt": second, "tls.key": secondKey, "ca.crt": second})
	for _, f := range []File{pair, pool} {
		if changed, err := f.Reload(); !changed || err != nil {
			t.Errorf("%s, swapped: %v, %v", f, changed, err)
		}
	}
	if got := inUse(t, pair); got != "second" || pool.Certificates().Equal(before) {
		t.Errorf("in use: %s", got)
	}
}

func TestABrokenFileChangesNothing(t *testing.T) {
	t.Parallel()
	never := time.Now().Add(time.Hour)
	good, goodKey := made(t, "good", never)
	_, otherKey := made(t, "other", never)
	old, oldKey := made(t, "expired", time.Now().Add(-time.Hour))
	fresh, freshKey := made(t, "fresh", never)
	dir := t.TempDir()
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	write(t, certFile, good)
	write(t, keyFile, goodKey)
	pair, err := LoadPair(certFile, keyFile)
	if err != nil {
		t.Fatal(err)
	}
	for name, broken := range map[string][2][]byte{
		"empty": {nil, nil}, "cut": {good[:len(good)/2], goodKey}, "another's key": {good, otherKey},
		"the wrong way round": {goodKey, good}, "expired": {old, oldKey},
	} {
		write(t, certFile, broken[0])
		write(t, keyFile, broken[1])
		for range 2 { // asked again, it says so again
			if changed, err := pair.Reload(); changed || err == nil || !strings.Contains(err.Error(), certFile) {
				t.Errorf("%s: %v, %v", name, changed, err)
			}
		}
		if got := inUse(t, pair); got != "good" {
			t.Errorf("%s: %s is in use", name, got)
		}
	}
	if err := os.Remove(keyFile); err != nil {
		t.Fatal(err)
	}
	if changed, err := pair.Reload(); changed || err == nil || !strings.Contains(err.Error(), keyFile) {
		t.Errorf("no key: %v, %v", changed, err)
	}
	write(t, certFile, fresh)
	write(t, keyFile, freshKey)
	if changed, err := pair.Reload(); !changed || err != nil || inUse(t, pair) != "fresh" {
		t.Errorf("mended: %v, %v, %s", changed, err, inUse(t, pair))
	}
}

func TestWhatCannotBeUsedIsNotLoaded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	certificate, key := made(t, "expired", time.Now().Add(-time.Hour))
	certFile, keyFile := filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	if _, err := LoadPair(certFile, keyFile); err == nil {
		t.Error("files that are not there were loaded")
	}
	if _, err := LoadPool(certFile); err == nil {
		t.Error("a file that is not there was loaded")
	}
	write(t, certFile, key)
	if _, err := LoadPool(certFile); err == nil {
		t.Error("a key was taken for authorities")
	}
	write(t, certFile, certificate)
	write(t, keyFile, key)
	pair, err := LoadPair(certFile, keyFile) // what else is there to start with
	if err != nil {
		t.Fatal(err)
	}
	if !pair.NotAfter().Before(time.Now()) {
		t.Errorf("expires at %s", pair.NotAfter())
	}
	if shown, err := pair.GetClientCertificate(new(tls.CertificateRequestInfo)); err != nil || shown.Leaf.Subject.CommonName != "expired" {
		t.Errorf("shown: %v, %v", shown, err)
	}
}
