package handlers

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"zummer/models"
	"zummer/web"
)

const (
	maxImport    = 512 << 20              // bytes of one file
	shownRefused = 100                    // lines of the report on the page
	keptRefused  = 10_000                 // lines of the report, refused or with something to say about, that can be downloaded
	pageProgress = 300 * time.Millisecond // between two words about how far an import is
	exportPage   = 1000                   // contacts that are read at once
)

// importPath is where a file is sent to.
const importPath = "/admin/contacts/import"

func (p *pages) importPage(c echo.Context) error {
	if err := unmasked(c); err != nil {
		return err
	}
	return p.show(c, "import", p.importFrame(c))
}

func (p *pages) importFrame(c echo.Context) web.ImportPage {
	return web.ImportPage{Frame: p.frame(c, "contacts", "Загрузка контактов", "Import of contacts")}
}

// importFile reads a file while it is sent. The page's script accepts NDJSON
// and is told in lines how far it is; the last one has the report as a part of
// the page. Without the script the answer is the page. Nothing is kept here
// between two requests: it does not matter which replica answers the next one.
func (p *pages) importFile(c echo.Context) error {
	if err := unmasked(c); err != nil {
		return err
	}
	began := time.Now()
	req := c.Request()
	out := &importAnswer{c: c, rc: http.NewResponseController(c.Response()), lines: strings.Contains(req.Header.Get("Accept"), typeLines)}
	if out.lines {
		_ = out.rc.EnableFullDuplex() // HTTP/2 and a test's recorder are so anyway
	}
	d := p.importFrame(c)
	body := &countingReader{r: &steadyReader{r: http.MaxBytesReader(c.Response(), req.Body, maxImport), rc: out.rc}}
	rep, err := p.importParts(c, body, out)
	if rep != nil {
		rep.Took = time.Since(began)
		d.Report = rep
	}
	if err != nil {
		if d.Error = p.importError(c, d.Lang, err); d.Error == "" {
			return err
		}
	}
	if !out.lines {
		status := http.StatusOK
		if err != nil {
			status = http.StatusUnprocessableEntity
		}
		return p.showAs(c, status, "import", d)
	}
	part, err := p.web.Render("import", "report", d)
	if err != nil {
		return err
	}
	out.line(struct {
		Done bool   `json:"done"`
		HTML string `json:"html"`
	}{true, string(part)})
	return nil
}

// importError is what stopped the import in words; "": it is ours to mend.
func (p *pages) importError(c echo.Context, l web.Lang, err error) string {
	if large := (*http.MaxBytesError)(nil); errors.As(err, &large) {
		return web.ErrorIn(l, "the file is larger than "+strconv.Itoa(maxImport>>20)+" MB")
	}
	if own := publicError(err); own != nil {
		return web.ErrorIn(l, own.Message)
	}
	if c.Response().Committed { // too late for an error page
		p.a.log.ErrorContext(c.Request().Context(), "import failed", "request_id", requestID(c), "err", err)
		return web.ErrorIn(l, "the file broke off")
	}
	return ""
}

// importParts reads the form: how to import, then the file.
func (p *pages) importParts(c echo.Context, body *countingReader, out *importAnswer) (*web.ImportReport, error) {
	kind, params, err := mime.ParseMediaType(c.Request().Header.Get("Content-Type"))
	if err != nil || kind != "multipart/form-data" || params["boundary"] == "" {
		return nil, models.Errorf(models.Malformed, "choose a file")
	}
	form := multipart.NewReader(body, params["boundary"])
	full := false
	for {
		part, err := form.NextPart()
		if err != nil {
			return nil, models.Errorf(models.Malformed, "choose a file")
		}
		switch {
		case part.FormName() == "full":
			text, _ := io.ReadAll(io.LimitReader(part, 16)) // what cannot be read is not "1"
			full = string(text) == "1"
		case part.FormName() == "file" && part.FileName() != "":
			return p.importOne(c, part, full, body, out)
		}
	}
}

func (p *pages) importOne(c echo.Context, part *multipart.Part, full bool, body *countingReader, out *importAnswer) (*web.ImportReport, error) {
	file, err := openContacts(part)
	if err != nil {
		return nil, err
	}
	rep := &web.ImportReport{File: models.CutText(part.FileName(), 100), Full: full}
	var all []models.ImportError
	noted := 0
	progress := func(r models.ImportReport) {
		out.stay()
		if !out.lines || time.Since(out.last) < pageProgress {
			return
		}
		out.last = time.Now()
		out.line(struct {
			importCounts
			Bytes int64 `json:"bytes"`
			Of    int64 `json:"of"`
		}{countsOf(&r), body.n, c.Request().ContentLength})
	}
	done, err := p.a.d.Setup.ImportLines(c.Request().Context(), actorOf(c), file, full, progress, func(e models.ImportError) {
		if e.Stored {
			noted++
		}
		if len(all) < keptRefused {
			e = file.refused(e)
			e.Message = file.inColumns(e.Message, func(s string) string { return web.ErrorIn(p.lang(c), s) })
			all = append(all, e)
		}
	})
	rep.ImportReport, rep.Refused, rep.Noted, rep.Cut = done, all[:min(len(all), shownRefused)], noted, done.Failed+noted > len(all)
	if len(all) > 0 {
		text, merr := json.Marshal(all)
		if merr != nil {
			return rep, merr
		}
		rep.All = string(text)
	}
	return rep, err
}

// countingReader counts what was read.
type countingReader struct {
	r io.Reader
	n int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	return n, err
}

// refusedCSV gives the report that the page holds as a file.
func (p *pages) refusedCSV(c echo.Context) error {
	var all []models.ImportError
	if err := json.Unmarshal([]byte(c.FormValue("report")), &all); err != nil || len(all) > keptRefused {
		return models.InvalidField("report", "is none")
	}
	f := p.frame(c, "contacts", "", "")
	row, done := csvFile(c, "refused.csv", f.T("строка", "line"), f.T("почему", "why"))
	for _, e := range all {
		if err := row(strconv.Itoa(e.Line), f.Text(models.CleanText(e.Message))); err != nil {
			return nil // nobody reads it any more
		}
	}
	_ = done() // nor here
	return nil
}

func (p *pages) sendFile(c echo.Context, name, kind string) {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, kind)
	h.Set("Content-Disposition", `attachment; filename="`+name+`"`)
	c.Response().WriteHeader(http.StatusOK)
}

// breakOff ends an answer that has begun and cannot be finished, so that nobody
// takes half a file for a whole one.
func (p *pages) breakOff(c echo.Context, err error) {
	if ctx := c.Request().Context(); ctx.Err() == nil {
		p.a.log.ErrorContext(ctx, "a file broke off", "request_id", requestID(c), "err", err)
	}
	panic(http.ErrAbortHandler)
}

// eachContact reads all contacts, page by page.
func (p *pages) eachContact(ctx context.Context, rc *http.ResponseController, do func(*models.Contact) error) error {
	for after := ""; ; {
		_ = rc.SetWriteDeadline(time.Now().Add(2 * time.Minute)) // a test's recorder has no deadlines
		page, next, err := p.a.d.Journal.Contacts(ctx, models.ContactQuery{After: after, Limit: exportPage})
		if err != nil {
			return err
		}
		for i := range page {
			if err := do(&page[i]); err != nil {
				return err
			}
		}
		if after = next; next == "" {
			return nil
		}
	}
}

// exportNote writes down who took all contacts away.
func (p *pages) exportNote(c echo.Context) error {
	if err := unmasked(c); err != nil {
		return err
	}
	return p.a.d.Setup.AuditNote(c.Request().Context(), actorOf(c), "contacts.export", "", "")
}

func (p *pages) exportCSV(c echo.Context) error {
	if err := p.exportNote(c); err != nil {
		return err
	}
	var head []string
	for _, col := range contactColumnsCSV[:exportedColumns] {
		if p.lang(c) == web.Russian {
			head = append(head, col.ru)
		} else {
			head = append(head, col.name)
		}
	}
	row, done := csvFile(c, "contacts.csv", head...)
	err := p.eachContact(c.Request().Context(), http.NewResponseController(c.Response()), func(k *models.Contact) error {
		record, err := contactRecord(k)
		if err != nil {
			return err
		}
		return row(record...)
	})
	if err == nil {
		err = done()
	}
	if err != nil {
		p.breakOff(c, err)
	}
	return nil
}

func (p *pages) exportLines(c echo.Context) error {
	if err := p.exportNote(c); err != nil {
		return err
	}
	p.sendFile(c, "contacts.ndjson", typeLines)
	enc := json.NewEncoder(c.Response())
	enc.SetEscapeHTML(false)
	err := p.eachContact(c.Request().Context(), http.NewResponseController(c.Response()), func(k *models.Contact) error { return enc.Encode(contactLine(k)) })
	if err != nil {
		p.breakOff(c, err)
	}
	return nil
}
