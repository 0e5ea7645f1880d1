package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"

	"github.com/labstack/echo/v4"
)

// respond writes a whole answer with its Content-Length.
func respond(c echo.Context, status int, contentType string, body []byte) error {
	r := c.Response()
	h := r.Header()
	h.Set(echo.HeaderContentType, contentType)
	h.Set(echo.HeaderContentLength, strconv.Itoa(len(body)))
	r.WriteHeader(status)
	_, err := r.Write(body)
	return err
}

// writeJSON answers with v. Letters stay letters: nothing is escaped for HTML.
func writeJSON(c echo.Context, status int, v any) error {
	return writeJSONAs(c, status, typeJSON, v)
}

func writeJSONAs(c echo.Context, status int, contentType string, v any) error {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("encode the answer: %w", err)
	}
	if h := c.Response().Header(); h.Get("Cache-Control") == "" {
		h.Set("Cache-Control", "private, no-store")
	}
	return respond(c, status, contentType, bytes.TrimRight(b.Bytes(), "\n"))
}

// listPage is a list answer: {"items":[…],"next":"CURSOR"|null}.
type listPage[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
}

// writePage answers a list; next "" is the last page.
func writePage[T any](c echo.Context, items []T, next string) error {
	if items == nil {
		items = []T{}
	}
	return writeJSON(c, http.StatusOK, listPage[T]{Items: items, Next: orNull(next)})
}

// orNull is nil for "".
func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
