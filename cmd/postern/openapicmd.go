package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/authflow/openapi"
	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/sessionstore"
)

//go:generate sh -c "POSTERN_SERVER_TRUSTED_PROXIES=127.0.0.1 POSTERN_FORWARD_AUTH_ENABLED=true POSTERN_AUTH_ADMIN_ENABLED=true go run . openapi >../../docs/openapi.json.new && mv ../../docs/openapi.json.new ../../docs/openapi.json"

func newOpenAPI(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "openapi",
		Short: "Print the description of the auth API in OpenAPI 3.1",
		Long:  "Prints what a server with this configuration answers at GET /api/auth/openapi.json. Nothing is started, and no database is asked.",
		Args:  noMoreArguments,
	}
	file := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := config.Load(*file, s.environ, nil)
		if err != nil {
			return err
		}
		text, err := describeAPI(cmd.Context(), loaded.Config)
		if err != nil {
			return err
		}
		_, err = cmd.OutOrStdout().Write(text)
		return err
	}
	return cmd
}

// describeAPI builds the API as serve does, over an empty database of its own, and asks what it has become.
func describeAPI(ctx context.Context, cfg config.Config) ([]byte, error) {
	folder, err := os.MkdirTemp("", "postern-openapi-")
	if err != nil {
		return nil, fmt.Errorf("make a folder for an empty database: %w", err)
	}
	defer os.RemoveAll(folder)
	known := cfg.Server.PublicURL != ""
	cfg.Server.PublicURL = cmp.Or(cfg.Server.PublicURL, "http://localhost")
	cfg.Auth.Core.Secret = cmp.Or(cfg.Auth.Core.Secret, newRandomSecret())
	cfg.Mail.Transport = "log"
	cfg.Database = sessionstore.Config{
		Path: filepath.Join(folder, "postern.db"), ConnectTimeout: 10 * time.Second,
		UserFields: cfg.Database.UserFields, SessionFields: cfg.Database.SessionFields,
	}

	a := &app{cfg: cfg, log: newLogs(cfg.Log, io.Discard), metrics: newMetrics()}
	a.logger = a.log.Logger
	store, err := sessionstore.Open(ctx, cfg.Database, sessionstore.Options{Migrations: migrations(cfg)})
	if err != nil {
		return nil, err
	}
	defer store.Close()
	a.store = sessionstore.NewCache(store, cfg.SessionCache, sessionstore.CacheOptions{})
	if err := a.last(); err != nil {
		return nil, err
	}
	described, err := a.newFlow(cfg)
	if err != nil {
		return nil, err
	}
	about := openapi.AboutCore(described.core)
	if !known {
		about.ServerURL = cfg.Auth.Core.BasePath // wherever the description is read
	}
	text, err := openapi.Describe(about, described.flow.Routes())
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Indent(&out, text, "", "  ")
	return out.Bytes(), err
}
