package password

import (
	"errors"
	"net/netip"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"
)

// These are made by better-auth 1.7.25's hashPassword. The first password is spelled with compatibility characters (Ⅷ, ①, ﬁ, ２).
const (
	nodeHash    = "d06c7a02f20c7c953771a3916c26450b:84ed44120f5da15c3d5bf4a866a5ca2e0f068e4cc77f42334e36e6f3aa570c5e05628f90c6333c8fc6c4b0270230d734576121cc16e5958bdbc84c2ac29dfb91"
	nodeHashNUL = "163d519142fc69568f97af4af2de3c98:08d6516304f646fffff928b9d9226ee9f73460f9e4b5683123d46293ea6bb4de27695c3e6392bc8638ab1849d12164b102081606d58828c942ae886bfec765f0"
)

func TestHashesOfEveryFormatAreCompared(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, hash, password string
		want                 bool
	}{
		{"better-auth's, spelled in other characters of the same normal form", nodeHash, "VIII1fi2 password", true},
		{"better-auth's, with a NUL, key in upper case", nodeHashNUL[:33] + strings.ToUpper(nodeHashNUL[33:]), "nul\x00inside", true},
		{"better-auth's, another password", nodeHash, "VIII1fi2 Password", false},
		// The reference implementation's own vectors (phc-winner-argon2, test.c).
		{"argon2id", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "password", true},
		{"argon2id, two lanes", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc", "password", true},
		{"argon2id, another password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "Password", false},
		{"argon2id, the normal form counts", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4", "ｐassword", true},
		// OpenBSD's vectors.
		{"bcrypt", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc", true},
		{"bcrypt, as Python writes it", "$2b$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc", true},
		{"bcrypt, as PHP writes it", "$2y$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abc", true},
		{"bcrypt, another password", "$2a$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "abd", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := matches(tt.hash, tt.password)
			if got != tt.want || err != nil {
				t.Errorf("%t, %v", got, err)
			}
		})
	}
}

func TestHashesOfNoKnownFormatMatchNothing(t *testing.T) {
	t.Parallel()
	const salt, key = "c29tZXNhbHQ", "nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4"
	for _, hash := range []string{
		"", "plain", ":", nodeHash + "0", nodeHash[1+strings.IndexByte(nodeHash, ':'):], ":" + nodeHash[33:], "5f4dcc3b5aa765d61d8327deb882cf99",
		"$argon2i$v=19$m=256,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=18$m=256,t=2,p=1$" + salt + "$" + key,
		"$argon2id$m=256,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=4,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=1073741824,t=2,p=1$" + salt + "$" + key, // would take all memory there is
		"$argon2id$v=19$m=-256,t=2,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=256,t=0,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=256,t=1000000,p=1$" + salt + "$" + key,
		"$argon2id$v=19$m=256,t=2,p=0$" + salt + "$" + key,
		"$argon2id$v=19$m=256,t=2,p=257$" + salt + "$" + key,
		"$argon2id$v=19$m=256,t=2,p=1$" + salt + "$",
		"$argon2id$v=19$m=256,t=2,p=1$" + salt + "$c2hvcnQ",
		"$argon2id$v=19$m=256,t=2,p=1$!$" + key,
		"$argon2id$v=19$m=256,t=2,p=1$" + salt,
		"$2a$06$tooshort", "$2a$99$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i", "$2x$06$If6bvum7DFjUnE9p2uDeDu0YHzrHM6tf.iqN8.yx.jNN1ILEf7h0i",
	} {
		if ok, err := matches(hash, "password"); ok || err == nil {
			t.Errorf("%q: %t, %v", hash, ok, err)
		}
	}
	if _, err := matches("plain", "plain"); !errors.Is(err, errUnknownHash) {
		t.Errorf("%v", err)
	}
}

func TestNewHashesAreOfTheConfiguredFormat(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		algorithm Algorithm
		pattern   string
	}{
		{Scrypt, `^[0-9a-f]{32}:[0-9a-f]{128}$`},
		{Argon2id, `^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$`},
	} {
		t.Run(string(tt.algorithm), func(t *testing.T) {
			t.Parallel()
			hash, err := encode(tt.algorithm, "Ⅷ①ﬁ２ password")
			if err != nil || !regexp.MustCompile(tt.pattern).MatchString(hash) || formatOf(hash) != tt.algorithm {
				t.Fatalf("%q, %v", hash, err)
			}
			if ok, err := matches(hash, "VIII1fi2 password"); !ok || err != nil {
				t.Errorf("%t, %v", ok, err)
			}
		})
	}
	// A bcrypt hash of cost 12 takes seconds under the race detector; what is ours of it is shown by what it refuses at once.
	if _, err := encode(Bcrypt, strings.Repeat("a", bcryptMaxBytes+1)); !errors.Is(err, bcrypt.ErrPasswordTooLong) {
		t.Errorf("%v", err)
	}
}

func TestLengthIsCountedInUTF16(t *testing.T) {
	t.Parallel()
	for password, want := range map[string]int{"": 0, "abcdefgh": 8, "🔑🔑🔑🔑": 8, "éa\u0301": 3, "\x00": 1} {
		if got := units(password); got != want {
			t.Errorf("%q has %d units, want %d", password, got, want)
		}
	}
}

func TestBcryptIsNotGivenMoreThanItReads(t *testing.T) {
	t.Parallel()
	f := New(Config{Hash: string(Bcrypt), MinPasswordLength: 8, MaxPasswordLength: 72}, Deps{})
	for password, tooLong := range map[string]bool{
		strings.Repeat("a", 72):       false,
		strings.Repeat("a", 73):       true,
		strings.Repeat("é", 36):       false,
		strings.Repeat("é", 37):       true,
		strings.Repeat("\ufdfa", 8):   true, // 24 bytes, whose normal form has 264
		strings.Repeat("\u2167", 18):  false,
		strings.Repeat("\u2167", 19):  true,
		strings.Repeat("a\u0301", 24): false, // composing makes it shorter
	} {
		if got := f.tooLong(password); got != tooLong {
			t.Errorf("%.20q too long: %t", password, got)
		}
	}
}

func TestClientsQueueByNetwork(t *testing.T) {
	t.Parallel()
	turn := func(addr string) string { return networkOf(netip.MustParseAddr(addr)) }
	for _, same := range [][2]string{
		{"192.0.2.1", "::ffff:192.0.2.1"}, {"2001:db8:1:2::1", "2001:db8:1:2:ffff::9"}, {"fe80::1%eth0", "fe80::2%eth1"},
	} {
		if turn(same[0]) != turn(same[1]) {
			t.Errorf("%s and %s are two clients", same[0], same[1])
		}
	}
	for _, other := range [][2]string{{"192.0.2.1", "192.0.2.2"}, {"2001:db8:1:2::1", "2001:db8:1:3::1"}} {
		if turn(other[0]) == turn(other[1]) {
			t.Errorf("%s and %s are one client", other[0], other[1])
		}
	}
	if got := networkOf(netip.Addr{}); got != "invalid IP" {
		t.Errorf("those of unknown address queue as %q", got)
	}
}
