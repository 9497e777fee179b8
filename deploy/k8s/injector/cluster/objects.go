package cluster

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/posternhq/postern/deploy/k8s/injector"
)

var (
	_ injector.Finder = (*Client)(nil)
	_ injector.Teller = (*Client)(nil)
)

// Find asks whether a core object exists. Its content is not sent.
func (c *Client) Find(ctx context.Context, resource, namespace, name string) error {
	err := c.call(ctx, http.MethodGet, path("api", "v1", "namespaces", namespace, resource, name), "", nil, nil, mediaMetadata)
	if answered(err, http.StatusNotFound) {
		return fmt.Errorf("%s %s: %w", resource, name, injector.ErrMissing)
	}
	return err
}

// Minor is the second number of the API server's version, as 34 in 1.34.2.
func (c *Client) Minor(ctx context.Context) (int, error) {
	var version struct{ Major, Minor string }
	if err := c.get(ctx, "/version", &version); err != nil {
		return 0, err
	}
	minor, err := strconv.Atoi(strings.TrimRight(version.Minor, "+")) // some providers add one
	if err != nil || version.Major != "1" {
		return 0, fmt.Errorf("the API server's version %s.%s is unknown", version.Major, version.Minor)
	}
	return minor, nil
}

type event struct {
	Metadata       eventMetadata `json:"metadata"`
	InvolvedObject involved      `json:"involvedObject"`
	Reason         string        `json:"reason"`
	Message        string        `json:"message"`
	Type           string        `json:"type"`
	Source         source        `json:"source"`
	FirstTimestamp string        `json:"firstTimestamp"`
	LastTimestamp  string        `json:"lastTimestamp"`
	Count          int           `json:"count"`
}

type eventMetadata struct {
	GenerateName string `json:"generateName"`
	Namespace    string `json:"namespace"`
}

type involved struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	Namespace  string `json:"namespace,omitempty"`
	UID        string `json:"uid,omitempty"`
}

type source struct {
	Component string `json:"component"`
}

// maxMessage is the most that an event's message may have.
const maxMessage = 1024

// Tell leaves a warning (core/v1 Event) in the subject's namespace.
func (c *Client) Tell(ctx context.Context, about injector.Subject, reason, message string) error {
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage-3], "") + "..."
	}
	at := time.Now().UTC().Format(time.RFC3339)
	e := event{
		Metadata:       eventMetadata{GenerateName: "postern-injector-", Namespace: about.Namespace},
		InvolvedObject: involved{APIVersion: about.APIVersion, Kind: about.Kind, Name: about.Name, Namespace: about.Namespace, UID: about.UID},
		Reason:         reason, Message: message, Type: "Warning", Source: source{"postern-injector"},
		FirstTimestamp: at, LastTimestamp: at, Count: 1,
	}
	return c.call(ctx, http.MethodPost, path("api", "v1", "namespaces", about.Namespace, "events"), mediaJSON, e, nil, mediaJSON)
}
