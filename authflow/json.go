package authflow

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxBodyBytes bounds a request's body. The largest honest one holds an image as a data URL.
const maxBodyBytes = 256 << 10

// maxBodyTime bounds how long a body may take to arrive: ample for the largest on a poor line, and too short to hold
// connections by the thousand with a byte now and then.
const maxBodyTime = 15 * time.Second

// readBody decodes the body as better-auth does: JSON always, a form where the route takes one, nothing where no
// Content-Type says what it is. It returns undefined when there is no body.
func readBody(w http.ResponseWriter, r *http.Request, form bool) (any, error) {
	if r.Body == nil || r.Body == http.NoBody {
		return undefined{}, nil
	}
	data, err := readAll(w, r)
	if err != nil {
		return nil, bodyError(err)
	}
	if len(data) == 0 {
		return undefined{}, nil
	}
	sent := r.Header.Get("Content-Type")
	media, _, _ := strings.Cut(strings.ToLower(sent), ";")
	switch media = strings.TrimSpace(media); {
	case media == "application/json":
		return decodeJSON(data)
	case media == "application/x-www-form-urlencoded" && form:
		return decodeForm(data)
	case sent == "":
		return undefined{}, nil
	}
	allowed := "application/json"
	if form {
		allowed = "application/x-www-form-urlencoded, application/json"
	}
	return nil, unsupportedMediaType(fmt.Sprintf("Content-Type \"%s\" is not allowed. Allowed types: %s", sent, allowed))
}

func readAll(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	if err := setBodyDeadline(w, time.Now().Add(maxBodyTime)); err != nil {
		return nil, fmt.Errorf("bound the time of the body: %w", err)
	}
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBodyBytes))
	if err != nil {
		return nil, err // the deadline stays: the server closes the connection, and shall not wait for the rest before
	}
	if err := setBodyDeadline(w, time.Time{}); err != nil {
		return nil, fmt.Errorf("lift the bound of the body: %w", err)
	}
	return data, nil
}

// BoundUnread bounds a body that no handler may come to read: net/http reads on in it before it sends the answer, for the sake
// of the next request on the connection, and would wait for it as long as the client likes (D97).
func BoundUnread(w http.ResponseWriter, r *http.Request) {
	if r.ContentLength != 0 {
		_ = setBodyDeadline(w, time.Now().Add(maxBodyTime)) // fails on a connection that is gone, which shows soon enough
	}
}

func setBodyDeadline(w http.ResponseWriter, at time.Time) error {
	err := http.NewResponseController(w).SetReadDeadline(at)
	if errors.Is(err, http.ErrNotSupported) {
		return nil
	}
	return err
}

func bodyError(err error) error {
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return errBodyTooLarge
	}
	// The client went away, sent less than it announced, or was too slow: there is no one to blame but the request.
	return errUnreadableBody.Because(err)
}

// decodeJSON takes one JSON value and nothing after it. Of keys given twice the last counts, as in JavaScript.
func decodeJSON(data []byte) (any, error) {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // a byte order mark, which JavaScript's decoder skips as well
	var value any
	if json.Unmarshal(data, &value) != nil {
		return nil, errInvalidJSON
	}
	return value, nil
}

// decodeForm makes an object of a form. A form has only text, and a checkbox that stands for a boolean sends "true" or "false".
func decodeForm(data []byte) (any, error) {
	form, err := url.ParseQuery(string(data))
	if err != nil {
		return nil, errInvalidForm
	}
	object := make(map[string]any, len(form))
	for name, values := range form {
		object[name] = values[len(values)-1]
	}
	return object, nil
}

// ReadForm reads the form that a page of ours has sent, within the bounds of every body. The error is an *Error.
func ReadForm(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	media, _, _ := strings.Cut(strings.ToLower(r.Header.Get("Content-Type")), ";")
	if strings.TrimSpace(media) != "application/x-www-form-urlencoded" {
		return nil, unsupportedMediaType("This page takes forms: application/x-www-form-urlencoded")
	}
	data, err := readAll(w, r)
	if err != nil {
		return nil, bodyError(err)
	}
	form, err := url.ParseQuery(string(data))
	if err != nil {
		return nil, errInvalidForm
	}
	return form, nil
}

// queryObject makes an object of the query. A parameter given several times becomes an array, which no text field accepts.
func queryObject(query url.Values) map[string]any {
	object := make(map[string]any, len(query))
	for name, values := range query {
		if len(values) == 1 {
			object[name] = values[0]
			continue
		}
		array := make([]any, len(values))
		for i, v := range values {
			array[i] = v
		}
		object[name] = array
	}
	return object
}

// writeJSON answers with a value and the content type better-auth gives, which names no charset.
func writeJSON(w http.ResponseWriter, status int, value any) error {
	var data bytes.Buffer
	encoder := json.NewEncoder(&data)
	encoder.SetEscapeHTML(false) // as JavaScript; an address in an answer is searched for "&"
	if err := encoder.Encode(value); err != nil {
		return fmt.Errorf("encode answer: %w", err)
	}
	w.Header().Set("Content-Type", "application/json")
	return write(w, status, bytes.TrimSuffix(data.Bytes(), []byte("\n")))
}

func write(w http.ResponseWriter, status int, data []byte) error {
	w.WriteHeader(status)
	if _, err := w.Write(data); err != nil {
		return errAnswered // the client is gone, and the status is already on its way
	}
	return nil
}
