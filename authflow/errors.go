package authflow

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"github.com/posternhq/postern/sessionstore"
)

// Error is what a client is told: a status, better-auth's code, and its words. An Error without code and message answers with
// an empty body.
type Error struct {
	Status  int
	Code    string
	Message string

	// RetryAfter, in seconds, becomes the header of that name (RFC 9110 §10.2.3).
	RetryAfter int
	// Cause is for the log alone.
	Cause error
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return e.Message + ": " + e.Cause.Error()
	}
	if e.Message == "" {
		return http.StatusText(e.Status)
	}
	return e.Message
}

func (e *Error) Unwrap() error { return e.Cause }

// Is lets errors.Is match an Error by its code, so that a copy with a cause is still the same error.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Status == e.Status
}

// Because returns a copy that carries the cause into the log.
func (e *Error) Because(cause error) *Error {
	with := *e
	with.Cause = cause
	return &with
}

// errAnswered says that the answer is already out, so that nothing more can be said.
var errAnswered = errors.New("answered")

type errorBody struct {
	Message string `json:"message"`
	Code    string `json:"code,omitempty"`
}

// answerError is the only place where an error of the API becomes HTTP.
func (f *Flow) answerError(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errAnswered) {
		return
	}
	e := f.publicError(r, err)
	setRetryAfter(w.Header(), e)
	if e.Code == "" && e.Message == "" {
		if e.Status == http.StatusUnauthorized {
			w.Header().Set("Content-Type", "application/json") // as better-auth, whose answer is as empty
		}
		w.WriteHeader(e.Status)
		return
	}
	if writeJSON(w, e.Status, errorBody{Message: e.Message, Code: e.Code}) != nil {
		return // the client is gone
	}
}

// publicError decides what of an error the client may know. What is not an *Error is ours alone: logged, never told.
func (f *Flow) publicError(r *http.Request, err error) *Error {
	var e *Error
	var field *sessionstore.FieldError
	switch {
	case errors.As(err, &e):
		if e.Cause != nil {
			f.log(r, e.Status, err)
		}
		return e
	case errors.Is(err, sessionstore.ErrUnavailable):
		f.log(r, ErrUnavailable.Status, err)
		return ErrUnavailable
	case errors.Is(err, context.Canceled):
		// The client went away. Nobody reads the answer; the status tells the access log.
		return &Error{Status: 499, Code: "CLIENT_CLOSED_REQUEST", Message: "Client closed request"}
	case errors.As(err, &field):
		return invalidInput("[body." + field.Field + "] Invalid input: expected " + field.Expected + ", received " + field.Received)
	case errors.Is(err, sessionstore.ErrInvalid):
		return invalidInput("Invalid input")
	}
	f.log(r, errInternal.Status, err)
	return errInternal
}

// log tells the operator what the client was not told. A refusal is a warning: mostly it is a setting, such as an origin that
// is not trusted.
func (f *Flow) log(r *http.Request, status int, err error) {
	level := slog.LevelWarn
	if status >= http.StatusInternalServerError {
		level = slog.LevelError
	}
	f.logger.LogAttrs(r.Context(), level, "auth request failed",
		slog.String("method", r.Method),
		slog.String("route", r.Pattern),
		slog.String("request_id", f.client(r).RequestID),
		slog.Any("err", err))
}
