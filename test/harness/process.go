package harness

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"testing"
	"time"
)

// leash kills the command, and what that has started, when the other end of its standard input closes without a word, which
// happens at the latest when the test process dies. The command takes the shell's place, so it has the process id that we know.
const leash = `exec 3<&0
(read -r word <&3 || kill -s KILL -- -$$) >/dev/null 2>&1 &
exec "$@" 3<&- </dev/null`

// process is one child while it runs.
type process struct {
	command *exec.Cmd
	leash   *os.File
	exited  chan struct{}
	err     error // how it ended; set before exited is closed
}

// launch starts a command with exactly the environment that is given.
func launch(stdout, stderr io.Writer, dir string, env []string, argv ...string) (*process, error) {
	far, near, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", argv[0], err)
	}
	defer func() { _ = far.Close() }()
	command := exec.Command("sh", append([]string{"-c", leash, "leash"}, argv...)...)
	command.Dir, command.Env, command.Stdin, command.Stdout, command.Stderr = dir, env, far, stdout, stderr
	// A group of its own: Ctrl-C at the terminal is for the tests, which then end it.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", argv[0], err), near.Close())
	}
	p := &process{command: command, leash: near, exited: make(chan struct{})}
	go func() {
		p.err = command.Wait()
		// The word keeps the leash from killing whoever has the process id next.
		_, _ = io.WriteString(near, "done\n")
		_ = near.Close()
		close(p.exited)
	}()
	return p, nil
}

func (p *process) signal(s os.Signal) error { return p.command.Process.Signal(s) }

// kill ends the process, and what that has started, without any warning, and waits until it is gone.
func (p *process) kill() {
	if p.signal(syscall.Signal(0)) == nil { // it has not ended, so its number is still its own
		_ = syscall.Kill(-p.command.Process.Pid, syscall.SIGKILL)
	}
	<-p.exited
}

// wait returns how the process ended.
func (p *process) wait(limit time.Duration) error {
	select {
	case <-p.exited:
		return p.err
	case <-time.After(limit):
		return fmt.Errorf("still runs after %s", limit)
	}
}

// journal collects what a child writes, over all its lives.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// attachedBytes bounds what one child adds to the output of a failed test.
const attachedBytes = 256 << 10

// attach adds the journal to the test's output if the test failed.
func (j *journal) attach(t testing.TB, name string) {
	if !t.Failed() {
		return
	}
	text := j.String()
	if len(text) > attachedBytes {
		text = "…" + text[len(text)-attachedBytes:]
	}
	t.Logf("log of %s:\n%s", name, text)
}
