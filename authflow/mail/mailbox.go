package mail

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// Mailbox is a Sender for development: it keeps letters as files in a folder instead of sending them, and Handler shows
// them. Whoever can read the folder or the pages can follow the links.
//
// The newest 200 letters are kept. A letter with the Key of one that is still kept replaces nothing and adds nothing, as with
// a mail service that knows idempotency keys.
type Mailbox struct {
	dir string
	now func() time.Time

	mu   sync.Mutex // one writer at a time: names must ascend, and pruning looks at all of them
	last time.Time
}

var _ Sender = (*Mailbox)(nil)

// maxKept bounds the folder.
const maxKept = 200

// NewMailbox returns a Mailbox over a folder, which it creates if need be, for the owner only. A nil now is time.Now.
func NewMailbox(dir string, now func() time.Time) (*Mailbox, error) {
	if now == nil {
		now = time.Now
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("create mailbox: %w", err)
	}
	return &Mailbox{dir: dir, now: now}, nil
}

// Kept is a letter in the mailbox, as /dev/mail.json shows it.
type Kept struct {
	ID      string    `json:"id"`
	To      string    `json:"to"`
	Subject string    `json:"subject"`
	Kind    string    `json:"kind"`
	Text    string    `json:"text"`
	HTML    string    `json:"html"`
	Links   []string  `json:"links"` // the web addresses in Text, in their order: usually the one to follow comes first
	SentAt  time.Time `json:"sentAt"`
}

// Send keeps the letter.
func (b *Mailbox) Send(_ context.Context, m Message) error {
	if err := m.Validate(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()

	names, err := b.names()
	if err != nil {
		return err
	}
	suffix := "-" + keyHash(m)
	if slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(name, suffix) }) {
		return nil
	}
	at := b.next()
	letter := Kept{
		ID: fmt.Sprintf("%019d%s", at.UnixNano(), suffix), // sorts by time
		To: m.To, Subject: m.Subject, Kind: m.Kind, Text: m.Text, HTML: m.HTML,
		Links: links(m.Text), SentAt: at.Truncate(time.Millisecond),
	}
	if err := b.write(letter); err != nil {
		return err
	}
	return b.prune(append(names, letter.ID))
}

// next is the current time, but always later than the one before, so that letters of one instant keep their order.
func (b *Mailbox) next() time.Time {
	at := b.now().UTC()
	if !at.After(b.last) {
		at = b.last.Add(time.Nanosecond)
	}
	b.last = at
	return at
}

// keyHash stands for the letter in its file's name. Without a Key every letter is another one.
func keyHash(m Message) string {
	if m.Key == "" {
		m.Key = rand.Text()
	}
	sum := sha256.Sum256([]byte(m.Key))
	return hex.EncodeToString(sum[:8])
}

// write makes the file appear at once and whole, so that a reader never sees half a letter, not even after a crash.
func (b *Mailbox) write(letter Kept) error {
	content, err := json.MarshalIndent(letter, "", "  ")
	if err != nil {
		return fmt.Errorf("encode letter: %w", err)
	}
	path := b.path(letter.ID)
	if err := os.WriteFile(path+".tmp", content, 0o600); err != nil {
		return fmt.Errorf("keep letter: %w", err)
	}
	if err := os.Rename(path+".tmp", path); err != nil {
		return fmt.Errorf("keep letter: %w", err)
	}
	return nil
}

func (b *Mailbox) prune(names []string) error {
	for len(names) > maxKept {
		if err := os.Remove(b.path(names[0])); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove oldest letter: %w", err)
		}
		names = names[1:]
	}
	return nil
}

// Letters returns what is kept, the newest first.
func (b *Mailbox) Letters() ([]Kept, error) {
	names, err := b.names()
	if err != nil {
		return nil, err
	}
	letters := make([]Kept, 0, len(names))
	for _, name := range slices.Backward(names) {
		letter, err := b.Letter(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // pruned meanwhile
		}
		if err != nil {
			return nil, err
		}
		letters = append(letters, letter)
	}
	return letters, nil
}

// letterID is what Send makes; anything else, such as "../../etc/passwd", is not the name of a letter.
var letterID = regexp.MustCompile(`^[0-9]{19}-[0-9a-f]{16}$`)

// Letter returns one letter, or an error wrapping fs.ErrNotExist.
func (b *Mailbox) Letter(id string) (Kept, error) {
	var letter Kept
	if !letterID.MatchString(id) {
		return letter, fmt.Errorf("find letter: %w", fs.ErrNotExist)
	}
	content, err := os.ReadFile(b.path(id))
	if err != nil {
		return letter, fmt.Errorf("find letter: %w", err)
	}
	if err := json.Unmarshal(content, &letter); err != nil {
		return letter, fmt.Errorf("decode letter %s: %w", id, err)
	}
	letter.ID = id
	if letter.Links == nil {
		letter.Links = []string{}
	}
	return letter, nil
}

// names returns the ids of the letters, the oldest first, which is the order of a folder.
func (b *Mailbox) names() ([]string, error) {
	entries, err := os.ReadDir(b.dir)
	if err != nil {
		return nil, fmt.Errorf("list mailbox: %w", err)
	}
	names := make([]string, 0, len(entries))
	for _, entry := range entries {
		if name, isLetter := strings.CutSuffix(entry.Name(), ".json"); isLetter && letterID.MatchString(name) {
			names = append(names, name)
		}
	}
	return names, nil
}

func (b *Mailbox) path(id string) string { return filepath.Join(b.dir, id+".json") }
