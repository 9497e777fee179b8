package sessionstore

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"
	"time"
)

// Config says which database holds users and sessions, and under which names. The zero value is the embedded database
// in the file postern.db, with better-auth's names.
type Config struct {
	URL            string        `key:"url" env:"DATABASE_URL" secret:"true" example:"postgres://postern:password@db:5432/app" doc:"PostgreSQL connection URL. Empty: the embedded SQLite database in the file named by path."`
	Path           string        `key:"path" default:"postern.db" doc:"File of the embedded SQLite database. Read only when url is empty."`
	DirectURL      string        `key:"direct_url" secret:"true" example:"postgres://postern:password@db:5432/app" doc:"Session-mode connection URL, used for migrations. Set it when url leads to a transaction pooler such as PgBouncer or Neon's; prepared statements are then avoided. Empty: url."`
	Schema         Schema        `key:"schema" default:"better-auth" doc:"Names of tables and columns: the preset better-auth, the preset prisma-snake, or a mapping of model to table and columns, with base naming the preset to start from."`
	TablesIn       string        `key:"tables_in" example:"auth" doc:"PostgreSQL schema that holds the tables of better-auth. Empty: the search_path of the connection. Postern's own tables are always in the schema postern."`
	AutoMigrate    bool          `key:"auto_migrate" default:"false" doc:"Create missing tables when the server starts. The embedded SQLite database always does."`
	MaxConns       int           `key:"max_conns" default:"10" doc:"Largest number of connections to the database."`
	ConnectTimeout time.Duration `key:"connect_timeout" default:"30s" doc:"How long to wait at start for a database that does not answer yet."`
	QueryTimeout   time.Duration `key:"query_timeout" default:"5s" doc:"Longest time for one query, waiting for a connection included. After it the database counts as unavailable."`

	// UserFields and SessionFields are settings of the auth API, which a store must know as well.
	UserFields    FieldConfigs
	SessionFields FieldConfigs
}

// Validate reports every setting that can not work, with its key and the remedy.
func (c Config) Validate() error {
	var problems []error
	for _, u := range []struct{ key, value string }{{"url", c.URL}, {"direct_url", c.DirectURL}} {
		if err := validateURL(u.value); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", u.key, err))
		}
	}
	if c.DirectURL != "" && c.URL == "" {
		problems = append(problems, errors.New("direct_url: is set while url is empty; set url too, or remove it"))
	}
	if c.TablesIn != "" && c.URL == "" {
		problems = append(problems, errors.New("tables_in: SQLite has no schemas; set url to a PostgreSQL database, or remove it"))
	}
	if err := validateIdentifier(c.TablesIn); c.TablesIn != "" && err != nil {
		problems = append(problems, fmt.Errorf("tables_in: %w", err))
	}
	if _, err := c.Schema.resolve(); err != nil {
		problems = append(problems, fmt.Errorf("schema: %w", err))
	}
	if c.MaxConns < 0 {
		problems = append(problems, fmt.Errorf("max_conns: %d is negative; use 1 or more", c.MaxConns))
	}
	if c.ConnectTimeout < 0 {
		problems = append(problems, fmt.Errorf("connect_timeout: %s is negative; use for example 30s", c.ConnectTimeout))
	}
	if c.QueryTimeout < 0 {
		problems = append(problems, fmt.Errorf("query_timeout: %s is negative; use for example 5s", c.QueryTimeout))
	}
	return errors.Join(problems...)
}

// Migrates tells whether opening the store creates what is missing. The embedded database has nobody else to do it.
func (c Config) Migrates() bool { return c.AutoMigrate || c.embedded() }

func (c Config) embedded() bool { return c.URL == "" }

func (c Config) withDefaults() Config {
	c.Path = cmp.Or(c.Path, "postern.db")
	c.MaxConns = cmp.Or(c.MaxConns, 10)
	c.ConnectTimeout = cmp.Or(c.ConnectTimeout, 30*time.Second)
	c.QueryTimeout = cmp.Or(c.QueryTimeout, 5*time.Second)
	return c
}

// validateURL never repeats the URL: it holds a password.
func validateURL(raw string) error {
	if raw == "" {
		return nil
	}
	u, err := url.Parse(raw)
	if err != nil {
		return errors.New("is not a URL; write postgres://user:password@host:5432/database")
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return fmt.Errorf("has the scheme %q; only postgres:// is supported, and an empty url for embedded SQLite", u.Scheme)
	}
	return nil
}

// CacheConfig bounds how many sessions are remembered and how stale an answer about one may be.
type CacheConfig struct {
	Size         int           `key:"size" default:"100000" doc:"How many sessions are kept in memory. Zero turns the cache off."`
	TTL          time.Duration `key:"ttl" default:"30s" doc:"How long a session is served from memory before the database is asked again. A change made by this process is seen at once."`
	NegativeTTL  time.Duration `key:"negative_ttl" default:"5s" doc:"How long an unknown token is remembered as unknown. Zero: not at all."`
	StaleIfError time.Duration `key:"stale_if_error" default:"60s" doc:"How much longer than ttl a session is served while the database is unavailable. Zero: not at all."`

	Coherence CoherenceConfig `key:"coherence"`
}

// Validate reports every setting that can not work, with its key and the remedy.
func (c CacheConfig) Validate() error {
	var problems []error
	if c.Size < 0 {
		problems = append(problems, fmt.Errorf("size: %d is negative; use 0 to turn the cache off", c.Size))
	}
	for _, d := range []struct {
		key   string
		value time.Duration
	}{{"ttl", c.TTL}, {"negative_ttl", c.NegativeTTL}, {"stale_if_error", c.StaleIfError}} {
		if d.value < 0 {
			problems = append(problems, fmt.Errorf("%s: %s is negative; use 0 or more", d.key, d.value))
		}
	}
	if err := c.Coherence.Validate(); err != nil {
		for _, problem := range err.(interface{ Unwrap() []error }).Unwrap() {
			problems = append(problems, fmt.Errorf("coherence.%w", problem))
		}
	}
	return errors.Join(problems...)
}
