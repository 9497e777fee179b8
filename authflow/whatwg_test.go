package authflow

import (
	"bytes"
	"encoding/json"
	"math/rand/v2"
	"net/url"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// browse is what a browser makes of a redirect's target: WHATWG's URL, as Node has it.
const browse = `
const [base, ...targets] = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(targets.map((target) => {
  try {
    const { protocol, host, username, password } = new URL(target, base);
    return { scheme: protocol.slice(0, -1), host, user: username + password };
  } catch {
    return null;
  }
})));`

// What is let through as a redirect target is read once more, by the parser that browsers have (D36, CVE-2026-28512): wherever the two
// disagree about the host, somebody can be sent astray. Nothing that is sent may lead off the trusted origins.
func TestD36BrowsersReadTargetsAsTheCheckDoes(t *testing.T) {
	t.Parallel()
	o := sampleOrigins(t)
	sent := map[string]string{} // what a browser gets, and what that was made of
	targets := targetsToJudge()
	for _, target := range targets {
		if !o.AllowsRedirect(target) {
			continue
		}
		for _, location := range []string{target, AppendQuery(target, url.Values{"error": {"X"}}), SetQuery(o.Base(), target, "token", "x")} {
			sent[location] = target
		}
	}
	if len(targets) < 20_000 || len(sent) < 1000 {
		t.Fatalf("%d of %d targets are let through, which shows little", len(sent), len(targets))
	}
	locations := make([]string, 0, len(sent))
	for location := range sent {
		locations = append(locations, location)
	}
	slices.Sort(locations)
	for i, place := range browsed(t, o.Base(), locations) {
		location := locations[i]
		switch {
		case place == nil: // a browser goes nowhere
		case place.User != "":
			t.Errorf("%q (of %q) has a user", location, sent[location])
		case place.Scheme+"://"+place.Host == o.Base():
		case !isSample(place.Scheme, place.Host):
			t.Errorf("%q (of %q) leads to %s://%s", location, sent[location], place.Scheme, place.Host)
		}
	}
}

type place struct{ Scheme, Host, User string }

func browsed(t *testing.T, base string, targets []string) []*place {
	t.Helper()
	input, err := json.Marshal(append([]string{base}, targets...))
	if err != nil {
		t.Fatal(err)
	}
	node := exec.CommandContext(t.Context(), "node", "-e", browse)
	node.Stdin = bytes.NewReader(input)
	out, err := node.Output()
	if err != nil {
		t.Fatalf("node, which make setup installs: %v", err)
	}
	var places []*place
	if err := json.Unmarshal(out, &places); err != nil || len(places) != len(targets) {
		t.Fatalf("%d places of %d targets, %v", len(places), len(targets), err)
	}
	return places
}

// targetsToJudge are all ways to put a scheme, slashes, a host and the rest together, and ten thousand that chance has spoilt.
func targetsToJudge() []string {
	schemes := []string{"", "https:", "http:", "HTTPS:", "javascript:", "myapp:", " https:", "https&colon;", "//https:"}
	slashes := []string{"", "/", "//", "///", `\\`, `/\`, "\t//", "/\t/", "/\n/", "/.//", "/a/..//", "/%2e//", "//\\"}
	hosts := []string{
		"", "app.example.test", "evil.test", "app.example.test@evil.test", "evil.test#@app.example.test", `evil.test\@app.example.test`, "app.example.test:443", "app.example.test:8443", "app.example.test:",
		"app.example.test.evil.test", "evilapp.example.test", "\uff41pp.example.test", "app\u3002example.test", "app.example.test\u00ad", "app.example.test%00.evil.test", "app.example.test%2eevil.test", "[::1]", "0x7f.1",
		"localhost:3000", "localhost:3000@evil.test", "x.wild.test", "wild.test", "evil.test/.wild.test", "evil.test?.wild.test", "a.host.test:80", "callback", "callback.evil.test", "xn--pp-pka.example.test", "user:pw@app.example.test",
	}
	rests := []string{"", "/x", "?q=//evil.test", "#//evil.test", `\x`, "/..//evil.test", "/%2e%2e//evil.test", "/.//evil.test", "@evil.test", ":80@evil.test"}
	var all []string
	for _, scheme := range schemes {
		for _, slash := range slashes {
			for _, host := range hosts {
				for _, rest := range rests {
					all = append(all, scheme+slash+host+rest)
				}
			}
		}
	}
	chance := rand.New(rand.NewPCG(36, 2026)) // the same in every run
	spoilt := []rune("/\\@:#?.%\t\n\r\x00 \u3002\uff0f\u2028ae0[]")
	for range 10_000 {
		text := []rune(all[chance.IntN(len(all))])
		at := chance.IntN(len(text) + 1)
		all = append(all, string(text[:at])+string(spoilt[chance.IntN(len(spoilt))])+string(text[min(len(text), at+chance.IntN(2)):]))
	}
	return slices.DeleteFunc(all, func(s string) bool { return strings.ContainsRune(s, 0xfffd) })
}
