package handlers

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"zummer/models"
)

const (
	asksLines = "Accept: application/x-ndjson"
	report    = `{"lines":3,"stored":2,"ignored":0,"removed":0,"failed":1,"errors":[{"line":2,"message":"is no JSON object"}]`
)

// slowImport tells its progress every 400 ms, as transactions would.
func slowImport(err error) func(io.Reader, func(models.ImportReport)) (models.ImportReport, error) {
	return func(r io.Reader, progress func(models.ImportReport)) (models.ImportReport, error) {
		_, _ = io.Copy(io.Discard, r)
		for i := range 6 {
			progress(models.ImportReport{Lines: 500 * (i + 1), Stored: 499 * (i + 1), Failed: i + 1})
			<-time.After(400 * time.Millisecond)
		}
		return models.ImportReport{Lines: 3000, Stored: 2994, Failed: 6}, err
	}
}

// TestImportAnswers is what the sender of an import gets: one report, or lines
// while it goes on.
func TestImportAnswers(t *testing.T) {
	counts := func(text string) string { return `{` + text + `}` + "\n" }
	for _, tc := range []struct {
		name, accept string
		importing    func(io.Reader, func(models.ImportReport)) (models.ImportReport, error)
		status       int
		contentType  string
		want         string // "": see part
		part         string
	}{
		{"one report", "", nil, 200, typeJSON, report + "}", ""},
		{"one report of a slow import", "Accept: application/json", slowImport(nil), 200, typeJSON, `{"lines":3000,"stored":2994,"ignored":0,"removed":0,"failed":6,"errors":[]}`, ""},
		{"lines, and all is done at once", asksLines, nil, 200, typeLines, report + `,"done":true}` + "\n", ""},
		{"lines, one a second at most", "Accept: application/x-ndjson, application/json;q=0.5", slowImport(nil), 200, typeLines,
			counts(`"lines":500,"stored":499,"ignored":0,"removed":0,"failed":1`) +
				counts(`"lines":2000,"stored":1996,"ignored":0,"removed":0,"failed":4`) +
				counts(`"lines":3000,"stored":2994,"ignored":0,"removed":0,"failed":6,"errors":[],"done":true`), ""},
		{"lines, and it fails half-way", asksLines, slowImport(models.Errorf(models.Malformed, "the lines broke off after line 7")), 200, typeLines, "", `"detail":"the lines broke off after line 7","code":"malformed"`},
		{"lines, and it fails at once", asksLines, func(io.Reader, func(models.ImportReport)) (models.ImportReport, error) {
			return models.ImportReport{}, models.Errorf(models.Unavailable, "not now")
		}, 503, "application/problem+json; charset=utf-8", "", `"code":"unavailable"`},
		{"lines, and the cause stays inside", asksLines, slowImport(errors.New("dial tcp 10.0.0.5")), 200, typeLines, "", `"code":"internal"`},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newSetupFakes()
				f.importing = tc.importing
				e, _ := setupSurface(t, f)
				rec := call(t, e, "POST", "/v1/sync/contacts", "{}\n[]\n{}\n", asSync, tc.accept)
				if got := rec.Header().Get("Content-Type"); rec.Code != tc.status || got != tc.contentType {
					t.Errorf("%d %s, want %d %s", rec.Code, got, tc.status, tc.contentType)
				}
				body := rec.Body.String()
				if tc.want != "" && body != tc.want {
					t.Errorf("got  %s\nwant %s", body, tc.want)
				}
				if !strings.Contains(body, tc.part) || strings.Contains(body, "10.0.0.5") || tc.part != "" && strings.Contains(body, "done") {
					t.Errorf("got %s, want %s in the last line, no report and no cause", body, tc.part)
				}
			})
		})
	}
}

// TestImportAnswersWhileItReads: over a real connection progress comes before
// the sender has finished.
func TestImportAnswersWhileItReads(t *testing.T) {
	f := newSetupFakes()
	f.importing = func(r io.Reader, progress func(models.ImportReport)) (models.ImportReport, error) {
		br := bufio.NewReader(r)
		if _, err := br.ReadString('\n'); err != nil {
			return models.ImportReport{}, err
		}
		progress(models.ImportReport{Lines: 1, Stored: 1})
		rest, err := io.ReadAll(br)
		return models.ImportReport{Lines: 1 + strings.Count(string(rest), "\n")}, err
	}
	e, _ := setupSurface(t, f)
	srv := httptest.NewServer(e)
	defer srv.Close()
	body, w := io.Pipe()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, srv.URL+"/v1/sync/contacts", body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+syncToken)
	req.Header.Set("Accept", "application/x-ndjson")
	go func() { _, _ = io.WriteString(w, "{}\n") }()
	res, err := srv.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	br := bufio.NewReader(res.Body)
	if line, err := br.ReadString('\n'); err != nil || !strings.HasPrefix(line, `{"lines":1,"stored":1,`) {
		t.Fatalf("first %q, %v", line, err)
	}
	_, _ = io.WriteString(w, "{}\n{}\n")
	_ = w.Close()
	if rest, err := io.ReadAll(br); err != nil || !strings.HasPrefix(string(rest), `{"lines":3,`) || !strings.HasSuffix(string(rest), `"done":true}`+"\n") {
		t.Fatalf("then %q, %v", rest, err)
	}
}
