package egress

import (
	"context"
	"errors"
	"fmt"
	"io"
)

// body is an answer's, read no further than MaxBodyBytes. net/http has decompressed it by then, so a small answer that grows
// is stopped as well.
type body struct {
	io.ReadCloser
	left    int64
	ongoing *ongoing
	err     error
}

func (b *body) Read(p []byte) (int, error) {
	if b.err != nil {
		return 0, b.err
	}
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1] // one more than allowed tells the longest answer from one that is too long
	}
	n, err := b.ReadCloser.Read(p)
	if int64(n) > b.left {
		n, err = int(b.left), ErrTooLarge
	}
	b.left -= int64(n)
	switch {
	case err == io.EOF:
		_ = b.ongoing.end(nil)
	case errors.Is(err, context.DeadlineExceeded):
		err = b.ongoing.end(fmt.Errorf("the answer is not whole in time: %w", err))
	case err != nil:
		err = b.ongoing.end(err)
	}
	b.err = err
	return n, err
}

// Close ends the call as a good one if it was not over: whoever wants no more of an answer has no complaint.
func (b *body) Close() error {
	err := b.ReadCloser.Close()
	_ = b.ongoing.end(nil)
	return err
}
