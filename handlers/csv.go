package handlers

import (
	"encoding/csv"
	"fmt"
	"net/http"
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

// csvCell makes a cell that no spreadsheet runs.
func csvCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r\n", rune(s[0])) {
		return "'" + s
	}
	return s
}
