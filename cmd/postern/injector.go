package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/config"
	"github.com/posternhq/postern/deploy/k8s/injector"
	"github.com/posternhq/postern/deploy/k8s/injector/authority"
	"github.com/posternhq/postern/deploy/k8s/injector/cluster"
	"github.com/posternhq/postern/proxy/certfile"
)

// nativeSince is the minor version of Kubernetes from which init containers may keep running; one before takes such a container for
// an ordinary init container, and no pod would ever start.
const nativeSince = 29

func newInjector(s streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "injector",
		Short: "Run the Kubernetes webhook that puts Postern into pods",
		Long:  "A mutating admission webhook: pods with the annotation postern.dev/inject: \"true\" get Postern in front of their application. See docs/kubernetes.md.",
		Args:  noMoreArguments,
	}
	file := configFlag(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		loaded, err := config.Load(*file, s.environ, nil)
		if err != nil {
			return err
		}
		w := &webhookServer{cfg: loaded.Config, logger: newLogger(loaded.Config.Log, s.stderr), metrics: newInjectorMetrics()}
		if err := w.wire(cmd.Context(), s.environ); err != nil {
			return err
		}
		return w.serve(cmd.Context())
	}
	return cmd
}

// webhookServer is the process of `postern injector`.
type webhookServer struct {
	cfg         config.Config
	logger      *slog.Logger
	metrics     *injectorMetrics
	webhook     *injector.Webhook
	certificate func(*tls.ClientHelloInfo) (*tls.Certificate, error)
	ready       func() bool
	background  []func(context.Context) error
}

func (w *webhookServer) wire(ctx context.Context, environ []string) error {
	c := w.cfg.Injector
	address, err := apiServer(c.APIServer.URL, environ)
	if err != nil {
		return err
	}
	client, err := cluster.New(address, c.APIServer.TokenFile, c.APIServer.CAFile)
	if err != nil {
		return fmt.Errorf("injector.api_server.url: %w", err)
	}
	if err := w.checkVersion(ctx, client); err != nil {
		return err
	}
	w.webhook = &injector.Webhook{
		Options: injector.NewOptions(c, buildVersion()), LetPass: c.OnInvalid == "allow", Teller: client,
		Logger: w.logger, Observe: w.metrics.reviewed, Malformed: w.metrics.malformed.Inc,
	}
	w.webhook.Options.CheckRoutes = checkRoutes
	if c.CheckReferences {
		w.webhook.Finder = client
	}
	if c.TLS.Own() {
		return w.keepCertificate(client)
	}
	pair, err := certfile.LoadPair(c.TLS.CertFile, c.TLS.KeyFile)
	if err != nil {
		return fmt.Errorf("injector.tls: %w", err)
	}
	w.certificate, w.ready = pair.GetCertificate, func() bool { return true }
	w.metrics.expires(pair.NotAfter)
	w.background = append(w.background, func(ctx context.Context) error { return w.reload(ctx, pair) })
	return nil
}

// checkVersion refuses to begin where no injected pod could start. A version that cannot be had is no reason to refuse: pods are created all the same.
func (w *webhookServer) checkVersion(ctx context.Context, client *cluster.Client) error {
	if w.cfg.Injector.Sidecar != "native" {
		return nil
	}
	minor, err := client.Minor(ctx)
	if err != nil {
		w.logger.LogAttrs(ctx, slog.LevelWarn, "version of Kubernetes unknown", slog.Any("err", err))
		return nil
	}
	if minor < nativeSince {
		return fmt.Errorf("injector.sidecar: native needs Kubernetes 1.%d, and this is 1.%d; use classic", nativeSince, minor)
	}
	return nil
}

func (w *webhookServer) keepCertificate(client *cluster.Client) error {
	c := w.cfg.Injector.TLS
	if c.Namespace == "" {
		file := filepath.Join(filepath.Dir(w.cfg.Injector.APIServer.TokenFile), "namespace")
		text, err := os.ReadFile(file)
		if err != nil {
			return fmt.Errorf("injector.tls.namespace: is empty, and that of the service account cannot be read: %w", err)
		}
		c.Namespace = strings.TrimSpace(string(text))
	}
	if len(c.Names) == 0 {
		c.Names = []string{"postern-injector." + c.Namespace + ".svc"}
	}
	settings := authority.Settings{Names: c.Names, CALifetime: c.CALifetime, CertificateLifetime: c.CertificateLifetime, Settle: c.SettleTime}
	store := &cluster.Certificates{Client: client, Namespace: c.Namespace, Secret: c.Secret, Webhook: c.Webhook}
	keeper := authority.NewKeeper(settings, store, w.logger, time.Now)
	w.certificate, w.ready = keeper.GetCertificate, keeper.Ready
	w.metrics.expires(keeper.NotAfter)
	w.background = append(w.background, keeper.Run)
	return nil
}

// reload reads certificates that others keep.
func (w *webhookServer) reload(ctx context.Context, pair *certfile.Pair) error {
	ticker := time.NewTicker(certificateInterval)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
			if changed, err := pair.Reload(); err != nil {
				w.logger.LogAttrs(ctx, slog.LevelError, "certificate not reloaded", slog.Any("err", err))
			} else if changed {
				w.logger.LogAttrs(ctx, slog.LevelInfo, "certificate reloaded", slog.Time("not_after", pair.NotAfter()))
			}
		}
	}
}

// apiServer is where every pod is told that the API server is, unless the configuration says another place.
func apiServer(configured string, environ []string) (string, error) {
	if configured != "" {
		return configured, nil
	}
	told := map[string]string{}
	for _, variable := range environ {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "KUBERNETES_SERVICE_") {
			told[name] = value
		}
	}
	host, port := told["KUBERNETES_SERVICE_HOST"], told["KUBERNETES_SERVICE_PORT"]
	if host == "" || port == "" {
		return "", errors.New("this is no pod of a Kubernetes cluster (there is no KUBERNETES_SERVICE_HOST); set injector.api_server.url, or start it in one")
	}
	return "https://" + net.JoinHostPort(host, port), nil
}

// checkRoutes is what the configuration will say of routes when the pod starts, as far as it can be told from them alone.
func checkRoutes(text string) error {
	_, err := config.Load("", []string{"POSTERN_ROUTES=" + text}, nil)
	var found *config.Error
	if !errors.As(err, &found) {
		return err
	}
	var all []error
	for _, p := range found.Problems {
		// The provider's section may be in the pod's configuration file.
		if strings.HasPrefix(p.Key, "routes") && !strings.Contains(p.Key, ".provider_tokens.") {
			all = append(all, fmt.Errorf("%s: %s", p.Key, p.Message))
		}
	}
	return errors.Join(all...)
}

// serve answers reviews until ctx ends, and for a moment longer, until nobody sends any more.
func (w *webhookServer) serve(ctx context.Context) error {
	public, err := net.Listen("tcp", w.cfg.Injector.Listen)
	if err != nil {
		return fmt.Errorf("injector.listen: %w", err)
	}
	administrative, err := listen(w.cfg.Server.AdminListen, w.cfg.Server)
	if err != nil {
		return errors.Join(fmt.Errorf("server.admin_listen: %w", err), public.Close())
	}
	draining, drain := context.WithCancel(context.Background())
	defer drain()
	mux := http.NewServeMux()
	mux.Handle("/inject", w.webhook)
	front := &http.Server{
		Handler: mux, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		TLSConfig: &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: w.certificate},
		ErrorLog:  slog.NewLogLogger(w.logger.Handler(), slog.LevelDebug), // clients' mistakes
	}
	back := adminServer(w.metrics.admin(func() bool { return draining.Err() == nil && w.ready() }), w.logger)
	stop := startAll(context.WithoutCancel(ctx), w.logger, w.background)
	defer stop()
	failed := make(chan error, 2) // both end by Close or Shutdown below
	go func() { failed <- front.ServeTLS(public, "", "") }()
	go func() { failed <- back.Serve(administrative) }()
	w.logger.LogAttrs(ctx, slog.LevelInfo, "listening", slog.String("version", buildVersion()), slog.String("address", public.Addr().String()),
		slog.String("admin_address", administrative.Addr().String()), slog.String("sidecar_image", w.webhook.Options.Image))
	select {
	case err = <-failed:
		err = fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
		drain()
		time.Sleep(w.cfg.Server.DrainDelay)
		err = w.shutDown(front)
	}
	return errors.Join(err, front.Close(), back.Close())
}

func (w *webhookServer) shutDown(front *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), w.cfg.Server.DrainTimeout)
	defer cancel()
	return front.Shutdown(ctx)
}
