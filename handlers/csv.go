package handlers

import (
	"encoding/csv"
	"io"
	"strings"
)

// csvCell makes a text that a spreadsheet shows and does not run: what begins
// like a formula gets an apostrophe before it. Callers and contacts are named by
// strangers.
func csvCell(s string) string {
	if s != "" && strings.ContainsRune("=+-@\t\r", rune(s[0])) {
		return "'" + s
	}
	return s
}

// csvFile writes rows for spreadsheets, every cell through csvCell.
type csvFile struct{ w *csv.Writer }

// newCSV begins a file: the mark of UTF-8, which Excel needs, and the heading.
func newCSV(w io.Writer, heading ...string) (*csvFile, error) {
	if _, err := io.WriteString(w, "\ufeff"); err != nil {
		return nil, err
	}
	f := &csvFile{csv.NewWriter(w)}
	f.w.UseCRLF = true
	return f, f.row(heading...)
}

func (f *csvFile) row(cells ...string) error {
	safe := make([]string, len(cells))
	for i, c := range cells {
		safe[i] = csvCell(c)
	}
	return f.w.Write(safe)
}

// flush sends what was written so far.
func (f *csvFile) flush() error {
	f.w.Flush()
	return f.w.Error()
}
