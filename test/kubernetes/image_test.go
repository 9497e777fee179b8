package kubernetes

import (
	"archive/tar"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// final are the instructions of the Dockerfile's last stage.
func final(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	whole := strings.ReplaceAll(string(text), "\\\n", " ")
	stages := strings.Split(whole, "\nFROM ")
	var lines []string
	for line := range strings.SplitSeq("FROM "+stages[len(stages)-1], "\n") {
		if line = strings.Join(strings.Fields(line), " "); line != "" && !strings.HasPrefix(line, "#") {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestTheImageIsMadeOfNothingForNobody(t *testing.T) {
	t.Parallel()
	lines := final(t)
	for _, want := range []string{"FROM scratch", "USER 65532:65532", `ENTRYPOINT ["/postern"]`, `CMD ["serve"]`, "COPY --from=build /image/postern /postern"} {
		if !slices.Contains(lines, want) {
			t.Errorf("the last stage has no %q:\n%s", want, strings.Join(lines, "\n"))
		}
	}
	all := strings.Join(lines, "\n")
	for _, label := range []string{"title", "description", "source", "documentation", "licenses", "version"} {
		if !strings.Contains(all, "org.opencontainers.image."+label+"=") {
			t.Errorf("no label %s", label)
		}
	}
	for _, line := range lines {
		if strings.HasPrefix(line, "RUN ") || strings.HasPrefix(line, "ADD ") {
			t.Errorf("%q needs more than files", line)
		}
	}
	text, err := os.ReadFile(filepath.Join(repository, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	if !regexp.MustCompile(`(?m)^FROM --platform=\$BUILDPLATFORM .*\n`).Match(text) || !strings.Contains(string(text), "GOARCH=$TARGETARCH") {
		t.Error("it is not built on one architecture for another")
	}
}

// layout is the image's content, as the Dockerfile copies it.
func layout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	for dir := root; dir != "/" && dir != os.TempDir(); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // as an image's root is
			t.Fatal(err)
		}
	}
	for _, dir := range []string{"etc/ssl/certs", "data", "tmp"} {
		if err := os.MkdirAll(filepath.Join(root, dir), 0o755); err != nil { //nolint:gosec // the same
			t.Fatal(err)
		}
	}
	for from, to := range map[string]string{postern(t): "postern", "/etc/ssl/certs/ca-certificates.crt": "etc/ssl/certs/ca-certificates.crt"} {
		content, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(root, to), content, 0o755); err != nil { //nolint:gosec // the same
			t.Fatal(err)
		}
	}
	return root
}

func TestTheImageIsSmall(t *testing.T) {
	t.Parallel()
	root := layout(t)
	size := new(counter)
	compressed := gzip.NewWriter(size)
	archive := tar.NewWriter(compressed)
	if err := archive.AddFS(os.DirFS(root)); err != nil {
		t.Fatal(err)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
	if err := compressed.Close(); err != nil {
		t.Fatal(err)
	}
	t.Logf("%.1f MB compressed", float64(*size)/1e6)
	if *size > 25e6 {
		t.Errorf("%d bytes compressed", *size)
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) {
	*c += counter(len(p))
	return len(p), nil
}

// inImage runs a command of the image: its files alone, which cannot be written to, as a user who is nobody, without /proc and /dev.
func inImage(root string, writable bool, argv ...string) []string {
	script := `mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && `
	if writable {
		script += `mount -t tmpfs -o mode=0777 tmpfs "$0/data" && `
	}
	script += `exec chroot --userspec=65532:65532 "$0" "$@"`
	return append([]string{"unshare", "--mount", "sh", "-c", script, root}, argv...)
}

func TestTheImagesContentRunsReadOnly(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("changing the root needs root")
	}
	root := layout(t)
	argv := inImage(root, false, "/postern", "version")
	if output, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err != nil || !strings.Contains(string(output), "postern v1.0.0") {
		t.Errorf("%v: %s", err, output)
	}
	// Without a folder to write to, the embedded database says so.
	argv = inImage(root, false, "/postern", "migrate", "up")
	if output, err := exec.Command(argv[0], argv[1:]...).CombinedOutput(); err == nil {
		t.Errorf("it wrote somewhere: %s", output)
	}
	listen, admin := freeAddress(t), freeAddress(t)
	server := start(t, []string{
		"POSTERN_SERVER_LISTEN=" + listen, "POSTERN_SERVER_ADMIN_LISTEN=" + admin, "POSTERN_SERVER_PUBLIC_URL=http://app.test", "POSTERN_UPSTREAM_URL=http://127.0.0.1:1",
		"BETTER_AUTH_SECRET=Zk3vQ8xW1pLr6TnB4yHs9cDf2mJg7aEu", "POSTERN_MAIL_TRANSPORT=log", "POSTERN_DATABASE_PATH=/data/postern.db",
	}, inImage(root, true, "/postern", "serve")...)
	server.until(t, "it is ready", func() error {
		resp, err := http.Get("http://" + admin + "/readyz")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s", resp.Status)
		}
		return nil
	})
}

// The blueprint's variables are a configuration that Postern starts with.
func TestTheBlueprintForRenderIsValid(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(repository, "deploy/render.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var blueprint struct {
		Services []struct {
			Name    string
			EnvVars []struct {
				Key, Value    string
				GenerateValue bool
				FromDatabase  struct{ Name string }
				Sync          *bool
			}
		}
		Databases []struct{ Name string }
	}
	if err := yaml.Unmarshal(text, &blueprint); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(postern(t), "config", "check")
	command.Env = []string{"PATH=" + os.Getenv("PATH")}
	for _, v := range blueprint.Services[0].EnvVars {
		value := v.Value
		switch {
		case v.GenerateValue:
			value = "Zk3vQ8xW1pLr6TnB4yHs9cDf2mJg7aEu"
		case v.FromDatabase.Name != "":
			if v.FromDatabase.Name != blueprint.Databases[0].Name {
				t.Errorf("%s is of no database", v.Key)
			}
			value = "postgres://app@db/app"
		case v.Sync != nil:
			value = "re_Zk3vQ8xW1pLr6TnB4yHs9"
		}
		command.Env = append(command.Env, v.Key+"="+value)
	}
	if output, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, output)
	}
	if len(command.Env) < 8 {
		t.Errorf("only %v", command.Env)
	}
}
