package handlers

import (
	"io"
	"net/http/httptest"
	"strings"
	"testing"
)

// TestFormsAreBounded: whoever posts to a page, signed in or not, cannot make
// the service take in (and put on its disk) as much as he likes.
func TestFormsAreBounded(t *testing.T) {
	for _, tt := range []struct {
		name, target string
		limit        int
		headers      []string
	}{
		{"a stranger signs in", signInPath, 64 << 10, nil},
		{"an administrator", "/admin/account", 16 << 20, []string{asBrowser}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			f := newSetupFakes()
			e, _ := setupSurface(t, f)
			head := "--b\r\nContent-Disposition: form-data; name=\"login\"; filename=\"x\"\r\nContent-Type: application/octet-stream\r\n\r\n"
			body := &countingReader{r: io.MultiReader(strings.NewReader(head), io.LimitReader(zeros{}, 40<<20), strings.NewReader("\r\n--b--\r\n"))}
			req := httptest.NewRequest("POST", tt.target, body)
			req.Header.Set("Content-Type", "multipart/form-data; boundary=b")
			for _, h := range tt.headers {
				name, value, _ := strings.Cut(h, ": ")
				req.Header.Set(name, value)
			}
			rec := httptest.NewRecorder()
			e.ServeHTTP(rec, req)
			if rec.Code != 400 && rec.Code != 413 || body.n > int64(tt.limit)+64<<10 {
				t.Errorf("status %d after %d bytes, want a refusal after %d", rec.Code, body.n, tt.limit)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
