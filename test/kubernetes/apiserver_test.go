package kubernetes

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/yaml"
)

// kubernetesVersion is that of the API server, as test/kubernetes/apiserver/go.mod has it.
const kubernetesVersion = "v1.36.3"

// startTimeout is patient with machines that do other things as well.
const startTimeout = 5 * time.Minute

// Tokens, instead of service accounts' own: nobody makes those here.
const (
	adminToken    = "admin-token"
	injectorToken = "injector-token"
)

// apiServer is a kube-apiserver with an etcd of its own. There is no scheduler, no controller and no kubelet: pods are objects.
type apiServer struct {
	address string
	caFile  string
	dir     string
	client  *http.Client
}

// kubeAPIServer builds it once, and keeps it outside the repository: it takes minutes.
func kubeAPIServer(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(cache, "postern-test", "kube-apiserver-"+kubernetesVersion)
	if _, err := os.Stat(file); err == nil {
		return file
	}
	t.Log("building kube-apiserver, which takes about five minutes")
	build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w -X k8s.io/component-base/version.gitVersion="+kubernetesVersion, "-o", file+".new", "k8s.io/kubernetes/cmd/kube-apiserver")
	build.Dir, build.Env = "apiserver", append(os.Environ(), "CGO_ENABLED=0")
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build kube-apiserver: %v: %s", err, output)
	}
	if err := os.Rename(file+".new", file); err != nil {
		t.Fatal(err)
	}
	return file
}

func startAPIServer(t *testing.T) *apiServer {
	t.Helper()
	etcd, err := exec.LookPath("etcd")
	if err != nil {
		t.Fatal("there is no etcd; Debian and Ubuntu have it in the package etcd-server")
	}
	binary := kubeAPIServer(t)
	a := &apiServer{dir: t.TempDir(), address: "https://" + freeAddress(t)}
	store := "http://" + freeAddress(t)
	peer := "http://" + freeAddress(t)
	start(t, nil, etcd, "--data-dir", filepath.Join(a.dir, "etcd"), "--listen-client-urls", store, "--advertise-client-urls", store,
		"--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer, "--initial-cluster", "default="+peer)
	a.write(t, "tokens.csv", adminToken+",admin,admin,system:masters\n"+
		injectorToken+`,system:serviceaccount:postern-injector:postern-injector,injector,"system:serviceaccounts,system:authenticated"`+"\n")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	accounts := a.write(t, "accounts.key", string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der})))
	_, port, _ := strings.Cut(strings.TrimPrefix(a.address, "https://"), ":")
	certificates := filepath.Join(a.dir, "certificates")
	server := start(t, nil, binary, "--etcd-servers", store, "--bind-address", "127.0.0.1", "--secure-port", port, "--cert-dir", certificates,
		"--service-cluster-ip-range", "10.96.0.0/16", "--authorization-mode", "RBAC", "--token-auth-file", filepath.Join(a.dir, "tokens.csv"),
		"--service-account-issuer", "https://kubernetes.default.svc", "--service-account-key-file", accounts, "--service-account-signing-key-file", accounts,
		"--disable-admission-plugins", "ServiceAccount", // nobody makes the accounts' tokens here
		"--watch-cache=true", "--enable-priority-and-fairness=false")
	a.caFile = filepath.Join(certificates, "apiserver.crt")
	a.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 8}} //nolint:gosec // a server of our own, on loopback
	server.until(t, "kube-apiserver is ready", func() error {
		code, text := a.ask(t, http.MethodGet, "/readyz", "", nil)
		if code != http.StatusOK {
			return fmt.Errorf("%d %s", code, text)
		}
		return nil
	})
	return a
}

func (a *apiServer) write(t *testing.T, name, content string) string {
	t.Helper()
	file := filepath.Join(a.dir, name)
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// ask sends a request as an administrator. A server that is not there answers 0.
func (a *apiServer) ask(t *testing.T, method, path, media string, body []byte) (int, []byte) {
	t.Helper()
	r, err := http.NewRequest(method, a.address+path, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+adminToken)
	r.Header.Set("Content-Type", media)
	resp, err := a.client.Do(r)
	if err != nil {
		return 0, []byte(err.Error())
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, []byte(err.Error())
	}
	if warning := resp.Header.Values("Warning"); len(warning) > 0 {
		a.client.Transport.(*http.Transport).CloseIdleConnections()
		text = append(text, []byte("\nWarning: "+strings.Join(warning, "\nWarning: "))...)
	}
	return resp.StatusCode, text
}

// plural and scope of the kinds that are applied.
var resources = map[string]struct {
	path   string
	global bool
}{
	"Namespace": {"namespaces", true}, "ServiceAccount": {"serviceaccounts", false}, "ConfigMap": {"configmaps", false}, "Secret": {"secrets", false},
	"Service": {"services", false}, "Pod": {"pods", false}, "Deployment": {"deployments", false}, "Job": {"jobs", false}, "CronJob": {"cronjobs", false},
	"PodDisruptionBudget": {"poddisruptionbudgets", false}, "HorizontalPodAutoscaler": {"horizontalpodautoscalers", false},
	"NetworkPolicy": {"networkpolicies", false}, "Ingress": {"ingresses", false},
	"Role": {"roles", false}, "RoleBinding": {"rolebindings", false}, "ClusterRole": {"clusterroles", true}, "ClusterRoleBinding": {"clusterrolebindings", true},
	"MutatingWebhookConfiguration": {"mutatingwebhookconfigurations", true},
}

func (o object) url(t *testing.T) string {
	t.Helper()
	r, ok := resources[o.kind]
	if !ok {
		t.Fatalf("%s: unknown kind", o)
	}
	base := "/apis/" + o.apiVersion
	if o.apiVersion == "v1" {
		base = "/api/v1"
	}
	if !r.global {
		namespace := o.namespace
		if namespace == "" {
			namespace = "default"
		}
		base += "/namespaces/" + namespace
	}
	return base + "/" + r.path
}

// apply is `kubectl apply --server-side --validate=strict`.
func (a *apiServer) apply(t *testing.T, o object, query string) {
	t.Helper()
	code, text := a.ask(t, http.MethodPatch, o.url(t)+"/"+o.name+"?fieldManager=test&force=true&fieldValidation=Strict"+query, "application/apply-patch+yaml", o.text)
	if code != http.StatusOK && code != http.StatusCreated {
		t.Errorf("apply %s: %d %s", o, code, text)
	}
	if strings.Contains(string(text), "Warning: 299") {
		t.Errorf("apply %s: %s", o, text[strings.LastIndex(string(text), "Warning:"):])
	}
}

// create posts a pod or another object and returns it as the API server has it.
func (a *apiServer) create(t *testing.T, o object, query string) (code int, made map[string]any, text string) {
	t.Helper()
	content, err := yaml.YAMLToJSON(o.text)
	if err != nil {
		t.Fatal(err)
	}
	code, answer := a.ask(t, http.MethodPost, o.url(t)+"?fieldValidation=Strict"+query, "application/json", content)
	body, _, _ := bytes.Cut(answer, []byte("\nWarning: "))
	_ = json.Unmarshal(body, &made) // what is no JSON is judged by its code
	return code, made, string(answer)
}

// process is a program that runs until the test ends.
type process struct {
	command *exec.Cmd
	log     lockedBuffer
	done    chan struct{}
}

type lockedBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func start(t *testing.T, environ []string, argv ...string) *process {
	t.Helper()
	p := &process{command: exec.Command(argv[0], argv[1:]...), done: make(chan struct{})}
	p.command.Stdout, p.command.Stderr, p.command.Env, p.command.Dir = &p.log, &p.log, append([]string{"PATH=" + os.Getenv("PATH")}, environ...), t.TempDir()
	if err := p.command.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = p.command.Wait() // how it ended is in the log
		close(p.done)
	}()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			log := p.log.String()
			t.Logf("%s said at the end:\n%s", filepath.Base(argv[0]), log[max(0, len(log)-6000):])
		}
	})
	return p
}

func (p *process) kill() {
	_ = p.command.Process.Kill() // it may have ended
	<-p.done
}

// until waits for something that a process is to bring about.
func (p *process) until(t *testing.T, what string, check func() error) {
	t.Helper()
	told := time.Now()
	for deadline := told.Add(startTimeout); ; time.Sleep(50 * time.Millisecond) {
		err := check()
		if err == nil {
			return
		}
		select {
		case <-p.done:
			t.Fatalf("%s: %v; the process has ended: %s", what, err, p.log.String())
		default:
		}
		if now := time.Now(); now.After(told.Add(30 * time.Second)) {
			told = now
			t.Logf("%s: not yet: %v", what, err)
		}
		if time.Now().After(deadline) {
			t.Fatalf("%s: %v", what, err)
		}
	}
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
