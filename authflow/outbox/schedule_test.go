package outbox

import (
	"slices"
	"testing"
	"time"
)

func TestBackoffDoublesToAnHour(t *testing.T) {
	t.Parallel()
	want := []time.Duration{5 * time.Second, 10 * time.Second, 20 * time.Second, 40 * time.Second, 80 * time.Second, 160 * time.Second,
		320 * time.Second, 640 * time.Second, 1280 * time.Second, 2560 * time.Second, time.Hour, time.Hour}
	for i, middle := range want {
		if got := backoff(i+1, 0.5); got != middle {
			t.Errorf("after attempt %d: %v, want %v", i+1, got, middle)
		}
	}
	if got := backoff(1_000_000, 0.5); got != time.Hour {
		t.Errorf("after a million attempts: %v", got)
	}
	if low, high := backoff(3, 0), backoff(3, 0.999999); low != 16*time.Second || high <= 23*time.Second || high > 24*time.Second {
		t.Errorf("jitter spans %v to %v, want a fifth either way of 20s", low, high)
	}
}

func TestLooksBecomeRareAfterANudge(t *testing.T) {
	t.Parallel()
	pause := firstLook
	var looks []time.Duration
	for range 7 {
		pause = pace(pause, 5*time.Second, 0.5)
		looks = append(looks, pause)
	}
	want := []time.Duration{60 * time.Millisecond, 180 * time.Millisecond, 540 * time.Millisecond, 1620 * time.Millisecond,
		4860 * time.Millisecond, 5 * time.Second, 5 * time.Second}
	if !slices.Equal(looks, want) {
		t.Errorf("looks after %v, want %v", looks, want)
	}
	if pause = pace(pause, 5*time.Second, 0); pause != 4*time.Second {
		t.Errorf("then %v, want the jittered poll", pause)
	}
}

func TestOneAttemptIsShorterThanTheLease(t *testing.T) {
	t.Parallel()
	if sendTimeout+settleTimeout >= lease {
		t.Errorf("attempt %v and settling %v do not fit into the lease %v", sendTimeout, settleTimeout, lease)
	}
}
