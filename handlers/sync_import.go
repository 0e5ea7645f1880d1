package handlers

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
)

// importCounts is how far an import is.
type importCounts struct {
	Lines   int `json:"lines"`
	Stored  int `json:"stored"`
	Ignored int `json:"ignored"`
	Removed int `json:"removed"`
	Failed  int `json:"failed"`
}

// importReportBody ends an import: the whole answer, or the last of its lines.
type importReportBody struct {
	importCounts
	Errors []models.ImportError `json:"errors"`
	Done   bool                 `json:"done,omitempty"` // of the last line only
}

func countsOf(r *models.ImportReport) importCounts {
	return importCounts{Lines: r.Lines, Stored: r.Stored, Ignored: r.Ignored, Removed: r.Removed, Failed: r.Failed}
}

// progressPace is how often a sender that asked for progress hears of it.
const progressPace = time.Second

// typeLines is NDJSON.
const typeLines = "application/x-ndjson"

// importContacts reads NDJSON as it arrives; only a line is bounded, not the
// body. A sender that stalls for a minute is cut off. One that accepts NDJSON
// gets its answer in lines while it still sends: counts, and at the end the
// report or a problem.
func (a *API) importContacts(c echo.Context) error {
	q := queryFields(c)
	mode := oneOf(q, "mode", "full", "partial")
	if err := q.err(); err != nil {
		return err
	}
	req := c.Request()
	if e := req.Header.Get("Content-Encoding"); e != "" && !strings.EqualFold(e, "identity") {
		return models.Errorf(models.Unsupported, "send the lines without Content-Encoding")
	}
	if strings.HasPrefix(strings.ToLower(req.Header.Get("Content-Type")), "multipart/") {
		return models.Errorf(models.Unsupported, "send the lines as the body: application/x-ndjson")
	}
	out := &importAnswer{c: c, rc: http.NewResponseController(c.Response()), lines: strings.Contains(strings.ToLower(req.Header.Get("Accept")), typeLines)}
	if out.lines {
		_ = out.rc.EnableFullDuplex() // HTTP/2 and a test's recorder are so anyway
	}
	rep, err := a.d.Setup.ImportContacts(req.Context(), actorOf(c), &steadyReader{r: req.Body, rc: out.rc}, mode == "full", out.progress)
	if err != nil && out.began {
		a.lateProblem(out, err)
		return nil
	}
	if err != nil {
		return err
	}
	body := importReportBody{importCounts: countsOf(&rep), Errors: rep.Errors, Done: out.lines}
	if body.Errors == nil {
		body.Errors = []models.ImportError{}
	}
	if out.lines {
		out.line(body)
		return nil
	}
	return writeJSON(c, http.StatusOK, body)
}

// lateProblem ends an answer whose 200 has been sent already.
func (a *API) lateProblem(out *importAnswer, err error) {
	p := problemOf(err)
	p.RequestID = requestID(out.c)
	if p.Status == http.StatusInternalServerError {
		a.log.ErrorContext(out.c.Request().Context(), "import failed", "request_id", p.RequestID, "err", err)
	}
	out.line(p)
}

// importAnswer writes lines. A sender who is gone is noticed by reading him.
type importAnswer struct {
	c     echo.Context
	rc    *http.ResponseController
	lines bool // the sender wants them
	began bool
	last  time.Time
}

// progress is told of every transaction.
func (o *importAnswer) progress(r models.ImportReport) {
	o.stay()
	if !o.lines || time.Since(o.last) < progressPace {
		return
	}
	o.last = time.Now()
	o.line(countsOf(&r))
}

// stay keeps the connection open while there is nothing to read from it.
func (o *importAnswer) stay() {
	_ = o.rc.SetWriteDeadline(time.Now().Add(2 * time.Minute)) // a test's recorder has no deadlines
}

func (o *importAnswer) line(v any) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("a line cannot be encoded: %v", err)) // it is of our own types
	}
	o.stay()
	if !o.began {
		o.began = true
		h := o.c.Response().Header()
		h.Set(echo.HeaderContentType, typeLines)
		h.Set("Cache-Control", "private, no-store")
		h.Set("X-Accel-Buffering", "no") // nginx would keep the lines to the end
		o.c.Response().WriteHeader(http.StatusOK)
	}
	_, _ = o.c.Response().Write(b.Bytes())
	_ = o.rc.Flush()
}

// steadyReader gives each read a minute, however long the whole takes.
type steadyReader struct {
	r  io.Reader
	rc *http.ResponseController
}

func (s *steadyReader) Read(p []byte) (int, error) {
	soon := time.Now().Add(time.Minute)
	_ = s.rc.SetReadDeadline(soon) // a test's recorder has no deadlines
	_ = s.rc.SetWriteDeadline(soon.Add(time.Minute))
	return s.r.Read(p)
}
