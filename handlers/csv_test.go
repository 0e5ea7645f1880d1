package handlers

import (
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
)

// What a spreadsheet would run is text in our files.
func TestCSVFile(t *testing.T) {
	rec := httptest.NewRecorder()
	c := echo.New().NewContext(httptest.NewRequest("GET", "/", nil), rec)
	row, done := csvFile(c, "audit.csv", "who", "what")
	for _, cells := range [][]string{
		{"=HYPERLINK(\"http://evil\")", "+7 903"}, {"-1", "@SUM(A1)"}, {"\tx", "\rx"}, {"a;b", "c\nd"}, {"Иванов", ""}, {"a=b", "'x"},
	} {
		if err := row(cells...); err != nil {
			t.Fatal(err)
		}
	}
	if err := done(); err != nil {
		t.Fatal(err)
	}
	want := "\ufeffwho;what\r\n\"'=HYPERLINK(\"\"http://evil\"\")\";'+7 903\r\n'-1;'@SUM(A1)\r\n'\tx;\"'x\"\r\n\"a;b\";\"c\r\nd\"\r\nИванов;\r\na=b;'x\r\n"
	if got := rec.Body.String(); got != want {
		t.Errorf("the file is\n%q, want\n%q", got, want)
	}
	if got := rec.Header().Get("Content-Disposition"); got != `attachment; filename="audit.csv"` {
		t.Errorf("Content-Disposition %q", got)
	}
}
