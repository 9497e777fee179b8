package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"time"
)

// Signer makes signatures, and knows its own again. authflow.Keys fits.
type Signer interface {
	Sign(value string) string
	Verify(value, signature string) bool
}

// What is signed begins with its purpose, so that no signature can be taken for another's.
const (
	rowPurpose  = "audit event "
	sealPurpose = "audit seal "
)

func macOf(s Signer, r Row) string {
	digest := r.digest()
	return s.Sign(rowPurpose + hex.EncodeToString(digest[:]))
}

func macFits(s Signer, r Row) bool {
	digest := r.digest()
	return s.Verify(rowPurpose+hex.EncodeToString(digest[:]), r.mac)
}

// seal covers some rows, and all seals before it.
type seal struct {
	seq       int64
	previous  string // the hash of the seal before; empty of the first
	hash      string
	signature string
	sealedAt  time.Time
	since     time.Time // when the one before was made
	newest    time.Time // of the rows
	events    int
}

const sealVersion = "postern-audit-seal-v1"

// hashOver is what the seal's hash has to be over these rows, which are in order.
func (s seal) hashOver(rows []Row) string {
	buffer := []byte(sealVersion)
	buffer = binary.BigEndian.AppendUint64(buffer, uint64(s.seq))
	buffer = append(buffer, s.previous...)
	for _, at := range []time.Time{s.sealedAt, s.since, s.newest} {
		buffer = binary.BigEndian.AppendUint64(buffer, uint64(at.UnixMilli()))
	}
	buffer = binary.BigEndian.AppendUint64(buffer, uint64(s.events))
	rowsHash := sha256.New()
	for _, r := range rows {
		digest := r.digest()
		rowsHash.Write(digest[:])
	}
	sum := sha256.Sum256(rowsHash.Sum(buffer))
	return hex.EncodeToString(sum[:])
}

func scanSeal(scan func(dest ...any) error) (s seal, err error) {
	var sealedAt, since, newest int64
	err = scan(&s.seq, &s.previous, &s.hash, &s.signature, &sealedAt, &since, &newest, &s.events)
	s.sealedAt, s.since, s.newest = time.UnixMilli(sealedAt).UTC(), time.UnixMilli(since).UTC(), time.UnixMilli(newest).UTC()
	return s, err
}
