package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Row is an event as it is kept: what is exported and streamed. A field without a value is left out.
type Row struct {
	ID        string    `json:"id"`
	At        time.Time `json:"at"`
	Event     string    `json:"event"`
	Outcome   string    `json:"outcome"`
	UserID    string    `json:"user_id,omitempty"`
	ActorID   string    `json:"actor_id,omitempty"`
	SessionID string    `json:"session_id,omitempty"`
	Account   string    `json:"account,omitempty"`
	IPAddress string    `json:"ip_address,omitempty"`
	UserAgent string    `json:"user_agent,omitempty"`
	RequestID string    `json:"request_id,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Device    string    `json:"device,omitempty"`
	Place     string    `json:"place,omitempty"`
	Seal      int64     `json:"seal,omitempty"` // which seal covers it; 0: none yet

	mac string
}

// texts are all fields but the time, in the order in which they are hashed. It never changes: old rows were hashed so.
func (r Row) texts() []string {
	return []string{r.ID, r.Event, r.Outcome, r.UserID, r.ActorID, r.SessionID, r.Account, r.IPAddress, r.UserAgent, r.RequestID, r.Reason, r.Device, r.Place}
}

const digestVersion = "postern-audit-event-v1"

// digest is a hash over all that a row says. Each text comes with its length, so that nothing can move from one to the next.
func (r Row) digest() [sha256.Size]byte {
	buffer := []byte(digestVersion)
	buffer = binary.BigEndian.AppendUint64(buffer, uint64(r.At.UnixMilli()))
	for _, text := range r.texts() {
		buffer = binary.BigEndian.AppendUint32(buffer, uint32(len(text)))
		buffer = append(buffer, text...)
	}
	return sha256.Sum256(buffer)
}

func scanRow(scan func(dest ...any) error) (Row, error) {
	var r Row
	var optional [11]*string
	var seal *int64
	dest := []any{&r.ID, &r.At, &r.Event, &r.Outcome}
	for i := range optional {
		dest = append(dest, &optional[i])
	}
	err := scan(append(dest, &seal)...)
	for i, field := range []*string{&r.UserID, &r.ActorID, &r.SessionID, &r.Account, &r.IPAddress, &r.UserAgent, &r.RequestID, &r.Reason, &r.Device, &r.Place, &r.mac} {
		*field = textOf(optional[i])
	}
	if seal != nil {
		r.Seal = *seal
	}
	r.At = r.At.UTC()
	return r, err
}
