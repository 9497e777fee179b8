package authflow

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// A device cookie says to which accounts a browser has signed in, so that whoever guesses at their passwords elsewhere does not lock its
// owner out (OWASP, "Slow Down Online Guessing Attacks with Device Cookies"). It opens nothing: it only has a count of wrong guesses of
// its own. Accounts are in it as digests, the newest first.
//
//	v1.<account>~<device>~<when>.<account>~<device>~<when> . signature
const (
	deviceCookie     = "device"
	deviceVersion    = "v1"
	deviceKeyPurpose = "known-device"
	maxKnownAccounts = 5 // of one browser
	accountHashBytes = 16
	deviceIDLength   = 22 // of 62 characters: 130 bits
)

// knownDevices reads and writes the cookie.
type knownDevices struct {
	cookie   SignedCookie
	lifetime time.Duration
	now      func() time.Time
}

// knownAccount is one entry.
type knownAccount struct {
	account string // its digest
	device  string
	since   time.Time
}

func newKnownDevices(cookies *Cookies, keys *Keys, lifetime time.Duration, now func() time.Time) (*knownDevices, error) {
	own, err := keys.For(deviceKeyPurpose)
	if err != nil {
		return nil, err
	}
	apart := *cookies // the same names and attributes, under a key of its own: no other signed value can be taken for one
	apart.keys = own
	return &knownDevices{cookie: SignedCookie{cookies: &apart, name: cookies.prefix + deviceCookie, maxAge: lifetime}, lifetime: lifetime, now: now}, nil
}

// find returns the name of the device under which a browser is known to an account, or "".
func (k *knownDevices) find(r *http.Request, account string) string {
	account = accountDigest(account)
	for _, entry := range k.read(r) {
		if entry.account == account {
			return entry.device
		}
	}
	return ""
}

// remember has the browser known to the account from now on.
func (k *knownDevices) remember(w http.ResponseWriter, r *http.Request, account string) {
	device := k.find(r, account)
	if device == "" {
		device = RandomString(deviceIDLength, AlphabetMixed)
	}
	kept := []knownAccount{{account: accountDigest(account), device: device, since: k.now()}}
	for _, entry := range k.read(r) {
		if entry.account != kept[0].account && len(kept) < maxKnownAccounts {
			kept = append(kept, entry)
		}
	}
	k.cookie.cookies.drop(w.Header(), k.cookie.name)
	k.cookie.Set(w, formatKnown(kept))
}

// read returns the entries that have not expired.
func (k *knownDevices) read(r *http.Request) []knownAccount {
	var live []knownAccount
	for _, entry := range parseKnown(k.cookie.Value(r)) {
		if k.now().Sub(entry.since) < k.lifetime {
			live = append(live, entry)
		}
	}
	return live
}

func accountDigest(account string) string { return digest(account)[:accountHashBytes] }

func formatKnown(entries []knownAccount) string {
	var b strings.Builder
	b.WriteString(deviceVersion)
	for _, e := range entries {
		fmt.Fprintf(&b, ".%s~%s~%s", e.account, e.device, strconv.FormatInt(e.since.Unix(), 36))
	}
	return b.String()
}

// parseKnown reads what formatKnown has written; of anything else nothing.
func parseKnown(value string) []knownAccount {
	parts := strings.Split(value, ".")
	if parts[0] != deviceVersion || len(parts) > maxKnownAccounts+1 {
		return nil
	}
	var entries []knownAccount
	for _, part := range parts[1:] {
		fields := strings.Split(part, "~")
		if len(fields) != 3 || len(fields[0]) != accountHashBytes || len(fields[1]) != deviceIDLength {
			return nil
		}
		since, err := strconv.ParseInt(fields[2], 36, 64)
		if err != nil || since < 0 {
			return nil
		}
		entries = append(entries, knownAccount{account: fields[0], device: fields[1], since: time.Unix(since, 0)})
	}
	return entries
}
