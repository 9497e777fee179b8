package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/posternhq/postern/cmd/postern/attack"
)

func newAttack(streams) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "attack",
		Short: "Try known attacks on an installation of your own, without harm",
		Long: "Sends some hundred requests that have opened other proxies, and judges the answers: a path that wants a session must not be shown, and nothing may be a fault.\n" +
			"They change nothing and need no account; the log and the audit record of the target will tell of them. Anything but this machine is attacked only with --yes:\n" +
			"by it you say that the target is yours, or that you may. Exits with 1 when an attack succeeds. docs/security-tests.md tells what each id is about.",
		Example: "  postern attack --target http://127.0.0.1:8080 --path /admin\n  postern attack --target https://app.example.com --path /admin --yes",
		Args:    noMoreArguments,
	}
	flags := cmd.Flags()
	target := flags.String("target", "", "URL of the installation")
	path := flags.String("path", "/", "path that wants a session")
	base := flags.String("base-path", "/api/auth", "base path of the auth API")
	yes := flags.Bool("yes", false, "the target is mine, or I may attack it")
	insecure := flags.Bool("insecure", false, "do not check the target's certificate")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		u, err := url.Parse(strings.TrimSuffix(*target, "/"))
		switch {
		case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
			return usageError{fmt.Errorf("--target: %q is not a URL like http://127.0.0.1:8080", *target)}
		case !strings.HasPrefix(*path, "/"):
			return usageError{errors.New("--path: begins with a slash")}
		case !*yes && !isThisMachine(u.Hostname()):
			return usageError{fmt.Errorf("%s is not this machine; with --yes you say that it is yours, or that you may attack it", u.Hostname())}
		}
		results, err := attack.Run(cmd.Context(), attack.Target{URL: u, BasePath: *base, Path: *path, Insecure: *insecure, Alone: isThisMachine(u.Hostname())})
		if err != nil {
			return err
		}
		succeeded, err := attack.Tell(cmd.OutOrStdout(), results)
		if err == nil && succeeded > 0 {
			err = fmt.Errorf("%d of %d attacks succeeded", succeeded, len(results))
		}
		return err
	}
	return cmd
}

func isThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
