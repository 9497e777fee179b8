package storetest

import (
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
)

var verifications = []test{
	{"the latest unexpired one is found, and finding uses nothing up", func(t *testing.T, s Subject) {
		s.createVerification(t, "several", time.Hour)
		s.Clock.Advance(time.Second)
		latest := s.createVerification(t, "several", time.Hour)
		s.createVerification(t, "another", time.Hour)
		for range 2 {
			got, err := s.FindVerification(t.Context(), "several")
			must(t, err)
			equal(t, got, latest)
		}
	}},
	{"it is consumed once", func(t *testing.T, s Subject) {
		v := s.createVerification(t, "once", time.Hour)
		got, err := s.ConsumeVerification(t.Context(), "once")
		must(t, err)
		equal(t, got, v)
		_, err = s.ConsumeVerification(t.Context(), "once")
		is(t, err, sessionstore.ErrNotFound)
		_, err = s.FindVerification(t.Context(), "once")
		is(t, err, sessionstore.ErrNotFound)
	}},
	{"all that share an identifier are consumed together", func(t *testing.T, s Subject) {
		s.createVerification(t, "shared", time.Hour)
		s.Clock.Advance(time.Second)
		latest := s.createVerification(t, "shared", time.Hour)
		got, err := s.ConsumeVerification(t.Context(), "shared")
		must(t, err)
		equal(t, got, latest)
		_, err = s.ConsumeVerification(t.Context(), "shared")
		is(t, err, sessionstore.ErrNotFound)
	}},
	{"it expires to the millisecond", func(t *testing.T, s Subject) {
		v := s.createVerification(t, "expires", time.Minute)
		s.Clock.Advance(v.ExpiresAt.Sub(s.now()) - time.Millisecond)
		_, err := s.FindVerification(t.Context(), "expires")
		must(t, err)
		s.Clock.Advance(time.Millisecond)
		_, err = s.FindVerification(t.Context(), "expires")
		is(t, err, sessionstore.ErrNotFound)
		_, err = s.ConsumeVerification(t.Context(), "expires")
		is(t, err, sessionstore.ErrNotFound)
	}},
	{"an expired one is still the latest, and is deleted once", func(t *testing.T, s Subject) {
		v := s.createVerification(t, "late", time.Minute)
		s.Clock.Advance(time.Hour)
		got, err := s.FindLatestVerification(t.Context(), "late")
		must(t, err)
		equal(t, got, v)
		for _, want := range []bool{true, false} {
			did, err := s.DeleteVerification(t.Context(), v.ID)
			must(t, err)
			equal(t, did, want)
		}
		_, err = s.FindLatestVerification(t.Context(), "late")
		is(t, err, sessionstore.ErrNotFound)
	}},
	{"identifiers are compared in every letter", func(t *testing.T, s Subject) {
		s.createVerification(t, "Reset:Abc", time.Hour)
		for _, near := range []string{"reset:abc", "Reset:Abc ", "Reset:%", ""} {
			_, err := s.ConsumeVerification(t.Context(), near)
			is(t, err, sessionstore.ErrNotFound)
		}
	}},
}
