package handlers

// csvCell makes a text safe to be a cell that a spreadsheet opens: what would
// be a formula there gets a quote before it.
func csvCell(s string) string {
	if s == "" {
		return s
	}
	switch s[0] {
	case '=', '+', '-', '@', '\t', '\r':
		return "'" + s
	}
	return s
}
