package pbx_test

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"zummer/models"
)

// fakePBX answers our own requests from a list and keeps what it was asked.
type fakePBX struct {
	answers []string // "STATUS BODY", in order; "": the connection fails; "200 BREAKS": it breaks off
	asked   []string // "METHOD URL BODY", with the headers that matter before it
}

func (f *fakePBX) Do(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
	}
	line := strings.TrimSpace(req.Method + " " + req.URL.String() + " " + string(body))
	for _, name := range []string{"X-Api-Key", "Authorization"} {
		if v := req.Header.Get(name); v != "" {
			line = v + " " + line
		}
	}
	f.asked = append(f.asked, line)
	if len(f.answers) == 0 || f.answers[0] == "" {
		return nil, errors.New("connection refused")
	}
	status, text, _ := strings.Cut(f.answers[0], " ")
	f.answers = f.answers[1:]
	code := 0
	for _, r := range status {
		code = code*10 + int(r-'0')
	}
	var answer io.Reader = strings.NewReader(text)
	if text == "BREAKS" {
		answer = iotest.ErrReader(errors.New("connection reset"))
	}
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(answer), Request: req}, nil
}

// was checks what was asked.
func (f *fakePBX) was(t *testing.T, what string, want ...string) {
	t.Helper()
	if strings.Join(f.asked, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s: asked\n%s\nwant\n%s", what, strings.Join(f.asked, "\n"), strings.Join(want, "\n"))
	}
}

// askCodeOf is the code of a refusal, "" of none.
func askCodeOf(err error) string {
	var e *models.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
