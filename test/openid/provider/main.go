// Command provider is a real OpenID provider for tests: zitadel/oidc's example server with users and a client of our own.
//
//	provider -port 20001 -redirect http://127.0.0.1:20002/api/auth/callback/acme
//
// Its users sign in on an HTML form, with their name as user name and a password that is the same for all.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/text/language"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/example/server/storage"
)

func main() {
	port := flag.Int("port", 0, "port on 127.0.0.1; the issuer is http://127.0.0.1:PORT/")
	redirect := flag.String("redirect", "", "redirect URI of the client")
	flag.Parse()
	if err := run(*port, *redirect); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(port int, redirect string) error {
	users, err := people()
	if err != nil {
		return err
	}
	storage.RegisterClients(storage.WebClient("postern", "the-client-secret", redirect))
	address := fmt.Sprintf("127.0.0.1:%d", port)
	logger := slog.New(slog.NewTextHandler(os.Stderr, nil))
	server := &http.Server{
		Addr:              address,
		Handler:           exampleop.SetupServer("http://"+address+"/", storage.NewStorage(users), logger, false),
		ReadHeaderTimeout: 5 * time.Second,
	}
	return server.ListenAndServe()
}

// people are read from a file, since the example reads its users from one.
func people() (storage.UserStore, error) {
	user := func(id, first, last string, verified bool) *storage.User {
		return &storage.User{
			ID: id, Username: id, Password: "correct horse", FirstName: first, LastName: last,
			Email: id + "@people.test", EmailVerified: verified, PreferredLanguage: language.English,
		}
	}
	data, err := json.Marshal(map[string]*storage.User{
		"ada":    user("ada", "Ada", "Lovelace", true),
		"grace":  user("grace", "Grace", "Hopper", true),
		"edsger": user("edsger", "Edsger", "Dijkstra", false),
	})
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "postern-provider-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	file := filepath.Join(dir, "users.json")
	if err := os.WriteFile(file, data, 0o600); err != nil {
		return nil, err
	}
	return storage.StoreFromFile(file)
}
