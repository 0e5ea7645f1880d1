package app

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"zummer/models/store/storetest"
)

// TestNewLookup: contacts of an answer are read as those of an import are.
func TestNewLookup(t *testing.T) {
	t.Parallel()
	cfg := validConfig()
	p, err := open(t.Context(), Database{Database: storetest.SQLite(t), DBPool: 4}, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer p.close()
	if c, err := newLookup(cfg, p.setup, nil); c != nil || err != nil {
		t.Fatalf("no address: %v, %v", c, err)
	}
	answer := `{"contacts":[{"external_id":17,"name":"ООО\nРомашка","seq":"1 234","responsible":"ivanov","client":{"type":"Справочник","name":"Контрагенты","uid":"51012ccc-397d-11de-b595-00055d80a2b9"}}]}`
	crm := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, answer) }))
	defer crm.Close()
	cfg.LookupURL, cfg.LookupSecret = Secret(crm.URL), lookupSecret
	if err := cfg.Validate(); err != nil {
		t.Fatal(err)
	}
	var told []string
	c, err := newLookup(cfg, p.setup, func(outcome string, _ time.Duration) { told = append(told, outcome) })
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	contacts, known, err := c.Lookup(t.Context(), "+79031234567")
	if err != nil || !known || len(contacts) != 1 {
		t.Fatalf("%+v, %v, %v", contacts, known, err)
	}
	if got := contacts[0]; got.ExternalID != "17" || got.Seq != 1234 || got.Name != "ООО Ромашка" || got.RespLogin != "ivanov" || !strings.HasPrefix(got.Client.Link, "e1cib/data/Справочник.Контрагенты?ref=") {
		t.Errorf("%+v", got)
	}
	answer = `{"contacts":[{"external_id":"1","client":{"url":"javascript:alert(1)"}}]}`
	if _, known, err := c.Lookup(t.Context(), "+79030000000"); known || err == nil || !strings.Contains(err.Error(), "contacts[0]: client.url: ") {
		t.Errorf("a script: %v, %v", known, err)
	}
	if strings.Join(told, " ") != "found failed" {
		t.Errorf("told %q", told)
	}
}
