package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// settings bound a run.
type settings struct {
	rounds        int
	requestCount  int // of each row in each round
	connections   int
	signIns       int           // of each round
	starts        int           // of which the median counts
	idle          time.Duration // after which a process counts as settled
	measureMemory bool
	soak          time.Duration // how long to look for growth, and nothing else; 0: not at all
	revision      string        // to compare with, and nothing else
	only          string        // parts, by their names
	sessions      int           // in the large database; 0 leaves look-ups out
	revocations   int           // 0 leaves the lag out
	postern       string        // a binary to measure instead of building one
	profilePath   string
	profile       string // a file for perf's samples of Postern
}

// roundTime ends a round early on a machine that is too slow for the number of requests.
const roundTime = 10 * time.Second

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run is the program. A missed target is a result, not an error.
func run(ctx context.Context, args []string, out, progress io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "upstream":
			return serveUpstream(os.Stdin, out)
		case "bare":
			return serveBare(args[1:], os.Stdin, out)
		}
	}
	s, err := parseSettings(args, progress)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	busy, err := othersLoad()
	if err != nil {
		return err
	}
	t, err := measure(ctx, s, progress)
	if err != nil && !errors.Is(err, errRegression) && !errors.Is(err, errGrowth) {
		return err
	}
	fmt.Fprintf(out, "\n%s, %s/%s, %d CPUs, load average before: %s; %d rounds of %d requests over %d connections\n\n",
		runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), busy, s.rounds, s.requestCount, s.connections)
	return errors.Join(t.print(out), err)
}

// othersLoad is the machine's load average of the last minute. Where it is not near zero, others compete for the CPUs: ratios
// and memory can still be trusted, latencies, throughput and times to start can not.
func othersLoad() (string, error) {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "", fmt.Errorf("read load average: %w", err)
	}
	average, _, _ := strings.Cut(string(text), " ")
	return average, nil
}

func parseSettings(args []string, output io.Writer) (settings, error) {
	var s settings
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(output)
	f.IntVar(&s.rounds, "rounds", 9, "rounds, of which the median counts")
	f.IntVar(&s.requestCount, "requests", 15000, "requests of each row in each round")
	f.IntVar(&s.connections, "connections", 64, "connections, each with one request under way")
	f.IntVar(&s.signIns, "sign-ins", 12, "sign-ins of each round; 0 leaves them out")
	f.IntVar(&s.starts, "starts", 10, "starts on each database; 0 leaves them out")
	f.DurationVar(&s.idle, "idle", 30*time.Second, "how long to wait until a process counts as settled")
	f.DurationVar(&s.soak, "soak", 0, "only load a server for so long, such as 30m, and fail if it holds more and more")
	f.StringVar(&s.revision, "against", "", "only compare with a revision, such as HEAD~1, or a binary, and fail if requests cost more than they did there")
	f.StringVar(&s.only, "only", "", "parts to measure, separated by commas: requests, protocols, others, lookups, lag, start, memory, crowd")
	f.IntVar(&s.sessions, "sessions", 1_000_000, "sessions in the large database; 0 leaves look-ups out; 10000000 takes some minutes and 5 GB")
	f.IntVar(&s.revocations, "revocations", 200, "revocations of which the lag is measured, each way; 0 leaves it out")
	f.BoolVar(&s.measureMemory, "memory", true, "measure memory")
	f.StringVar(&s.postern, "postern", "", "binary to measure; empty builds ./cmd/postern")
	f.StringVar(&s.profile, "profile", "", "only load one path and let perf write its samples of Postern to this file")
	f.StringVar(&s.profilePath, "profile-path", "/tasks/42", "the path for -profile")
	if err := f.Parse(args); err != nil {
		return s, err
	}
	if f.NArg() > 0 {
		return s, fmt.Errorf("unknown argument %q", f.Arg(0))
	}
	if s.rounds < 1 || s.requestCount < s.connections || s.connections < 1 {
		return s, errors.New("there must be a round, a connection, and a request for each connection")
	}
	return s, nil
}
