package handlers

import (
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/handlers/pbx"
	"zummer/models"
)

// recordingBudget bounds the whole of one recording.
const recordingBudget = 10 * time.Minute

// recording is GET /v1/calls/{id}/recording: the sound of one of the user's
// calls, fetched with the source's credentials and streamed. The link itself
// never leaves the server.
func (a *API) recording(c echo.Context) error { return a.streamRecording(c, userOf(c).ID) }

// anyRecording is the same for administrators and any call.
func (a *API) anyRecording(c echo.Context) error { return a.streamRecording(c, 0) }

func (a *API) streamRecording(c echo.Context, user int64) error {
	id, err := idParam(c)
	if err != nil {
		return err
	}
	call, err := a.d.Journal.Call(c.Request().Context(), user, id)
	if err != nil {
		return err
	}
	source := a.d.Setup.Directory().Sources[call.Source]
	if call.Recording == "" || source == nil {
		return models.Coded(models.NotFound, "no_recording", "this call has no recording")
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), recordingBudget)
	defer cancel()
	req, err := a.recordingRequest(ctx, source, &call)
	if err != nil {
		return err
	}
	if err := a.d.Setup.AuditNote(ctx, actorOf(c), "recording.get", "call "+idText(call.ID), ""); err != nil {
		return err
	}
	res, err := a.follow(ctx, source, req, c.Request().Header)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	// The context ends reading; a client that does not read would hold both ends.
	until, _ := ctx.Deadline()
	_ = http.NewResponseController(c.Response()).SetWriteDeadline(until) // a test's recorder has none
	return streamSound(c, res, "call-"+idText(call.ID))
}

// recordingRequest asks the adapter how the recording is fetched; without an
// opinion of its own it is a plain GET of the address that the event told.
func (a *API) recordingRequest(ctx context.Context, s *models.Source, call *models.Call) (*http.Request, error) {
	adapter, ok := pbx.Lookup(s.Kind)
	if f, fetches := adapter.(pbx.RecordingFetcher); ok && fetches {
		return f.Recording(ctx, a.d.Outbound(s), SourceConfig(s, a.d.Timezone, a.d.Region, time.Now()), call.Recording, call.Key)
	}
	u, err := url.Parse(call.Recording)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, models.Coded(models.NotFound, "no_recording", "the PBX named no address that a recording could be fetched from")
	}
	return http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
}

// follow gets the sound, through at most five redirects. What the adapter put
// on the request goes to the first address only.
func (a *API) follow(ctx context.Context, s *models.Source, req *http.Request, client http.Header) (*http.Response, error) {
	for range 6 {
		for _, name := range []string{"Range", "If-Range"} {
			if v := client.Get(name); v != "" && len(v) < 200 {
				req.Header.Set(name, v)
			}
		}
		res, err := a.d.Outbound(s).Do(req)
		if err != nil {
			return nil, &models.Error{Kind: models.Unavailable, Code: "pbx_unavailable", Message: "the PBX did not give the recording", Retry: 30 * time.Second, Cause: err}
		}
		location, err := res.Location()
		switch {
		case res.StatusCode/100 == 3 && err == nil:
			_ = res.Body.Close()
			if req, err = http.NewRequestWithContext(ctx, http.MethodGet, location.String(), nil); err != nil {
				return nil, fmt.Errorf("follow a recording's redirect: %w", err)
			}
		case res.StatusCode == http.StatusOK, res.StatusCode == http.StatusPartialContent, res.StatusCode == http.StatusRequestedRangeNotSatisfiable:
			return res, nil
		default:
			_ = res.Body.Close()
			if res.StatusCode == http.StatusNotFound || res.StatusCode == http.StatusGone {
				return nil, models.Coded(models.NotFound, "no_recording", "the PBX has no recording of this call (any more)")
			}
			return nil, &models.Error{Kind: models.Unavailable, Code: "pbx_unavailable", Message: "the PBX did not give the recording", Retry: 30 * time.Second,
				Cause: fmt.Errorf("status %d", res.StatusCode)}
		}
	}
	return nil, &models.Error{Kind: models.Unavailable, Code: "pbx_unavailable", Message: "the PBX did not give the recording", Retry: 30 * time.Second, Cause: errors.New("too many redirects")}
}

// streamSound passes the sound on. Whatever is not sound is only ever a file to
// save, so that nothing of the PBX's runs in a browser.
func streamSound(c echo.Context, res *http.Response, name string) error {
	h := c.Response().Header()
	typ, _, err := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if err != nil || !strings.HasPrefix(typ, "audio/") {
		typ = "application/octet-stream"
	}
	h.Set("Content-Type", typ)
	for _, n := range []string{"Content-Length", "Content-Range", "Accept-Ranges", "Last-Modified"} {
		if v := res.Header.Get(n); v != "" {
			h.Set(n, v)
		}
	}
	ext := map[string]string{"audio/mpeg": ".mp3", "audio/mp3": ".mp3", "audio/wav": ".wav", "audio/x-wav": ".wav", "audio/ogg": ".ogg"}[typ]
	h.Set("Content-Disposition", `attachment; filename="`+name+ext+`"`)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "private, no-store")
	c.Response().WriteHeader(res.StatusCode)
	if _, err := io.Copy(c.Response(), res.Body); err != nil {
		return fmt.Errorf("stream a recording: %w", err)
	}
	return nil
}
