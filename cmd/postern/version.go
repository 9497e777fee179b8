package main

import (
	"crypto/fips140"
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

// version is set by the linker: -X main.version=v1.2.3.
var version string

// buildVersion is the release, or what the Go tool recorded of the checkout.
func buildVersion() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(devel)"
}

func newVersion() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noMoreArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			mode := ""
			if fips140.Enabled() {
				mode = ", FIPS 140-3"
			}
			_, err := fmt.Fprintf(cmd.OutOrStdout(), "postern %s (%s, %s/%s%s)\n", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH, mode)
			return err
		},
	}
}
