package harness

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// FindProgram is the file of a program that the machine has, or "". Distributions put servers where only root looks.
func FindProgram(name string) string {
	if file, err := exec.LookPath(name); err == nil {
		return file
	}
	for _, dir := range []string{"/usr/sbin", "/usr/local/sbin"} {
		if file := filepath.Join(dir, name); isFile(file) {
			return file
		}
	}
	return ""
}

func isFile(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.Mode().IsRegular()
}

// FreeAddress is host and port of loopback where nobody listens.
func FreeAddress(t testing.TB) string {
	t.Helper()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("127.0.0.1:%d", port)
}

// StartProgram runs a program in a folder until the test ends, and waits until it listens on address.
func StartProgram(t testing.TB, dir, address string, argv ...string) {
	t.Helper()
	log := &journal{}
	run, err := launch(log, log, dir, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "XDG_DATA_HOME=" + dir, "XDG_CONFIG_HOME=" + dir}, argv...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		run.kill()
		log.attach(t, argv[0])
	})
	for deadline := time.Now().Add(startTimeout); ; time.Sleep(25 * time.Millisecond) {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
			return
		}
		select {
		case <-run.exited:
			t.Fatal(fmt.Errorf("%s ended while starting: %w: %s", argv[0], errors.Join(run.err, err), log))
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("wait for %s: %v", argv[0], err)
		}
	}
}
