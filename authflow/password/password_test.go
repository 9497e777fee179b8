package password_test

import (
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/posternhq/postern/authflow/authflowtest"
	"github.com/posternhq/postern/authflow/password"
)

// start runs a flow whose hashes cost nothing.
func start(t *testing.T, adjust ...func(*authflowtest.Settings)) *authflowtest.Flow {
	t.Helper()
	flow := authflowtest.Start(t, adjust...)
	password.Cheapen(flow.Password, nil)
	return flow
}

// open is a service where nobody has to prove an address.
func open(s *authflowtest.Settings) {
	s.Password.RequireEmailVerification = false
	s.Verification.SendOnSignUp, s.Verification.SendOnSignIn = false, false
}

// shape is an answer without what must differ: ids, dates and what the request itself said.
func shape(a *authflowtest.Answer, said ...string) string {
	body := a.Body
	for _, text := range said {
		body = strings.ReplaceAll(body, text, "<said>")
	}
	body = regexp.MustCompile(`"id":"[A-Za-z0-9]{32}"`).ReplaceAllString(body, `"id":"<id>"`)
	body = regexp.MustCompile(`"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"`).ReplaceAllString(body, `"<date>"`)
	header := a.Header.Clone()
	header.Del("Date")
	var lines []string
	for _, name := range slices.Sorted(maps.Keys(header)) {
		lines = append(lines, fmt.Sprint(name, header[name]))
	}
	return fmt.Sprint(a.Status, " ", body, " ", lines)
}

// race sends the same request from n browsers at once and counts the statuses.
func race(t *testing.T, n int, send func() *authflowtest.Answer) map[int]int {
	t.Helper()
	statuses := map[int]int{}
	var mu sync.Mutex
	var all sync.WaitGroup
	for range n {
		all.Go(func() {
			a := send()
			mu.Lock()
			defer mu.Unlock()
			statuses[a.Status]++
		})
	}
	all.Wait()
	return statuses
}

func formPost(path, body string) authflowtest.Request {
	return authflowtest.Request{Method: http.MethodPost, Path: path, ContentType: "application/x-www-form-urlencoded", Body: body}
}
