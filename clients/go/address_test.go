package zummer_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	zummer "zummer/clients/go"
)

// TestRunAddress: what is no address of a service ends Run at once, in words;
// nothing would mend it.
func TestRunAddress(t *testing.T) {
	for address, want := range map[string]string{"": "no URL", "127.0.0.1:8080": "https://", "zummer.example": "https://", "ftp://zummer.example": "https://", "http://": "names no host", "http://127.0.0.1:port": "invalid port"} {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithTimeout(t.Context(), time.Hour)
			defer stop()
			err := (&zummer.Client{URL: address, Token: "t"}).Run(ctx, zummer.Handler{})
			if err == nil || ctx.Err() != nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: %v", address, err)
			}
		})
	}
}

// TestErrorSaysItOnce: the service's words name the first field already.
func TestErrorSaysItOnce(t *testing.T) {
	for _, c := range []struct {
		detail string
		fields []zummer.FieldError
		want   string
	}{
		{"kind: is required", []zummer.FieldError{{Field: "kind", Message: "is required"}}, "the service answers 422 invalid: kind: is required"},
		{"kind: is required", []zummer.FieldError{{Field: "kind", Message: "is required"}, {Field: "user", Message: "is unknown"}}, "the service answers 422 invalid: kind: is required; user is unknown"},
		{"the request is invalid", []zummer.FieldError{{Field: "kind", Message: "is required"}}, "the service answers 422 invalid: the request is invalid; kind is required"},
	} {
		err := &zummer.Error{Status: http.StatusUnprocessableEntity, Code: "invalid", Detail: c.detail, Fields: c.fields}
		if got := err.Error(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
