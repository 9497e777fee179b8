package authority

import (
	"bytes"
	"slices"
	"time"
)

// Settings are for whom and how long.
type Settings struct {
	Names               []string // that the certificate is for
	CALifetime          time.Duration
	CertificateLifetime time.Duration
	Settle              time.Duration // within which every API server has heard of a new authority, and every replica of a new certificate
}

// Next is what should be instead of what is. published is whom API servers are told to believe at present. It returns whether anything is new.
func (s Settings) Next(now State, published []byte, at time.Time) (next State, changed bool, err error) {
	next = State{authorities: slices.Clone(now.authorities), certificate: now.certificate}
	count := len(next.authorities)
	next.authorities = slices.DeleteFunc(next.authorities, func(a issuer) bool {
		return !at.Before(a.certificate.NotAfter) || !slices.Equal(a.certificate.PermittedDNSDomains, s.Names) // it may not vouch for other names
	})
	changed = len(next.authorities) != count
	if len(next.authorities) == 0 || due(next.authorities[0].certificate.NotAfter, s.CALifetime, at) {
		newest, err := newAuthority(s, at)
		if err != nil {
			return now, false, err
		}
		next.authorities, changed = slices.Insert(next.authorities, 0, newest), true
	}
	signer := s.signer(next, published, at)
	if s.mustIssue(next, signer, at) {
		if next.certificate, err = signer.issue(s, at); err != nil {
			return now, false, err
		}
		return next, true, nil
	}
	// Those before the one that has signed are of no use once every replica shows what it has signed.
	if !at.Before(madeAt(next.certificate.Leaf).Add(s.Settle)) {
		if i := slices.IndexFunc(next.authorities, func(a issuer) bool { return a.vouchesFor(next) }); i >= 0 && i+1 < len(next.authorities) {
			next.authorities, changed = next.authorities[:i+1], true
		}
	}
	return next, changed, nil
}

// signer is the newest authority of which every API server has heard. The only one there is has to do in any case.
func (s Settings) signer(st State, published []byte, at time.Time) issuer {
	for _, a := range st.authorities {
		known := bytes.Contains(published, State{authorities: []issuer{a}}.Bundle())
		if known && !at.Before(madeAt(a.certificate).Add(s.Settle)) {
			return a
		}
	}
	return st.authorities[len(st.authorities)-1]
}

func (s Settings) mustIssue(st State, signer issuer, at time.Time) bool {
	if st.certificate == nil {
		return true
	}
	leaf := st.certificate.Leaf
	return !slices.Equal(leaf.DNSNames, s.Names) || !signer.vouchesFor(st) || due(leaf.NotAfter, s.CertificateLifetime, at)
}

func (a issuer) vouchesFor(s State) bool {
	return s.certificate != nil && s.certificate.Leaf.CheckSignatureFrom(a.certificate) == nil
}

// due tells that a third of a lifetime is left, or less.
func due(end time.Time, lifetime time.Duration, at time.Time) bool { return end.Sub(at) <= lifetime/3 }
