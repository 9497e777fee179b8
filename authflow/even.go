package authflow

import (
	"context"
	"time"
)

// AnswerOn waits until a multiple of step has passed since began, so that the time an answer takes tells nothing of what was
// found. better-auth does so for verification mails, with half a second.
func AnswerOn(ctx context.Context, began time.Time, step time.Duration) {
	spent := time.Since(began)
	wait := time.NewTimer((spent/step+1)*step - spent)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
	}
}
