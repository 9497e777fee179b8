package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/authflow/mail"
	"github.com/posternhq/postern/authflow/social"
	"github.com/posternhq/postern/cmd/postern/demo"
	"github.com/posternhq/postern/cmd/postern/devidp"
	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/proxy"
)

// devFolder holds all that "postern dev" keeps: database, secret, letters. Deleting it starts afresh.
const devFolder = ".postern"

func newDev(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "dev",
		Short: "Run with everything embedded, for trying out and developing",
		Long: "Needs nothing else: keeps users in SQLite under " + devFolder + "/, makes a secret, and shows mails at /dev/mail instead of\n" +
			"sending them. Without --upstream a built-in demo application stands behind it.",
		Args: noMoreArguments,
	}
	upstream := cmd.Flags().String("upstream", "", "application to stand in front of, such as http://127.0.0.1:8000")
	address := cmd.Flags().String("listen", "127.0.0.1:8080", "address to listen on")
	admin := cmd.Flags().String("admin-listen", "127.0.0.1:9090", "address of the admin listener")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return runDev(cmd.Context(), s, *upstream, *address, *admin)
	}
	return cmd
}

func runDev(ctx context.Context, s streams, upstream, address, admin string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return usageError{fmt.Errorf("--listen: %q is not an address like 127.0.0.1:8080", address)}
	}
	secret, err := devSecret()
	if err != nil {
		return err
	}
	if upstream == "" {
		stop, url, err := startDemo(ctx)
		if err != nil {
			return err
		}
		defer stop()
		upstream = url
	}
	cfg, err := devConfig(s, secret, map[string]string{
		"server.listen": net.JoinHostPort(host, port), "server.admin_listen": admin, "upstream.url": upstream,
	}, port)
	if err != nil {
		return err
	}
	mailbox, err := mail.NewMailbox(filepath.Join(devFolder, "mail"), time.Now)
	if err != nil {
		return err
	}
	idp, err := addDevProvider(&cfg, port)
	if err != nil {
		return err
	}
	log := newLogs(cfg.Log, s.stderr)
	defer log.lines.flush()
	a, err := newApp(ctx, cfg, log, extras{sender: mailbox, pages: func(next http.Handler) http.Handler {
		return devPages(mailbox.Handler(), idp, host, next)
	}})
	if err != nil {
		return err
	}
	defer a.close()
	return a.serve(ctx, func(net.Addr) { greet(s, cfg.Server.PublicURL, upstream) })
}

// devConfig is the documented defaults but for what makes trying out pleasant. The environment counts here as elsewhere.
func devConfig(s streams, secret string, flags map[string]string, port string) (config.Config, error) {
	loaded, err := config.Sources{
		Environ: s.environ,
		Flags:   flags,
		Mode:    config.Dev,
		Defaults: map[string]string{
			"server.public_url":              "http://localhost:" + port,
			"server.drain_delay":             "0s",
			"database.path":                  filepath.Join(devFolder, "postern.db"),
			"auth.secret":                    secret,
			"auth.trusted_origins":           "http://127.0.0.1:" + port,
			"pages.enabled":                  "true",
			"pages.name":                     "Postern dev",
			"pages.home_url":                 "/",
			"auth.user.change_email.enabled": "true",
			"egress.allow_private_addresses": "true",
			"auth.user.delete_user.enabled":  "true",
			"log.format":                     "text",
		},
	}.Load()
	if err != nil {
		return config.Config{}, err
	}
	cfg := loaded.Config
	if len(cfg.Proxy.Routes) == 0 {
		// Pages are there for everyone to see, and an API is what wants a user.
		cfg.Proxy.Routes = []proxy.RouteConfig{
			{Path: "/api/**", Auth: "required", OnUnauthenticated: "auto"},
			{Path: "/**", Auth: "optional", OnUnauthenticated: "auto"},
		}
	}
	return cfg, nil
}

// addDevProvider makes an identity provider, and has people sign in with it, so that this can be tried without an account anywhere. It is
// where the browser and this process both find it: on this machine. Its client's secret lasts as long as the process.
func addDevProvider(cfg *config.Config, port string) (http.Handler, error) {
	client := social.ProviderConfig{
		Enabled: true, Name: "dev provider", ClientID: "postern-dev", ClientSecret: newRandomSecret(), Issuer: "http://localhost:" + port + devIDPPath,
	}
	provider, err := devidp.New(devidp.Config{
		Issuer: client.Issuer, ClientID: client.ClientID, ClientSecret: client.ClientSecret,
		RedirectURI: cfg.Server.PublicURL + cfg.Auth.Core.BasePath + "/callback/" + config.DevProvider,
	})
	if err != nil {
		return nil, fmt.Errorf("make development provider: %w", err)
	}
	if _, configured := cfg.Auth.Social[config.DevProvider]; configured {
		return provider, nil // somebody has a provider of that name
	}
	with := social.Config{config.DevProvider: client}
	maps.Copy(with, cfg.Auth.Social)
	cfg.Auth.Social = with
	return provider, nil
}

// devSecret is made once and kept, so that sessions outlive a restart.
func devSecret() (string, error) {
	if err := os.MkdirAll(devFolder, 0o700); err != nil {
		return "", fmt.Errorf("make folder for development: %w", err)
	}
	file := filepath.Join(devFolder, "secret")
	kept, err := os.ReadFile(file)
	if err == nil {
		return strings.TrimSpace(string(kept)), nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read secret: %w", err)
	}
	secret := newRandomSecret()
	if err := os.WriteFile(file, []byte(secret+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("keep secret: %w", err)
	}
	return secret, nil
}

// startDemo runs the built-in application on a free port.
func startDemo(ctx context.Context) (stop func(), url string, err error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, "", fmt.Errorf("start demo application: %w", err)
	}
	server := &http.Server{Handler: demo.Application(), ReadHeaderTimeout: 5 * time.Second}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(listener) // ends by Close
	}()
	return func() {
		_ = server.Close()
		<-done
	}, "http://" + listener.Addr().String(), nil
}

// devIDPPath is where the identity provider is.
const devIDPPath = "/dev/idp"

// devPages puts the console, the mailbox and the identity provider before the application. They are for this machine's names only: a page out there
// whose name suddenly means 127.0.0.1 must not read the letters (DNS rebinding).
func devPages(letters, idp http.Handler, listenHost string, next http.Handler) http.Handler {
	console := demo.Console()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		info := infoOf(r)
		switch path := r.URL.Path; {
		case (path == "/dev" || strings.HasPrefix(path, "/dev/")) && !isOwnName(r.Host, listenHost):
			info.route, info.auth = "/dev", "public"
			http.Error(w, "the pages of postern dev are for localhost", http.StatusForbidden)
		case path == "/dev/mail" || path == "/dev/mail.json" || strings.HasPrefix(path, "/dev/mail/"):
			info.route, info.auth = "/dev/mail", "public"
			letters.ServeHTTP(w, r)
		case strings.HasPrefix(path, devIDPPath+"/") && !isFromHere(r):
			info.route, info.auth = devIDPPath, "public"
			http.Error(w, "the identity provider of postern dev believes everything, so it is for this machine alone", http.StatusForbidden)
		case strings.HasPrefix(path, devIDPPath+"/"):
			info.route, info.auth = devIDPPath, "public"
			idp.ServeHTTP(w, r)
		case path == "/dev" || strings.HasPrefix(path, "/dev/"):
			info.route, info.auth = "/dev", "public"
			console.ServeHTTP(w, r)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// isFromHere tells whether a request comes from this machine. A Host header may say so of any, which matters when --listen is not loopback:
// whoever reaches the identity provider is whoever they like.
func isFromHere(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	return err == nil && peer.Addr().Unmap().IsLoopback()
}

// isOwnName tells whether a Host header names this machine, or the address that dev was told to listen on.
func isOwnName(hostport, listenHost string) bool {
	host, _, err := net.SplitHostPort(hostport)
	if err != nil {
		host = strings.Trim(hostport, "[]")
	}
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || strings.EqualFold(host, listenHost) || err == nil && addr.IsLoopback()
}

func greet(s streams, publicURL, upstream string) {
	fmt.Fprintf(s.stdout, `
Postern is in front of %s

  %s/auth/sign-in   sign up, sign in, look at your account
  %s/dev/mail       the mails it would send
  %s/dev            a console to try the API
  %s/               the application

`, upstream, publicURL, publicURL, publicURL, publicURL)
}
