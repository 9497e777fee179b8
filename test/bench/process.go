package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a program under measurement.
type process struct {
	command *exec.Cmd
	exited  chan struct{}
}

// stopTimeout is how long a process may take to end by itself.
const stopTimeout = 10 * time.Second

// tick is the unit of CPU times in /proc: USER_HZ, which is 100 wherever Go runs on Linux (proc_pid_stat(5)). The kernel
// scales the sampled times so that their sum is what the scheduler counted, and rounds that sum to the tick.
const tick = 10 * time.Millisecond

func start(command *exec.Cmd) (*process, error) {
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", command.Path, err)
	}
	p := &process{command: command, exited: make(chan struct{})}
	go func() {
		defer close(p.exited)
		_ = command.Wait() // that it ended early is noticed by whoever talks to it
	}()
	return p, nil
}

// stop ends the process and waits for it.
func (p *process) stop() {
	_ = p.command.Process.Signal(syscall.SIGTERM) // one that has ended already needs no signal
	select {
	case <-p.exited:
	case <-time.After(stopTimeout):
		_ = p.command.Process.Kill()
		<-p.exited
	}
}

// cpu is the user and system time the process has used so far.
func (p *process) cpu() (time.Duration, error) {
	path := fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("read CPU time: %w", err)
	}
	// The second field is the program's name in parentheses and may contain anything. utime and stime are the 14th and 15th.
	end := bytes.LastIndexByte(text, ')')
	fields := strings.Fields(string(text[end+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("read CPU time: %s has %d fields", path, len(fields))
	}
	var total time.Duration
	for _, field := range fields[11:13] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read CPU time: %w", err)
		}
		total += time.Duration(n) * tick
	}
	return total, nil
}

// resident is the memory of the process that is in RAM (VmRSS), in bytes, pages of its executable included.
func (p *process) resident() (int64, error) {
	path := fmt.Sprintf("/proc/%d/status", p.command.Process.Pid)
	text, err := os.ReadFile(path)
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		value, ok := strings.CutPrefix(line, "VmRSS:")
		if !ok {
			continue
		}
		kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
		if err != nil {
			return 0, fmt.Errorf("read memory: %w", err)
		}
		return kib << 10, nil
	}
	return 0, fmt.Errorf("read memory: %s names no VmRSS", path)
}

// startPeer runs this program again in another role and returns the address on which it listens. It ends with us: its
// standard input does.
func startPeer(ctx context.Context, role string, args ...string) (*process, string, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, "", fmt.Errorf("find own executable: %w", err)
	}
	command := exec.CommandContext(ctx, self, append([]string{role}, args...)...)
	command.Stderr = os.Stderr
	leash, err := command.StdinPipe()
	if err != nil {
		return nil, "", fmt.Errorf("start %s: %w", role, err)
	}
	announced, output, err := os.Pipe()
	if err != nil {
		return nil, "", errors.Join(fmt.Errorf("start %s: %w", role, err), leash.Close())
	}
	defer announced.Close()
	command.Stdout = output
	p, err := start(command)
	_ = output.Close() // the child has its own
	if err != nil {
		return nil, "", err
	}
	address, err := bufio.NewReader(announced).ReadString('\n')
	if err != nil {
		p.stop()
		return nil, "", fmt.Errorf("start %s: it ended without an address", role)
	}
	return p, strings.TrimSpace(address), nil
}

// untilClosed returns when the process that started us lets go of our standard input.
func untilClosed(leash io.Reader) { _, _ = io.Copy(io.Discard, leash) }
