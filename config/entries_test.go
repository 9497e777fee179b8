package config

import (
	"reflect"
	"strings"
	"testing"
)

// named has sections under names, whose keys variables may give.
type named struct {
	Clients map[string]client `key:"clients" entries:"env" conventional:"acme"`
}

type client struct {
	ID     string   `key:"id" env:"{NAME}_ID" default:"none"`
	Secret string   `key:"secret" secret:"true" env:"{NAME}_SECRET"`
	Scopes []string `key:"scopes"`
	Other  struct {
		ID string `key:"id"`
	} `key:"other"`
}

func readNamed(t *testing.T, s Sources) (map[string]client, reading, problems) {
	t.Helper()
	var target named
	var ps problems
	var r reading
	s.read(&target, &r, &ps)
	return target.Clients, r, ps
}

func TestVariablesGiveKeysOfNamedSections(t *testing.T) {
	t.Parallel()
	file := write(t, "c.yaml", "clients:\n  my-idp:\n    id: from-file\n    secret: from-file\n  acme: {scopes: [x]}\n")
	got, r, ps := readNamed(t, Sources{File: file, Environ: []string{
		"POSTERN_CLIENTS_MY_IDP_SECRET=from-variable", "POSTERN_CLIENTS_MY_IDP_OTHER_ID=o", "POSTERN_CLIENTS_NEW_ONE_SCOPES=a,b",
		"POSTERN_CLIENTS_FILED_SECRET_FILE=" + write(t, "secret", "from-secret-file\n"),
		"ACME_ID=conventional", "MY_IDP_ID=not-conventional", "OTHER_ID=x", "POSTERN_CLIENTS_EMPTY_SECRET=",
	}})
	if len(ps) > 0 {
		t.Fatal(ps.err())
	}
	want := map[string]client{
		"my-idp":  {ID: "from-file", Secret: "from-variable"},
		"acme":    {ID: "conventional", Scopes: []string{"x"}},
		"new_one": {ID: "none", Scopes: []string{"a", "b"}},
		"filed":   {ID: "none", Secret: "from-secret-file"},
	}
	deep := want["my-idp"]
	deep.Other.ID = "o"
	want["my-idp"] = deep
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	for key, origin := range map[string]string{
		"clients.my-idp.secret": "env POSTERN_CLIENTS_MY_IDP_SECRET", "clients.acme.id": "env ACME_ID", "clients.my-idp.id": file + ":3", "clients.filed.id": "default",
	} {
		if got := r.values[key].origin.String(); got != origin {
			t.Errorf("%s is of %q, want %q", key, got, origin)
		}
	}
	var printed strings.Builder
	if err := r.print(&printed); err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"  filed:", "    secret: '[redacted]' # env POSTERN_CLIENTS_MY_IDP_SECRET", "    id: conventional # env ACME_ID"} {
		if !strings.Contains(printed.String(), line+"\n") {
			t.Errorf("%q is not in\n%s", line, printed.String())
		}
	}
	if strings.Contains(printed.String(), "from-secret-file") || strings.Contains(printed.String(), "from-variable") {
		t.Errorf("a secret is shown:\n%s", printed.String())
	}
}

func TestTheFileGoesBeforeAConventionalVariable(t *testing.T) {
	t.Parallel()
	file := write(t, "c.yaml", "clients:\n  acme:\n    id: from-file\n")
	if got, _, _ := readNamed(t, Sources{File: file, Environ: []string{"ACME_ID=conventional", "ACME_SECRET=s"}}); got["acme"].ID != "from-file" || got["acme"].Secret != "s" {
		t.Errorf("got %+v", got)
	}
	if got, _, _ := readNamed(t, Sources{Environ: []string{"POSTERN_CLIENTS={acme: {id: whole}}", "POSTERN_CLIENTS_ACME_SECRET=s"}}); got["acme"].ID != "whole" || got["acme"].Secret != "s" {
		t.Errorf("got %+v", got)
	}
	if got, _, _ := readNamed(t, Sources{}); got != nil {
		t.Errorf("got %+v", got)
	}
}

func TestVariablesOfNamedSectionsCanBeWrong(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]string{
		"POSTERN_CLIENTS_ACME_IDENTITY=x": "env POSTERN_CLIENTS_ACME_IDENTITY: unknown variable; the nearest valid one is POSTERN_CLIENTS",
		"POSTERN_CLIENTS_ID=x":            "env POSTERN_CLIENTS_ID: unknown variable; the nearest valid one is POSTERN_CLIENTS",
	} {
		_, _, ps := readNamed(t, Sources{Environ: []string{variable}})
		if err := ps.err(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v", variable, err)
		}
	}
	_, _, ps := readNamed(t, Sources{Environ: []string{"POSTERN_CLIENTS_ACME_SECRET=x", "POSTERN_CLIENTS_ACME_SECRET_FILE=/nowhere"}})
	if err := ps.err(); err == nil || !strings.Contains(err.Error(), "clients.acme.secret: given both by POSTERN_CLIENTS_ACME_SECRET and by POSTERN_CLIENTS_ACME_SECRET_FILE") {
		t.Errorf("%v", err)
	}
}
