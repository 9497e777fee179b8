package sessionstore_test

import (
	"testing"
	"time"

	"github.com/posternhq/postern/sessionstore"
	"github.com/posternhq/postern/sessionstore/storetest"
)

func TestPostgreSQLKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, opener(storetest.PostgreSQL))
}

func TestPostgreSQLBehindAPoolerKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, opener(func(t testing.TB) sessionstore.Config {
		cfg := storetest.PostgreSQL(t)
		cfg.DirectURL = cfg.URL
		return cfg
	}))
}

func TestSQLiteKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, opener(storetest.SQLite))
}

func TestPostgreSQLBehindTheCacheKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, cached(opener(storetest.PostgreSQL)))
}

func TestSQLiteBehindTheCacheKeepsTheContract(t *testing.T) {
	t.Parallel()
	storetest.Run(t, cached(opener(storetest.SQLite)))
}

func opener(config func(t testing.TB) sessionstore.Config) func(*testing.T, storetest.Setup) storetest.Subject {
	return func(t *testing.T, s storetest.Setup) storetest.Subject {
		cfg := config(t)
		cfg.Schema, cfg.UserFields, cfg.SessionFields = s.Schema, s.UserFields, s.SessionFields
		store := storetest.Open(t, cfg, sessionstore.Options{Now: s.Clock.Now})
		return storetest.Subject{Store: store, Find: store.FindSession}
	}
}

func cached(open func(*testing.T, storetest.Setup) storetest.Subject) func(*testing.T, storetest.Setup) storetest.Subject {
	return func(t *testing.T, s storetest.Setup) storetest.Subject {
		subject := open(t, s)
		cfg := sessionstore.CacheConfig{Size: 1000, TTL: time.Hour, NegativeTTL: time.Hour}
		cache := sessionstore.NewCache(subject.Store, cfg, sessionstore.CacheOptions{Now: s.Clock.Now})
		subject.Store, subject.Find = cache.Store, cache.FindSession
		return subject
	}
}
