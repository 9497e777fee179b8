package cluster

import (
	"bytes"
	"context"
	"fmt"
	"net/http"

	"github.com/posternhq/postern/deploy/k8s/injector/authority"
)

var _ authority.Store = (*Certificates)(nil)

// Certificates are a secret, and a MutatingWebhookConfiguration whose webhooks all have one caBundle.
type Certificates struct {
	Client            *Client
	Namespace, Secret string
	Webhook           string
}

type secret struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   secretMetadata    `json:"metadata"`
	Type       string            `json:"type"`
	Data       map[string][]byte `json:"data"` // base64 in JSON
}

type secretMetadata struct {
	Name            string            `json:"name"`
	Namespace       string            `json:"namespace"`
	ResourceVersion string            `json:"resourceVersion,omitempty"`
	Labels          map[string]string `json:"labels,omitempty"`
}

func (c *Certificates) secrets() string {
	return path("api", "v1", "namespaces", c.Namespace, "secrets")
}

// Load implements authority.Store.
func (c *Certificates) Load(ctx context.Context) (map[string][]byte, string, error) {
	var s secret
	err := c.Client.get(ctx, c.secrets()+path(c.Secret), &s)
	if answered(err, http.StatusNotFound) {
		return nil, "", authority.ErrNotFound
	}
	return s.Data, s.Metadata.ResourceVersion, err
}

// Save implements authority.Store: a resourceVersion in what is written is a condition
// (https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions), and what exists cannot be created.
func (c *Certificates) Save(ctx context.Context, data map[string][]byte, version string) error {
	s := secret{APIVersion: "v1", Kind: "Secret", Type: "Opaque", Data: data, Metadata: secretMetadata{
		Name: c.Secret, Namespace: c.Namespace, ResourceVersion: version, Labels: map[string]string{"app.kubernetes.io/managed-by": "postern-injector"},
	}}
	var err error
	if version == "" {
		err = c.Client.call(ctx, http.MethodPost, c.secrets(), mediaJSON, s, nil, mediaJSON)
	} else {
		err = c.Client.call(ctx, http.MethodPut, c.secrets()+path(c.Secret), mediaJSON, s, nil, mediaJSON)
	}
	return conflict(err)
}

type webhooks struct {
	Webhooks []struct {
		Name         string `json:"name"`
		ClientConfig struct {
			CABundle []byte `json:"caBundle"`
		} `json:"clientConfig"`
	} `json:"webhooks"`
}

func (c *Certificates) configuration() string {
	return path("apis", "admissionregistration.k8s.io", "v1", "mutatingwebhookconfigurations", c.Webhook)
}

// Published implements authority.Store. Webhooks that disagree count as having none, so that all are told anew.
func (c *Certificates) Published(ctx context.Context) ([]byte, error) {
	var w webhooks
	if err := c.Client.get(ctx, c.configuration(), &w); err != nil {
		return nil, err
	}
	if len(w.Webhooks) == 0 {
		return nil, fmt.Errorf("MutatingWebhookConfiguration %s has no webhooks", c.Webhook)
	}
	for _, one := range w.Webhooks[1:] {
		if !bytes.Equal(one.ClientConfig.CABundle, w.Webhooks[0].ClientConfig.CABundle) {
			return nil, nil
		}
	}
	return w.Webhooks[0].ClientConfig.CABundle, nil
}

type step struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value"`
}

// Publish implements authority.Store: the tests of a JSON Patch (RFC 6902 §4.6) are its condition.
func (c *Certificates) Publish(ctx context.Context, before, bundle []byte) error {
	var w webhooks
	if err := c.Client.get(ctx, c.configuration(), &w); err != nil {
		return err
	}
	var patch []step
	for i, one := range w.Webhooks {
		if len(before) > 0 && !bytes.Equal(one.ClientConfig.CABundle, before) {
			return authority.ErrConflict
		}
		here := fmt.Sprintf("/webhooks/%d", i)
		patch = append(patch, step{"test", here + "/name", one.Name})
		if len(one.ClientConfig.CABundle) > 0 {
			patch = append(patch, step{"test", here + "/clientConfig/caBundle", one.ClientConfig.CABundle})
		}
		patch = append(patch, step{"add", here + "/clientConfig/caBundle", bundle})
	}
	return conflict(c.Client.call(ctx, http.MethodPatch, c.configuration(), mediaJSONPatch, patch, nil, mediaJSON))
}

// conflict recognises that somebody else was first: 409, and 422 for a test of a patch that failed.
func conflict(err error) error {
	if answered(err, http.StatusConflict) || answered(err, http.StatusUnprocessableEntity) {
		return fmt.Errorf("%w: %w", authority.ErrConflict, err)
	}
	return err
}
