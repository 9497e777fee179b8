package outbox

import "time"

// How long things take. The order sendTimeout < lease is what keeps two workers from one letter.
const (
	sendTimeout   = time.Minute      // one attempt; mail.Config allows no more
	settleTimeout = 30 * time.Second // writing down what became of it, with the database away
	lease         = 2 * time.Minute  // a claim
	stopGrace     = 10 * time.Second // what is left of either when Run is told to stop

	maxAge   = 24 * time.Hour     // of a letter that is still tried; Resend remembers its key as long
	keepDead = 7 * 24 * time.Hour // as evidence for the operator
	sweeping = time.Hour          // between looks for dead letters to remove

	firstRetry = 5 * time.Second
	lastRetry  = time.Hour

	firstLook = 20 * time.Millisecond
)

// backoff is how long to wait after the given number of attempts: 5, 10, 20 seconds and so on to an hour. The first ones are
// quick since links live for minutes. random, in [0,1), takes or adds up to a fifth, lest letters that failed together
// come back together.
func backoff(attempts int, random float64) time.Duration {
	wait := firstRetry
	for range attempts - 1 {
		if wait *= 2; wait >= lastRetry {
			wait = lastRetry
			break
		}
	}
	return jitter(wait, random)
}

func jitter(d time.Duration, random float64) time.Duration {
	return time.Duration(float64(d) * (0.8 + 0.4*random))
}

// pace is how long Run waits between looks. After a nudge it looks after 20, 60, 180 milliseconds and so on, since the
// transaction that enqueued a letter commits a little after its nudge; then about every poll.
func pace(last, poll time.Duration, random float64) time.Duration {
	if next := 3 * last; next < poll {
		return next
	}
	return jitter(poll, random)
}
