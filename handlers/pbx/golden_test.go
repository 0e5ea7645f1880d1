package pbx_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"zummer/handlers/pbx"
	"zummer/handlers/pbx/simulate"
	"zummer/models"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden is what one recorded request came to.
type golden struct {
	At     time.Time      `json:"received"`
	Events []models.Event `json:"events,omitempty"`
	Reply  string         `json:"reply,omitempty"`
	Lookup *goldenLookup  `json:"lookup,omitempty"`
	Error  string         `json:"error,omitempty"`
}

// goldenLookup is what a question is about, and the answers.
type goldenLookup struct {
	Phone   string `json:"phone"`
	Known   string `json:"known"`
	Unknown string `json:"unknown"`
}

// knownCard is the contact that the golden files' lookups find.
func knownCard() pbx.Card {
	return pbx.Card{Found: true, Name: `ООО "Ромашка" & <Ко>`, URL: "https://crm.example/c/17?a=1&b=2", ContactID: "17", Responsible: "101", Manager: "Иванов И."}
}

// reply is a reply as one reads it; "" for none.
func reply(r *pbx.Reply) string {
	if r == nil {
		return ""
	}
	return fmt.Sprintf("%d %s %v %s", r.Status, r.ContentType, r.Header, r.Body)
}

// TestGolden parses every recording in testdata/KIND and compares what comes
// out with the file beside it. -update rewrites those.
func TestGolden(t *testing.T) {
	for _, a := range pbx.Kinds() {
		files, err := filepath.Glob(filepath.Join("testdata", a.Kind(), "*.http"))
		if err != nil || len(files) == 0 {
			t.Fatalf("kind %s has no recordings (%v)", a.Kind(), err)
		}
		for _, file := range files {
			t.Run(a.Kind()+"/"+strings.TrimSuffix(filepath.Base(file), ".http"), func(t *testing.T) {
				var got []golden
				for _, r := range readRecording(t, file) {
					cfg := config(r.At)
					cfg.Secret, cfg.Settings = sampleOf(t, a.Kind()).config.Secret, sampleOf(t, a.Kind()).config.Settings
					res, err := a.Parse(r.Request, cfg)
					g := golden{At: r.At, Events: res.Events, Reply: reply(res.Reply)}
					if res.Lookup != nil {
						g.Lookup = &goldenLookup{res.Lookup.Phone, reply(res.Lookup.Answer(knownCard())), reply(res.Lookup.Answer(pbx.Card{}))}
					}
					if greeter, ok := a.(pbx.Greeter); ok && g.Reply == "" {
						g.Reply = reply(greeter.Greet(r.Request, cfg))
					}
					if err != nil {
						g.Error = err.Error()
					}
					got = append(got, g)
				}
				compareGolden(t, strings.TrimSuffix(file, ".http")+".golden.json", got)
			})
		}
	}
}

func config(now time.Time) pbx.Config {
	return pbx.Config{Region: "GB", Timezone: "Europe/Moscow", Now: now}
}

func readRecording(t testing.TB, file string) []simulate.Recorded {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rs, err := simulate.ReadRecording(f)
	if err != nil {
		t.Fatalf("ReadRecording(%s): %v", file, err)
	}
	if len(rs) == 0 {
		t.Fatalf("ReadRecording(%s): no requests", file)
	}
	return rs
}

func compareGolden(t *testing.T, file string, got any) {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(got); err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(file, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v (run with -update once and read what it wrote)", err)
	}
	if !bytes.Equal(want, b.Bytes()) {
		t.Errorf("%s: got\n%s\nwant\n%s", file, b.Bytes(), want)
	}
}
