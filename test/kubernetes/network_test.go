package kubernetes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	core "k8s.io/api/core/v1"
)

// The addresses of a pod, and of somebody else in the cluster.
const (
	podAddress    = "10.98.0.2"
	clientAddress = "10.98.0.1"
)

// echo is an application that has one public page and shows what it is told.
const echo = `
import json
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    headers = {k.decode(): v.decode() for k, v in scope["headers"]}
    body = json.dumps({"path": scope["path"], "headers": headers}).encode()
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
    await send({"type": "http.response.body", "body": body})
`

// podNetwork is a network namespace for a pod and one for a client, joined by a cable.
type podNetwork struct{ pod, client string }

func newPodNetwork(t *testing.T) podNetwork {
	t.Helper()
	n := podNetwork{fmt.Sprintf("postern-%d-pod", os.Getpid()), fmt.Sprintf("postern-%d-client", os.Getpid())}
	ip := func(args ...string) {
		t.Helper()
		if output, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %s: %v: %s", strings.Join(args, " "), err, output)
		}
	}
	for _, name := range []string{n.pod, n.client} {
		ip("netns", "add", name)
		t.Cleanup(func() { _ = exec.Command("ip", "netns", "del", name).Run() })
		ip("-n", name, "link", "set", "lo", "up")
	}
	ip("-n", n.pod, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0", "netns", n.client)
	for name, address := range map[string]string{n.pod: podAddress, n.client: clientAddress} {
		ip("-n", name, "address", "add", address+"/30", "dev", "eth0")
		ip("-n", name, "link", "set", "eth0", "up")
	}
	return n
}

// in runs a container's program in the pod's network, with the pod's shared folder at /run/postern, and as a user who is nobody if asked.
func (n podNetwork) in(t *testing.T, shared string, nobody bool, environ []string, argv ...string) *process {
	t.Helper()
	script := `mount -t tmpfs tmpfs /run && mkdir /run/postern && mount --bind "$0" /run/postern && exec "$@"`
	if nobody {
		script = strings.Replace(script, `exec "$@"`, `exec setpriv --reuid=65532 --regid=65532 --clear-groups --no-new-privs --bounding-set=-all "$@"`, 1)
	}
	return start(t, environ, append([]string{"ip", "netns", "exec", n.pod, "sh", "-c", script, shared}, argv...)...)
}

// curl asks from the client's side. The code is 0 when nobody listens.
func (n podNetwork) curl(t *testing.T, args ...string) (code int, body string) {
	t.Helper()
	argv := append([]string{"netns", "exec", n.client, "curl", "--silent", "--max-time", "30", "--write-out", "\n%{http_code}"}, args...)
	output, err := exec.Command("ip", argv...).Output()
	i := strings.LastIndex(string(output), "\n")
	if i < 0 {
		t.Fatalf("curl: %v: %s", err, output)
	}
	if _, err := fmt.Sscan(string(output[i:]), &code); err != nil {
		t.Fatal(err)
	}
	return code, string(output[:i])
}

// run takes pods as the injector made them, and starts their processes with that environment, those ports and that user.
func (c *cluster) run(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("network namespaces need root")
	}
	python, err := filepath.Abs(filepath.Join(repository, "examples/fastapi/.venv/bin/python"))
	if err != nil {
		t.Fatal(err)
	}
	if err := exec.Command(python, "-c", "import uvicorn").Run(); err != nil {
		t.Fatalf("there is no uvicorn in examples/fastapi/.venv (examples/fastapi/install.sh): %v", err)
	}
	for name, more := range map[string]string{"tcp": "", "unix-socket": `, postern.dev/unix-socket: "true"`} {
		t.Run(name, func(t *testing.T) {
			o := pod("team", "run-"+name, `{postern.dev/inject: "true", postern.dev/public-url: "http://app.test", postern.dev/routes: "[{path: /public/**, auth: public}]"`+more+`}`)
			o.text = []byte(strings.Replace(string(o.text), "containerPort: 8000}]}", "containerPort: 8000}], readinessProbe: {httpGet: {path: /healthz, port: http}}}", 1))
			code, made, text := c.create(t, o, "")
			if code != http.StatusCreated {
				t.Fatalf("%d %s", code, text)
			}
			var p core.Pod
			remarshal(t, made, &p)
			runPod(t, newPodNetwork(t), &p, python)
		})
	}
}

func environment(c *core.Container) (list []string) {
	for _, v := range c.Env {
		list = append(list, v.Name+"="+v.Value)
	}
	return list
}

func runPod(t *testing.T, n podNetwork, p *core.Pod, python string) {
	t.Helper()
	folder := t.TempDir()
	for dir := folder; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // whoever nobody is must get through
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Dir(postern(t)), 0o755); err != nil { //nolint:gosec // the same
		t.Fatal(err)
	}
	shared, data := filepath.Join(folder, "shared"), filepath.Join(folder, "data")
	for _, dir := range []string{shared, data} {
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, 0o777); err != nil { //nolint:gosec // as an emptyDir is
			t.Fatal(err)
		}
	}
	writeFile(t, filepath.Join(folder, "echo.py"), echo)

	app, sidecar := &p.Spec.Containers[0], &p.Spec.InitContainers[len(p.Spec.InitContainers)-1]
	// What the pod's secret has.
	secret := []string{
		"BETTER_AUTH_SECRET=Zk3vQ8xW1pLr6TnB4yHs9cDf2mJg7aEu", "POSTERN_DATABASE_PATH=" + filepath.Join(data, "postern.db"), "POSTERN_MAIL_TRANSPORT=log",
		"POSTERN_AUTH_EMAIL_PASSWORD_REQUIRE_EMAIL_VERIFICATION=false",
	}
	ours := n.in(t, shared, true, append(secret, environment(sidecar)...), append([]string{postern(t)}, sidecar.Args...)...)
	theirs := n.in(t, shared, false, append(environment(app), "PYTHONPATH="+folder), python, "-m", "uvicorn", "echo:app")

	kubelet := func(what string, probe *core.Probe) func() error {
		return func() error {
			port := probe.HTTPGet.Port.IntValue()
			if code, body := n.curl(t, fmt.Sprintf("http://%s:%d%s", podAddress, port, probe.HTTPGet.Path)); code != http.StatusOK {
				return fmt.Errorf("%s: %d %s", what, code, body)
			}
			return nil
		}
	}
	ours.until(t, "Postern has started", kubelet("startup", sidecar.StartupProbe))
	ours.until(t, "Postern is ready", kubelet("readiness", sidecar.ReadinessProbe))
	theirs.until(t, "the application is ready, as kubelet asks", kubelet("readiness of the application", app.ReadinessProbe))

	// The port by the application's name is Postern's.
	i := slices.IndexFunc(sidecar.Ports, func(p core.ContainerPort) bool { return p.Name == "http" })
	through := fmt.Sprintf("http://%s:%d", podAddress, sidecar.Ports[i].ContainerPort)
	code, body := n.curl(t, "-H", "X-Postern-User-Id: forged", through+"/public/hello")
	if code != http.StatusOK || !strings.Contains(body, `"path": "/public/hello"`) || strings.Contains(body, "forged") {
		t.Errorf("the public path: %d %s", code, body)
	}
	if code, body = n.curl(t, through+"/private"); code != http.StatusUnauthorized {
		t.Errorf("without a session: %d %s", code, body)
	}
	code, body = n.curl(t, "-H", "Content-Type: application/json", "-d", `{"name":"Ada","email":"ada@example.com","password":"correct horse"}`, through+"/api/auth/sign-up/email")
	var signedUp struct{ Token string }
	if err := json.Unmarshal([]byte(body), &signedUp); err != nil || signedUp.Token == "" {
		t.Fatalf("sign up: %d %s", code, body)
	}
	code, body = n.curl(t, "-H", "Authorization: Bearer "+signedUp.Token, through+"/private")
	if code != http.StatusOK || !strings.Contains(body, `"x-postern-user-email": "ada@example.com"`) {
		t.Errorf("with a session: %d %s", code, body)
	}
	// Past Postern there is no way.
	for _, address := range []string{fmt.Sprintf("http://%s:8000/public/hello", podAddress), fmt.Sprintf("http://%s:8000/private", podAddress)} {
		if code, body = n.curl(t, address); code != 0 {
			t.Errorf("%s answers %d %s", address, code, body)
		}
	}
	if code, body = n.curl(t, fmt.Sprintf("http://%s:19090/probe/http/private", podAddress)); code != http.StatusNotFound {
		t.Errorf("a path that is no probe's: %d %s", code, body)
	}
	// At its end the sidecar stops by itself when it is told to, as that of a Job is.
	_ = ours.command.Process.Signal(os.Interrupt)
	select {
	case <-ours.done:
	case <-time.After(startTimeout):
		t.Error("Postern does not stop")
	}
}
