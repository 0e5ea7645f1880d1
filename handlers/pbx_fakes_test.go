package handlers

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"zummer/handlers/pbx"
	"zummer/models"
)

const (
	asDial = "Authorization: Bearer " + dialToken
	asCRM  = "Authorization: Bearer " + crmToken
)

// system is a PBX that we ask: answers by path. A path that is not there does
// not answer at all.
type system map[string]func(*http.Request) *http.Response

// Do implements pbx.Doer.
func (s system) Do(req *http.Request) (*http.Response, error) {
	answer, ok := s[req.URL.Path]
	if !ok {
		return nil, errors.New("connection refused")
	}
	res := answer(req)
	res.Request = req
	return res, nil
}

func (s system) of(*models.Source) pbx.Doer { return s }

// answerOf is an answer with a body; headers are "Name: value".
func answerOf(status int, body string, headers ...string) func(*http.Request) *http.Response {
	return func(*http.Request) *http.Response {
		h := http.Header{}
		for _, line := range headers {
			name, value, _ := strings.Cut(line, ": ")
			h.Set(name, value)
		}
		return &http.Response{StatusCode: status, Header: h, Body: io.NopCloser(strings.NewReader(body))}
	}
}

func sound() func(*http.Request) *http.Response {
	return answerOf(200, "ID3", "Content-Type: audio/mpeg", "Content-Length: 3", "Accept-Ranges: bytes")
}

// withPBX adds source mega, of a kind that lists people, places calls and
// keeps recordings; Ivanov's phone there is 101, and call 77 is one of its
// recorded calls.
func withPBX(f *setupFakes) system {
	f.dir.Sources[9] = &models.Source{ID: 9, Slug: "mega", Kind: "megafon", TokenHash: sha(hookToken), Active: true, Secret: "crm-token-of-mega",
		Settings: map[string]any{"api_url": "https://mega.example", "api_key": "key-of-mega"}}
	f.dir.Extensions[models.ExtKey{SourceID: 9, Extension: "101"}] = 1
	f.dir.Index()
	c := exampleCall()
	c.Source, c.Recording = 9, "https://mega.example/r/1.mp3"
	f.calledUp = &c
	return system{}
}
