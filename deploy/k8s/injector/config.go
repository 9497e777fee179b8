package injector

import (
	"errors"
	"fmt"
	"net"
	"time"
)

// Config is what `postern injector` is told. Its root key is `injector`.
type Config struct {
	Listen          string `key:"listen" default:":8443" doc:"Address at which the API server asks, by TLS. Its probes and metrics are at server.admin_listen."`
	Image           string `key:"image" example:"ghcr.io/posternhq/postern:1.0.0" doc:"Image of the container that is added. Empty: that of the injector's own version. A pod's annotation postern.dev/image replaces it."`
	Sidecar         string `key:"sidecar" default:"native" doc:"native: an init container that keeps running, for Kubernetes 1.29 and later; Jobs end. classic: one more container, for older versions; pods of Jobs are refused, since they would never end."`
	Port            int    `key:"port" default:"18080" doc:"Port of the pod at which Postern takes the application's requests. A pod that uses it already is refused."`
	AdminPort       int    `key:"admin_port" default:"19090" doc:"Port of the pod with Postern's probes and metrics, and with the application's probes."`
	Secret          string `key:"secret_name" default:"postern" doc:"Name of the secret, in the pod's namespace, whose keys become Postern's variables (DATABASE_URL, BETTER_AUTH_SECRET). A pod's annotation postern.dev/secret replaces it."`
	ConfigMap       string `key:"config_map_name" example:"postern" doc:"Name of the config map, in the pod's namespace, with Postern's configuration as postern.yaml. Empty: none, unless the annotation postern.dev/config-map names one."`
	CheckReferences bool   `key:"check_references" default:"true" doc:"Whether a pod whose secret or config map does not exist is refused. Needs permission to get them; where that is missing, nothing is checked and the pod is let through with a warning."`
	OnInvalid       string `key:"on_invalid" default:"deny" doc:"What becomes of a pod that cannot be injected as its annotations ask: deny, or allow, which starts it without Postern and tells so by a warning and an event. Use allow only where a NetworkPolicy keeps such a pod closed."`

	Resources Resources     `key:"resources" doc:"What the added container asks for and may use at most. Annotations replace each."`
	PreStop   time.Duration `key:"pre_stop" default:"5s" doc:"How long the application's container waits before it is told to stop, so that no requests come any more when it is: set as lifecycle.preStop.sleep where the container has no preStop of its own. Needs Kubernetes 1.30; 0 sets none."`

	TLS       TLS       `key:"tls" doc:"How the webhook proves to the API server who it is."`
	APIServer APIServer `key:"api_server" doc:"How the API server is reached. By default as every pod can."`
}

// Resources are quantities as Kubernetes writes them. Empty asks for nothing.
type Resources struct {
	CPURequest    string `key:"cpu_request" default:"10m" doc:"CPU time that is reserved. At rest Postern uses 2m; a core serves some thousands of requests a second."`
	CPULimit      string `key:"cpu_limit" doc:"CPU time at most. Empty: no limit, since a limit delays requests while cores are idle."`
	MemoryRequest string `key:"memory_request" default:"48Mi" doc:"Memory that is reserved."`
	MemoryLimit   string `key:"memory_limit" default:"256Mi" doc:"Memory at most; GOMEMLIMIT is set to nine tenths of it. A password takes 32 MiB while it is hashed, 100,000 remembered sessions take 100 MiB."`
}

// TLS is either two files, as cert-manager provides them, or an authority of the injector's own.
type TLS struct {
	CertFile string `key:"cert_file" example:"/etc/postern/tls/tls.crt" doc:"Certificate, in PEM, when another program such as cert-manager keeps it and the webhook's caBundle. Empty: the injector has an authority of its own, renews its certificates and keeps the caBundle."`
	KeyFile  string `key:"key_file" example:"/etc/postern/tls/tls.key" doc:"Its key, in PEM."`

	Webhook   string   `key:"webhook" default:"postern-injector" doc:"Name of the MutatingWebhookConfiguration whose caBundle is kept."`
	Secret    string   `key:"secret_name" default:"postern-injector-certificates" doc:"Name of the secret, in the injector's namespace, in which its replicas share authority and certificate."`
	Namespace string   `key:"namespace" doc:"Namespace of the injector. Empty: that of its service account."`
	Names     []string `key:"names" example:"postern-injector.postern.svc" doc:"Names that the certificate is for. Empty: postern-injector.NAMESPACE.svc."`

	CALifetime          time.Duration `key:"ca_lifetime" default:"8760h" doc:"How long an authority lives. The next one is made when a third of that is left."`
	CertificateLifetime time.Duration `key:"certificate_lifetime" default:"720h" doc:"How long a certificate lives. The next one is made when a third of that is left."`
	SettleTime          time.Duration `key:"settle_time" default:"5m" doc:"How long every API server has to hear of a new authority before the webhook shows a certificate of it, and how long the one before is believed after that."`
}

// Own tells whether the injector is its own authority.
func (t TLS) Own() bool { return t.CertFile == "" }

// APIServer is where the cluster's API is.
type APIServer struct {
	URL       string `key:"url" example:"https://10.0.0.1:6443" doc:"Address of the API server. Empty: as KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT say."`
	TokenFile string `key:"token_file" default:"/var/run/secrets/kubernetes.io/serviceaccount/token" doc:"File of the service account's token. It is read again for each request: tokens are renewed."`
	CAFile    string `key:"ca_file" default:"/var/run/secrets/kubernetes.io/serviceaccount/ca.crt" doc:"Authorities, in PEM, that vouch for the API server."`
}

// Validate reports every mistake, each beginning with the key it is about.
func (c Config) Validate() error {
	var found []error
	report := func(format string, args ...any) { found = append(found, fmt.Errorf(format, args...)) }
	if _, port, err := net.SplitHostPort(c.Listen); err != nil || port == "" {
		report("listen: %q is not an address like :8443", c.Listen)
	}
	oneOf := func(key, value string, choices ...string) {
		for _, choice := range choices {
			if value == choice {
				return
			}
		}
		report("%s: %q is neither %s nor %s", key, value, choices[0], choices[1])
	}
	oneOf("sidecar", c.Sidecar, "native", "classic")
	oneOf("on_invalid", c.OnInvalid, "deny", "allow")
	for key, port := range map[string]int{"port": c.Port, "admin_port": c.AdminPort} {
		if port < 1024 || port > 65535 {
			report("%s: %d is not between 1024 and 65535; lower ones need privileges that the container has not", key, port)
		}
	}
	if c.Port == c.AdminPort {
		report("admin_port: %d is the port of the application's requests, too (injector.port); choose another", c.AdminPort)
	}
	for key, name := range map[string]string{"secret_name": c.Secret, "config_map_name": c.ConfigMap, "tls.webhook": c.TLS.Webhook, "tls.secret_name": c.TLS.Secret} {
		if name != "" && !isObjectName(name) {
			report("%s: %q is no name of an object: lower-case letters, digits, - and . are", key, name)
		}
	}
	for _, q := range c.Resources.quantities() {
		if q.value != "" && !isQuantity(q.value) {
			report("resources.%s: %q is no quantity such as 50m or 128Mi", q.key, q.value)
		}
	}
	if c.PreStop < 0 || c.PreStop > time.Minute || c.PreStop%time.Second != 0 {
		report("pre_stop: %s is not a number of whole seconds from 0s to 1m", c.PreStop)
	}
	return errors.Join(append(found, c.TLS.problems()...)...)
}

func (t TLS) problems() (found []error) {
	switch {
	case t.CertFile != "" && t.KeyFile == "":
		found = append(found, errors.New("tls.key_file: is missing; a certificate is of no use without its key"))
	case t.CertFile == "" && t.KeyFile != "":
		found = append(found, errors.New("tls.cert_file: is missing; a key is of no use without its certificate"))
	}
	if t.SettleTime <= 0 {
		found = append(found, fmt.Errorf("tls.settle_time: %s is not above zero; API servers hear of a new authority a moment later", t.SettleTime))
	}
	if t.CertificateLifetime < 6*t.SettleTime {
		found = append(found, fmt.Errorf("tls.certificate_lifetime: %s is below six times tls.settle_time (%s), so that one would expire before the next is believed", t.CertificateLifetime, t.SettleTime))
	}
	if t.CALifetime < 3*t.CertificateLifetime {
		found = append(found, fmt.Errorf("tls.ca_lifetime: %s is below three times tls.certificate_lifetime (%s), whose certificates would outlive their authority", t.CALifetime, t.CertificateLifetime))
	}
	return found
}

type quantity struct{ key, value string }

func (r Resources) quantities() []quantity {
	return []quantity{{"cpu_request", r.CPURequest}, {"cpu_limit", r.CPULimit}, {"memory_request", r.MemoryRequest}, {"memory_limit", r.MemoryLimit}}
}
