package main

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"

	"github.com/spf13/cobra"
)

func newSecret() *cobra.Command {
	return &cobra.Command{
		Use:   "secret",
		Short: "Print a new random secret for auth.secret",
		Args:  noMoreArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			_, err := fmt.Fprintln(cmd.OutOrStdout(), newRandomSecret())
			return err
		},
	}
}

// newRandomSecret returns 256 random bits as 43 characters that need no quoting anywhere.
func newRandomSecret() string {
	var b [32]byte
	rand.Read(b[:]) // never fails: since Go 1.24 the program is stopped instead
	return base64.RawURLEncoding.EncodeToString(b[:])
}
