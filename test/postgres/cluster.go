package postgres

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// Cluster is a PostgreSQL server with a folder of its own.
type Cluster struct {
	dir    string
	remove bool
	bin    string
	port   int
	run    *server // nil while stopped
}

// server is one life of the server process.
type server struct {
	leash  io.WriteCloser // a line, or the end, makes the watchdog stop the server
	exited chan struct{}
	output *bytes.Buffer
}

// watchdog runs the server until its standard input has a line or ends, which it does at the latest when the process that
// holds the other end dies. "$1" is a folder to remove in that case, or empty; the rest is the command.
const watchdog = `remove=$1; shift
"$@" & server=$!
word=; read -r word
kill -INT $server 2>/dev/null
wait $server
if [ "$word" != keep ] && [ -n "$remove" ]; then cd / && rm -rf "$remove"; fi`

// startTimeout is generous for slow disks; recovery after Kill counts too.
const startTimeout = 60 * time.Second

// Start makes a cluster in the folder, which must be empty, and starts it. An empty name means a temporary folder that is
// removed with the cluster. PostgreSQL refuses to run as root: then it runs as the user postgres, or else nobody, who must
// be able to reach the folder.
func Start(dir string) (*Cluster, error) {
	bin, err := findBinaries()
	if err != nil {
		return nil, err
	}
	c := &Cluster{dir: dir, bin: bin}
	if dir == "" {
		if c.dir, err = os.MkdirTemp("", "postern-postgres-"); err != nil {
			return nil, fmt.Errorf("make folder for PostgreSQL: %w", err)
		}
		c.remove = true
	}
	if err := c.create(); err != nil {
		return nil, errors.Join(err, c.discard())
	}
	if err := c.Restart(); err != nil {
		return nil, errors.Join(err, c.discard())
	}
	return c, nil
}

// URL names a database of the cluster.
func (c *Cluster) URL(database string) string {
	return fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", c.port, database)
}

// Port is the same across restarts.
func (c *Cluster) Port() int { return c.port }

// Restart starts the server again after Stop or Kill, on the same port, and waits until it answers. A server that runs is
// stopped first.
func (c *Cluster) Restart() error {
	if err := c.halt(); err != nil {
		return err
	}
	abandoned := ""
	if c.remove {
		abandoned = c.dir
	}
	command := c.command("sh", "-c", watchdog, "watchdog", abandoned, filepath.Join(c.bin, "postgres"), "-D", c.data(),
		"-p", strconv.Itoa(c.port), "-h", "127.0.0.1", "-c", "unix_socket_directories=", "-c", "max_connections=300", "-c", "fsync=on")
	leash, err := command.StdinPipe()
	if err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	run := &server{leash: leash, exited: make(chan struct{}), output: &bytes.Buffer{}}
	command.Stdout, command.Stderr = run.output, run.output
	if err := command.Start(); err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	go func() {
		defer close(run.exited)
		_ = command.Wait() // how it ended does not matter; that it did not answer is noticed by await
	}()
	c.run = run
	if err := c.await(); err != nil {
		return errors.Join(err, c.halt(), fmt.Errorf("PostgreSQL said: %s", run.output))
	}
	return nil
}

// Stop ends the server as an administrator does: connections are closed, what was committed is on disk.
func (c *Cluster) Stop() error { return c.signal(syscall.SIGINT) }

// Kill ends the server without any warning, as when the machine's memory runs out.
func (c *Cluster) Kill() error { return c.signal(syscall.SIGKILL) }

// Close stops the server for good and removes a temporary folder.
func (c *Cluster) Close() error { return errors.Join(c.halt(), c.discard()) }

// create runs initdb. Syncing the empty cluster is left out, since nothing can be lost before there is anything.
func (c *Cluster) create() error {
	owner, err := serverOwner()
	if err != nil {
		return err
	}
	if owner != nil {
		if err := os.Chown(c.dir, int(owner.Uid), int(owner.Gid)); err != nil {
			return fmt.Errorf("give folder to PostgreSQL's user: %w", err)
		}
	}
	initdb := c.command(filepath.Join(c.bin, "initdb"), "-D", c.data(), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
	if output, err := initdb.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, output)
	}
	c.port, err = freePort()
	return err
}

// command runs as a user that PostgreSQL accepts.
func (c *Cluster) command(name string, args ...string) *exec.Cmd {
	command := exec.Command(name, args...)
	command.Dir = c.dir
	command.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C", "TZ=UTC"}
	// A group of its own: Ctrl-C at the terminal is for the tests, which then stop the server.
	command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if owner, err := serverOwner(); err == nil && owner != nil {
		command.SysProcAttr.Credential = owner
	}
	return command
}

func (c *Cluster) data() string { return filepath.Join(c.dir, "data") }

func (c *Cluster) discard() error {
	if !c.remove {
		return nil
	}
	return os.RemoveAll(c.dir)
}

// await asks until the server answers.
func (c *Cluster) await() error {
	deadline := time.Now().Add(startTimeout)
	for {
		ctx, cancel := context.WithDeadline(context.Background(), deadline)
		conn, err := pgx.Connect(ctx, c.URL("postgres"))
		cancel()
		if err == nil {
			return conn.Close(context.Background())
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("wait for PostgreSQL: %w", err)
		}
		select {
		case <-c.run.exited:
			return errors.New("PostgreSQL ended while starting")
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// signal goes to the server itself, whose process id stands in its folder.
func (c *Cluster) signal(s syscall.Signal) error {
	if c.run == nil {
		return nil
	}
	content, err := os.ReadFile(filepath.Join(c.data(), "postmaster.pid"))
	if err != nil {
		return fmt.Errorf("find PostgreSQL's process: %w", err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return fmt.Errorf("find PostgreSQL's process: %w", err)
	}
	if err := syscall.Kill(pid, s); err != nil {
		return fmt.Errorf("signal PostgreSQL: %w", err)
	}
	return c.halt()
}

// halt ends the watchdog, and with it the server where that still runs.
func (c *Cluster) halt() error {
	if c.run == nil {
		return nil
	}
	// Neither can be told anything if it is gone already.
	_, _ = io.WriteString(c.run.leash, "keep\n")
	_ = c.run.leash.Close()
	<-c.run.exited
	c.run = nil
	return nil
}

// findBinaries looks where PATH, PostgreSQL's own installers and Debian's packages put them.
func findBinaries() (string, error) {
	if initdb, err := exec.LookPath("initdb"); err == nil {
		// A link in PATH need not have the other programs beside it.
		if initdb, err = filepath.EvalSymlinks(initdb); err != nil {
			return "", err
		}
		return filepath.Dir(initdb), nil
	}
	var found []string
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin/initdb", "/usr/pgsql-*/bin/initdb", "/opt/homebrew/opt/postgresql@*/bin/initdb", "/usr/local/opt/postgresql@*/bin/initdb"} {
		matches, err := filepath.Glob(pattern)
		if err != nil {
			return "", err
		}
		found = append(found, matches...)
	}
	if len(found) == 0 {
		return "", errors.New("tests need a real PostgreSQL, and none is installed: apt-get install postgresql, brew install postgresql@17, " +
			"or set POSTERN_TEST_POSTGRES_URL to a server on which databases may be created")
	}
	return filepath.Dir(slices.Max(found)), nil
}

// serverOwner is whom to run as, or nil to stay who we are.
func serverOwner() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, err := strconv.ParseUint(account.Uid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		gid, err := strconv.ParseUint(account.Gid, 10, 32)
		if err != nil {
			return nil, fmt.Errorf("user %s: %w", name, err)
		}
		return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
	}
	return nil, errors.New("PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody")
}

// freePort asks the system. Somebody else may take it before PostgreSQL does, which then says so.
func freePort() (int, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
