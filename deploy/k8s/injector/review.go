package injector

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"time"
)

// maxReview is more than an API server sends: it takes objects of 3 MiB at most, and sends one twice at most.
const maxReview = 8 << 20

// reviewVersion is the only one that is spoken. Every API server since Kubernetes 1.16 speaks it, and none since 1.22 speaks the one before.
const reviewVersion = "admission.k8s.io/v1"

// ErrMissing is returned by a Finder for what does not exist.
var ErrMissing = errors.New("does not exist")

// Finder looks for objects in the cluster.
type Finder interface {
	// Find returns ErrMissing for an object that does not exist, and another error when that cannot be known.
	Find(ctx context.Context, resource, namespace, name string) error
}

// Teller tells operators what happened.
type Teller interface {
	// Tell leaves a warning beside an object of a namespace.
	Tell(ctx context.Context, about Subject, reason, message string) error
}

// Subject is what an event is about: the controller that makes the pod, or the namespace when there is none. The pod itself does not exist yet.
type Subject struct{ Namespace, APIVersion, Kind, Name, UID string }

// Webhook answers the API server's admission reviews.
type Webhook struct {
	Options   Options
	LetPass   bool   // pods that cannot be injected as they ask, instead of refusing them
	Finder    Finder // nil: what pods refer to is not checked
	Teller    Teller // nil: nobody is told
	Logger    *slog.Logger
	Observe   func(Outcome, time.Duration) // nil: nobody counts
	Malformed func()                       // nil: nobody counts what is no admission review
}

// review is an admission review (admission.k8s.io/v1 AdmissionReview), as far as it matters.
type review struct {
	APIVersion string    `json:"apiVersion"`
	Kind       string    `json:"kind"`
	Request    *question `json:"request,omitempty"`
	Response   *answer   `json:"response,omitempty"`
}

type question struct {
	UID       string `json:"uid"`
	Kind      struct{ Group, Version, Kind string }
	Namespace string          `json:"namespace"`
	Name      string          `json:"name"`
	Operation string          `json:"operation"`
	DryRun    bool            `json:"dryRun"`
	Object    json.RawMessage `json:"object"`
}

type answer struct {
	UID       string   `json:"uid"`
	Allowed   bool     `json:"allowed"`
	Status    *result  `json:"status,omitempty"`
	Patch     []byte   `json:"patch,omitempty"` // base64 in JSON, as the API server wants it
	PatchType string   `json:"patchType,omitempty"`
	Warnings  []string `json:"warnings,omitempty"`
}

type result struct {
	Status  string `json:"status"`
	Message string `json:"message"`
	Reason  string `json:"reason"`
	Code    int    `json:"code"`
}

// ServeHTTP answers a review. What is none gets an error of HTTP, and the API server does as the webhook's failurePolicy says.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	began := time.Now()
	asked, status, err := readReview(w, r)
	if err != nil {
		h.Logger.LogAttrs(r.Context(), slog.LevelWarn, "not an admission review", slog.Any("err", err))
		if h.Malformed != nil {
			h.Malformed()
		}
		http.Error(w, err.Error(), status)
		return
	}
	answer, outcome := h.decide(r.Context(), asked)
	answer.UID = asked.UID
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(review{APIVersion: reviewVersion, Kind: "AdmissionReview", Response: answer}) // who has left needs no answer
	if h.Observe != nil {
		h.Observe(outcome, time.Since(began))
	}
}

func readReview(w http.ResponseWriter, r *http.Request) (*question, int, error) {
	if r.Method != http.MethodPost {
		w.Header().Set("Allow", http.MethodPost)
		return nil, http.StatusMethodNotAllowed, errors.New("admission reviews come by POST")
	}
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/json" {
		return nil, http.StatusUnsupportedMediaType, errors.New("admission reviews come as application/json")
	}
	text, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxReview))
	if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
		return nil, http.StatusRequestEntityTooLarge, errors.New("an admission review has 8 MiB at most")
	}
	if err != nil {
		return nil, http.StatusBadRequest, err
	}
	var got review
	if err := json.Unmarshal(text, &got); err != nil {
		return nil, http.StatusBadRequest, errors.New("the body is no JSON of an admission review")
	}
	if got.Kind != "AdmissionReview" || got.APIVersion != reviewVersion {
		return nil, http.StatusBadRequest, errors.New("only AdmissionReview of " + reviewVersion + " is spoken; list v1 alone in the webhook's admissionReviewVersions")
	}
	if got.Request == nil || got.Request.UID == "" {
		return nil, http.StatusBadRequest, errors.New("the admission review has no request")
	}
	return got.Request, 0, nil
}

// decide never changes a pod by half: a patch is complete, or there is none.
func (h *Webhook) decide(ctx context.Context, asked *question) (*answer, Outcome) {
	if asked.Kind.Kind != "Pod" || asked.Kind.Group != "" || asked.Operation != "CREATE" {
		return &answer{Allowed: true}, Skipped // a webhook that is told too much
	}
	done, err := Inject(asked.Object, h.Options)
	if err == nil && done.Outcome == Injected {
		err = h.checkReferences(ctx, asked.Namespace, &done)
	}
	if err != nil {
		return h.refuse(ctx, asked, err)
	}
	a := &answer{Allowed: true, Warnings: done.Warnings}
	if len(done.Patch) > 0 {
		text, err := json.Marshal(done.Patch)
		if err != nil {
			return h.refuse(ctx, asked, err)
		}
		a.Patch, a.PatchType = text, "JSONPatch"
	}
	if done.Outcome == Injected {
		h.Logger.LogAttrs(ctx, slog.LevelInfo, "pod injected", asked.attributes()...)
	}
	return a, done.Outcome
}

// checkReferences finds that a pod would wait for ever for a secret that nobody has made.
func (h *Webhook) checkReferences(ctx context.Context, namespace string, done *Injection) error {
	if h.Finder == nil {
		return nil
	}
	var found Invalid
	for _, needed := range []struct{ resource, name, kind, remedy string }{
		{"secrets", done.Secret, "secret", "create it with the keys DATABASE_URL and BETTER_AUTH_SECRET, or name another by " + annotationSecret},
		{"configmaps", done.ConfigMap, "config map", "create it with the key postern.yaml, or name another by " + annotationConfigMap},
	} {
		if needed.name == "" {
			continue
		}
		switch err := h.Finder.Find(ctx, needed.resource, namespace, needed.name); {
		case errors.Is(err, ErrMissing):
			found.add(needed.kind+" "+needed.name, "does not exist in namespace %s; %s", namespace, needed.remedy)
		case err != nil:
			h.Logger.LogAttrs(ctx, slog.LevelWarn, "reference not checked", slog.String("resource", needed.resource), slog.String("name", needed.name), slog.Any("err", err))
			done.Warnings = append(done.Warnings, "postern: whether "+needed.kind+" "+needed.name+" exists could not be checked")
		}
	}
	return found.err()
}

func (h *Webhook) refuse(ctx context.Context, asked *question, err error) (*answer, Outcome) {
	attributes := append(asked.attributes(), slog.Any("err", err))
	if !h.LetPass {
		h.Logger.LogAttrs(ctx, slog.LevelWarn, "pod refused", attributes...)
		return &answer{Status: &result{Status: "Failure", Message: err.Error(), Reason: "Invalid", Code: http.StatusUnprocessableEntity}}, Refused
	}
	h.Logger.LogAttrs(ctx, slog.LevelWarn, "pod let through without postern", attributes...)
	if h.Teller != nil && !asked.DryRun { // a dry run leaves no traces
		if err := h.Teller.Tell(ctx, asked.subject(), "PosternNotInjected", err.Error()); err != nil {
			h.Logger.LogAttrs(ctx, slog.LevelWarn, "event not written", slog.Any("err", err))
		}
	}
	return &answer{Allowed: true, Warnings: []string{err.Error() + "; the pod starts WITHOUT it"}}, LetPass
}

func (q *question) attributes() []slog.Attr {
	var p pod
	_ = json.Unmarshal(q.Object, &p) // a name for the log, if there is one
	name := p.Metadata.Name
	if name == "" {
		name = p.Metadata.GenerateName
	}
	return []slog.Attr{slog.String("namespace", q.Namespace), slog.String("pod", name), slog.Bool("dry_run", q.DryRun)}
}

func (q *question) subject() Subject {
	var p pod
	_ = json.Unmarshal(q.Object, &p) // without an owner, the namespace will do
	for _, o := range p.Metadata.OwnerReferences {
		if o.Controller {
			return Subject{Namespace: q.Namespace, APIVersion: o.APIVersion, Kind: o.Kind, Name: o.Name, UID: o.UID}
		}
	}
	return Subject{Namespace: q.Namespace, APIVersion: "v1", Kind: "Namespace", Name: q.Namespace}
}
