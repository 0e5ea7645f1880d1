package handlers

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/labstack/echo/v4"
)

// csvFile begins an answer that is a CSV file for spreadsheets: a header line,
// then what row is given. It is UTF-8 with a byte order mark, separated by
// semicolons, which is what spreadsheets of both languages open; rows go out as
// they come. A cell that a spreadsheet would take for a formula gets an
// apostrophe before it.
func csvFile(c echo.Context, name string, header ...string) (row func(cells ...string) error, done func() error) {
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/csv; charset=utf-8")
	h.Set(echo.HeaderContentDisposition, fmt.Sprintf("attachment; filename=%q", name))
	c.Response().WriteHeader(http.StatusOK)
	_, begin := c.Response().Write([]byte("\ufeff"))
	w := csv.NewWriter(c.Response())
	w.Comma, w.UseCRLF = ';', true
	row = func(cells ...string) error {
		if begin != nil {
			return begin
		}
		safe := make([]string, len(cells))
		for i, cell := range cells {
			safe[i] = csvCell(cell)
		}
		return w.Write(safe)
	}
	begin = row(header...)
	return row, func() error {
		w.Flush()
		return w.Error()
	}
}

// What a spreadsheet takes for the beginning of a formula, also behind spaces
// and quotes; and where it may see a cell begin inside one of ours: one whose
// language parts cells by commas heeds no quote behind a semicolon.
const formula = "=+\\-@＝＋－＠"

var (
	formulaFirst  = regexp.MustCompile("^(?:[\t\r\n]|[ \u00a0\"]*[" + formula + "])")
	formulaInside = regexp.MustCompile("([,\t\r\n])([ \u00a0\"']*)([" + formula + "][^,\t\r\n]*)")
	quotedFirst   = regexp.MustCompile("^'(?:['\t\r\n]|[ \u00a0\"]*[" + formula + "])")
	quotedInside  = regexp.MustCompile("([,\t\r\n])'([ \u00a0\"']*[" + formula + "])")
	plainNumber   = regexp.MustCompile(`^[+-][0-9 ()-]*$`)
)

// csvCell makes a cell that no spreadsheet runs.
func csvCell(s string) string {
	s = formulaInside.ReplaceAllStringFunc(s, func(found string) string {
		m := formulaInside.FindStringSubmatch(found)
		if !strings.Contains(m[2], "'") && plainNumber.MatchString(m[3]) {
			return found
		}
		return m[1] + "'" + m[2] + m[3]
	})
	if formulaFirst.MatchString(s) {
		return "'" + s
	}
	return s
}
