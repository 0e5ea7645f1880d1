package app_test

import (
	"bytes"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"zummer/app"
	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// TestContactsImport: the command against a running program.
func TestContactsImport(t *testing.T) {
	t.Parallel()
	in := apptest.Start(t, storetest.SQLite(t), func(o *app.Options) { o.Config.AreaCode = "495" })
	file := filepath.Join(t.TempDir(), "contacts.ndjson")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	run := func(args ...string) (code int, stdout, stderr string) {
		var out, errs bytes.Buffer
		code = app.Main(t.Context(), append([]string{"contacts", "import", file, "--url", in.URL}, args...), &out, &errs)
		return code, out.String(), errs.String()
	}
	count := func(phone string) int {
		return len(in.Admin("GET", "/v1/admin/contacts?phone="+phone, nil)["items"].([]any))
	}
	token := "--token=" + apptest.AdminToken
	many := strings.Builder{}
	for i := range 2000 {
		fmt.Fprintf(&many, `{"external_id":"c-%d","phones":["8 (903) %03d-%02d-%02d"]}`+"\n", i, i/10000, i/100%100, i%100)
	}
	write(many.String())
	if code, out, errs := run(token); code != 0 || out != "2000 lines: 2000 stored, 0 ignored, 0 removed, 0 refused\n" || !strings.HasPrefix(errs, "500 lines: 500 stored, 0 ignored, 0 refused\n") {
		t.Fatalf("exit %d\n%s%s", code, out, errs)
	}
	write(`{"external_id":"c-1","phones":["123-45-67"]}` + "\noops\n" + `{"external_id":""}` + "\n")
	code, out, errs := run(token, "--full")
	if want := "3 lines: 1 stored, 0 ignored, 0 removed, 2 refused\nline 2: is no JSON object\nline 3: external_id: must not be empty\n"; code != 1 || out != want || !strings.Contains(errs, "nothing was removed") {
		t.Fatalf("exit %d\n%s%s\nwant\n%s", code, out, errs, want)
	}
	if count("%2B74951234567") != 1 || count("123-45-67") != 1 || count("%2B79030000002") != 1 {
		t.Error("what was stored before a bad line must be there, and nothing removed")
	}
	write(`{"external_id":"c-1","phones":["123-45-67"]}` + "\n")
	if code, out, _ := run(token, "--full"); code != 0 || out != "1 lines: 1 stored, 0 ignored, 1999 removed, 0 refused\n" {
		t.Fatalf("exit %d, %s", code, out)
	}
	for name, args := range map[string][]string{"give --token": nil, "401 unauthorized": {"--token=wrong"}} {
		if code, out, errs := run(args...); code != 1 || out != "" || !strings.Contains(errs, name) {
			t.Errorf("%v: exit %d, %s%s, want %s", args, code, out, errs, name)
		}
	}
	file = filepath.Join(t.TempDir(), "absent")
	if code, _, errs := run(token); code != 1 || !strings.Contains(errs, "absent") {
		t.Errorf("no file: exit %d, %s", code, errs)
	}
}

// TestContactsImportFails: what the command says when the other end is wrong.
func TestContactsImportFails(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name, answer string
		status       int
		want         string
	}{
		{"something else", "<html>", 200, "is no JSON"},
		{"something else, an error", "", 502, "502 Bad Gateway"},
		{"it breaks off", `{"lines":500,"stored":500}` + "\n", 200, "broke off"},
		{"a problem half-way", `{"lines":500,"stored":500}` + "\n" + `{"status":503,"code":"unavailable","detail":"try again"}` + "\n", 200, "503 unavailable: try again"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.WriteHeader(tc.status)
				_, _ = w.Write([]byte(tc.answer))
			}))
			defer srv.Close()
			file := filepath.Join(t.TempDir(), "contacts.ndjson")
			if err := os.WriteFile(file, []byte("{}\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			var out, errs bytes.Buffer
			if code := app.Main(t.Context(), []string{"contacts", "import", file, "--url", srv.URL, "--token", "x"}, &out, &errs); code != 1 || !strings.Contains(errs.String(), tc.want) {
				t.Errorf("exit %d, %s%s, want %q", code, &out, &errs, tc.want)
			}
		})
	}
}
