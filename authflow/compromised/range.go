package compromised

import (
	"bufio"
	"context"
	"crypto/sha1" // what the API is indexed by; nothing rests on it
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// prefixLength is how much of the hash is sent.
const prefixLength = 5

// maxAnswerBytes is far more than an answer has: some thousand lines.
const maxAnswerBytes = 1 << 20

// pwned asks the service whether it knows a password.
func (c *Checker) pwned(ctx context.Context, password string) (bool, error) {
	sum := sha1.Sum([]byte(password))
	digits := strings.ToUpper(hex.EncodeToString(sum[:]))
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(c.cfg.BaseURL, "/")+"/range/"+digits[:prefixLength], nil)
	if err != nil {
		return false, fmt.Errorf("ask for compromised passwords: %w", err)
	}
	r.Header.Set("Add-Padding", "true") // otherwise the length of the answer tells the prefix to who listens
	response, err := c.http.Do(r)
	if err != nil {
		return false, fmt.Errorf("ask for compromised passwords: %w", withoutURL(err))
	}
	defer func() { _ = response.Body.Close() }() // it has been read
	if response.StatusCode != http.StatusOK {
		return false, fmt.Errorf("ask for compromised passwords: status %d", response.StatusCode)
	}
	return findSuffix(io.LimitReader(response.Body, maxAnswerBytes), digits[prefixLength:])
}

// findSuffix tells whether an answer counts a hash. Lines that only pad it count 0.
func findSuffix(answer io.Reader, suffix string) (bool, error) {
	lines := bufio.NewScanner(answer)
	for lines.Scan() {
		ending, count, ok := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		if !ok || !strings.EqualFold(ending, suffix) {
			continue
		}
		n, err := strconv.ParseUint(count, 10, 63)
		if err != nil {
			return false, fmt.Errorf("read the count of a compromised password: %w", err)
		}
		return n > 0, nil
	}
	if err := lines.Err(); err != nil {
		return false, fmt.Errorf("read compromised passwords: %w", err)
	}
	return false, nil
}
