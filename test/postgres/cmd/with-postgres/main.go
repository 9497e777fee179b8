// Command with-postgres runs a command beside a PostgreSQL of its own:
//
//	with-postgres -- go test ./...
//
// The command finds the server in POSTERN_TEST_POSTGRES_URL. Its exit code becomes that of with-postgres; 2 means wrong
// usage, 1 that there is no PostgreSQL to run. Where the variable is set already the command is run as it is.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"syscall"

	"github.com/posternhq/postern/test/postgres"
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(stderr, "usage: with-postgres -- command [argument ...]")
		return 2
	}
	command := exec.Command(args[0], args[1:]...)
	command.Stdin, command.Stdout, command.Stderr = stdin, stdout, stderr
	command.Env = os.Environ()
	if os.Getenv(postgres.EnvURL) == "" {
		cluster, err := postgres.Start("")
		if err != nil {
			fmt.Fprintln(stderr, "with-postgres:", err)
			return 1
		}
		defer func() {
			if err := cluster.Close(); err != nil {
				fmt.Fprintln(stderr, "with-postgres:", err)
			}
		}()
		command.Env = append(command.Env, postgres.EnvURL+"="+cluster.URL("postgres"))
	}
	return wait(command, stderr)
}

// wait passes signals on and lives until the command has ended, so that the server outlives it.
func wait(command *exec.Cmd, stderr io.Writer) int {
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)
	if err := command.Start(); err != nil {
		fmt.Fprintln(stderr, "with-postgres:", err)
		return 1
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	for {
		select {
		case s := <-signals:
			_ = command.Process.Signal(s) // it may have ended just now
		case err := <-ended:
			return exitCode(err, stderr)
		}
	}
}

func exitCode(err error, stderr io.Writer) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case !errors.As(err, &exit):
		fmt.Fprintln(stderr, "with-postgres:", err)
		return 1
	case exit.ExitCode() < 0: // ended by a signal; shells say 128 and the number
		if status, ok := exit.Sys().(syscall.WaitStatus); ok {
			return 128 + int(status.Signal())
		}
		return 1
	}
	return exit.ExitCode()
}
