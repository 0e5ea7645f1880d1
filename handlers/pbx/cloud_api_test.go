package pbx_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"zummer/handlers/pbx"
	"zummer/models"
)

// fakeCloud answers our own requests to a system: by "METHOD URL", else 404.
// It keeps what it was asked.
type fakeCloud struct {
	answers map[string]string // a body; "500 …" and the like begin with a status; "!": unreachable
	asked   []*http.Request
	bodies  []string
}

func (f *fakeCloud) Do(req *http.Request) (*http.Response, error) {
	body := ""
	if req.Body != nil {
		b, _ := io.ReadAll(req.Body)
		body = string(b)
	}
	f.asked, f.bodies = append(f.asked, req), append(f.bodies, body)
	answer, known := f.answers[req.Method+" "+req.URL.String()]
	status := http.StatusOK
	switch {
	case !known:
		status = http.StatusNotFound
	case answer == "!":
		return nil, errors.New("connection refused")
	case answer == "?":
		return nil, models.Coded(models.Invalid, "forbidden_address", "this address is not allowed")
	case len(answer) > 4 && answer[3] == ' ' && strings.Trim(answer[:3], "0123456789") == "":
		for _, c := range answer[:3] {
			status = status%100*10 + int(c-'0')
		}
		answer = answer[4:]
	}
	return &http.Response{StatusCode: status, Body: io.NopCloser(strings.NewReader(answer)), Header: http.Header{}}, nil
}

// askEverything makes an API call answer in all wrong ways; none may succeed,
// and none may quote the answer.
func askEverything(t *testing.T, address string, call func(do pbx.Doer) error) {
	t.Helper()
	for name, tc := range map[string]struct {
		answer string
		kind   models.Kind
	}{
		"unreachable": {"!", models.Unavailable}, "forbidden by us": {"?", models.Invalid}, "refused": {"401 topsecret", models.Unavailable},
		"broken": {"500 topsecret", models.Unavailable}, "no JSON": {"<html>topsecret", models.Unavailable},
		"too long": {`"` + strings.Repeat("x", pbx.MaxAnswer) + `"`, models.Unavailable}, "unknown": {"404 topsecret", models.NotFound},
	} {
		err := call(&fakeCloud{answers: map[string]string{address: tc.answer}})
		if err == nil || models.KindOf(err) != tc.kind {
			t.Errorf("%s: error %v of kind %v, want kind %v", name, err, models.KindOf(err), tc.kind)
		} else if strings.Contains(err.Error(), "topsecret") {
			t.Errorf("%s: the error quotes the answer: %v", name, err)
		}
	}
}

// changed is s with its middle byte changed.
func changed(s string) string {
	b := []byte(s)
	b[len(b)/2] ^= 1
	return string(b)
}

// codeOf is the stable code of an error; "" for none.
func codeOf(err error) string {
	var e *models.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
