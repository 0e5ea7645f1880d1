package handlers

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"zummer/models"
)

func exampleSet() models.PendingSet {
	return models.PendingSet{State: models.StateSet, Version: "k3f.1042", ETag: "k3f.1042", Rows: []models.Notification{exampleRow(), plainRow()},
		Acks: []models.AckResult{{ID: "1041", Rev: 1, Result: models.AckProcessed}}, PollAfter: 4200 * time.Millisecond, Now: at()}
}

// Every answer of a poll in every format, letter by letter.
func TestFormats(t *testing.T) {
	moscow := time.FixedZone("MSK", 3*3600)
	const link = "e1cib/data/Документ.Интерес?ref=b59500055d80a2b911de397d51012ccc"
	const clientLink = "e1cib/data/Справочник.Контрагенты?ref=44445555555555553333222211111111"
	empty := models.PendingSet{State: models.StateUnchanged, Version: "k3f.7", ETag: "k3f.7", Now: at()}
	gone := models.PendingSet{State: models.StateSuperseded, Now: at(), PollAfter: 2100 * time.Millisecond}
	paged := models.PendingSet{State: models.StateReset, Next: "NEXT-1", ETag: "k3f.7", Now: at()}
	for _, tt := range []struct {
		name, format string
		set          models.PendingSet
		want         string
	}{
		{"json", formatJSON, exampleSet(), `{"state":"set","version":"k3f.1042","next":null,"notifications":[` +
			`{"id":"1042","rev":2,"follows":null,"kind":"call.answered","action":"open","title":"ООО Ромашка","text":"Входящий +7 903 123-45-67",` +
			`"phone":"+79031234567","name":"Ivan P.","app":null,` +
			`"object":{"type":"Документ","name":"Интерес","uid":"51012ccc-397d-11de-b595-00055d80a2b9","title":"Интерес 17","link":"` + link + `","url":"https://crm.example/i/17?a=1&b=2"},` +
			`"client":{"type":"Справочник","name":"Контрагенты","uid":"11111111-2222-3333-4444-555555555555","title":"ООО Ромашка","link":"` + clientLink + `","url":""},` +
			`"candidates":[],"call":{"id":"77","state":"answered","direction":"in","extension":"101","did":"+74951234567","answered_by":"ivanov","answered_by_name":"Иванов И.",` +
			`"started_at":"2026-11-23T10:41:50.000Z","answered_at":"2026-11-23T10:42:00.000Z","ended_at":null,"talk_s":null},` +
			`"data":{},"session":"desk","created_at":"2026-11-23T10:41:52.000Z","updated_at":"2026-11-23T10:42:00.123Z","expires_at":"2026-11-23T14:42:02.000Z"},` +
			`{"id":"9","rev":1,"follows":"8","kind":"mail.received","action":"choose","title":"a b <c> \"d\" & 'e'","text":"é","phone":null,"name":null,"app":"trade",` +
			`"object":null,"client":null,"candidates":[{"type":"Документ","name":"Заказ","uid":"u<1>","title":"Заказ & Co","link":"","url":""}],"call":null,` +
			`"data":{"k":"<v>","n":1.5},"session":null,"created_at":"2026-11-23T10:42:02.000Z","updated_at":"2026-11-23T10:42:02.000Z","expires_at":"2026-11-23T11:42:02.000Z"}` +
			`],"acks":[{"id":"1041","rev":1,"result":"processed"}],"poll_after_ms":4200,"next_s":5,"client_timeout_s":40,"server_time":"2026-11-23T10:42:02.000Z"}`},
		{"json unchanged", formatJSON, empty, `{"state":"unchanged","version":"k3f.7","next":null,"notifications":[],"acks":[],"poll_after_ms":0,"next_s":1,"client_timeout_s":40,"server_time":"2026-11-23T10:42:02.000Z"}`},
		{"json superseded", formatJSON, gone, `{"state":"superseded","version":null,"next":null,"notifications":[],"acks":[],"poll_after_ms":2100,"next_s":3,"client_timeout_s":40,"server_time":"2026-11-23T10:42:02.000Z"}`},
		{"xml", formatXML, exampleSet(), `<r state="set" version="k3f.1042" next_s="5" page=""><a id="1041" rev="1" result="processed"/>` +
			`<n id="1042" rev="2" kind="call.answered" action="open" call="77" state="answered" direction="in" phone="+79031234567" name="Ivan P." title="ООО Ромашка"` +
			` text="Входящий +7 903 123-45-67" app="" type="Документ" oname="Интерес" uid="51012ccc-397d-11de-b595-00055d80a2b9" link="` + link + `"` +
			` url="https://crm.example/i/17?a=1&amp;b=2" ctype="Справочник" cname="Контрагенты" cuid="11111111-2222-3333-4444-555555555555" did="+74951234567" extension="101"` +
			` by="Иванов И." session="desk" at="20261123134200" age_s="1"/>` +
			`<n id="9" rev="1" kind="mail.received" action="choose" call="" state="" direction="" phone="" name="" title="a b &lt;c&gt; &quot;d&quot; &amp; 'e'" text="é" app="trade"` +
			` type="" oname="" uid="" link="" url="" ctype="" cname="" cuid="" did="" extension="" by="" session="" at="20261123134202" age_s="0">` +
			`<c type="Документ" name="Заказ" uid="u&lt;1&gt;" title="Заказ &amp; Co"/></n></r>`},
		{"xml page", formatXML, paged, `<r state="reset" version="" next_s="1" page="NEXT-1"></r>`},
		{"text", formatText, exampleSet(), "Z1\tk3f.1042\t5\t\tset\nA\t1041.1\tprocessed\n" +
			"1042.2\tcall.answered\topen\t77\tanswered\t+79031234567\tООО Ромашка\tВходящий +7 903 123-45-67\t" + link + "\thttps://crm.example/i/17?a=1&b=2\t20261123134200\tДокумент\t" +
			"Интерес\t51012ccc-397d-11de-b595-00055d80a2b9\t\tin\t+74951234567\tIvan P.\tСправочник\tКонтрагенты\t11111111-2222-3333-4444-555555555555\tИванов И.\tdesk\t1\n" +
			"9.1\tmail.received\tchoose\t\t\t\ta b <c> \"d\" & 'e'\té\t\t\t20261123134202\t\t\t\ttrade\t\t\t\t\t\t\t\t\t0\n" +
			"+\t9.1\tДокумент\tЗаказ\tu<1>\tЗаказ & Co\n"},
		{"text page", formatText, paged, "Z1\t\t1\tNEXT-1\treset\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := answer{set: tt.set, wait: 25 * time.Second, zone: moscow}
			w.encode(tt.format)
			if got := joined(&w, tt.format); got != tt.want {
				t.Errorf("encode(%s)\n got %s\nwant %s", tt.format, got, tt.want)
			}
			if tt.format == formatJSON && !json.Valid([]byte(joined(&w, tt.format))) {
				t.Error("this is no JSON")
			}
		})
	}
}

func joined(w *answer, format string) string {
	if format == formatJSON {
		return string(w.head) + string(w.rows) + string(w.acks) + string(w.tail)
	}
	return string(w.head) + string(w.acks) + string(w.rows) + string(w.tail)
}

// What does not fit in 256 KiB moves to the next page, in every format, and
// following next gives every row once.
func TestLongAnswerIsPaged(t *testing.T) {
	var all []models.Notification
	for i := range 100 {
		n := exampleRow()
		n.ID, n.Payload.Text, n.Payload.Object.URL = int64(i+1), strings.Repeat("ж", 600), "https://x/"+strings.Repeat("ы", 1100)
		n.Payload.Candidates = []models.Object{{Title: strings.Repeat("щ", 200), Link: strings.Repeat("l", 1000)}, {Title: strings.Repeat("щ", 200)}}
		all = append(all, n)
	}
	for _, format := range []string{formatJSON, formatXML, formatText} {
		t.Run(format, func(t *testing.T) {
			offset, pages := 0, 0
			for {
				pages++
				set := models.PendingSet{State: models.StateSet, Version: "k3f.7", ETag: "k3f.7", Rows: all[offset:], Offset: offset, Now: at(), PollAfter: time.Second}
				w := answer{set: set, zone: time.UTC}
				w.encode(format)
				if w.size() > maxAnswer {
					t.Fatalf("page %d has %d bytes, want at most %d", pages, w.size(), maxAnswer)
				}
				if w.set.Next == "" {
					if w.set.Version != "k3f.7" || pages < 2 {
						t.Fatalf("last page %d has version %q", pages, w.set.Version)
					}
					break
				}
				version, next, ok := models.ParsePageCursor(w.set.Next)
				if !ok || version != "k3f.7" || next <= offset || w.set.Version != "" || w.set.PollAfter != 0 {
					t.Fatalf("page %d: cursor %q = (%q, %d, %v), version %q, poll after %s", pages, w.set.Next, version, next, ok, w.set.Version, w.set.PollAfter)
				}
				if got := rowsIn(t, &w, format); got != next-offset {
					t.Fatalf("page %d holds %d rows, its cursor says %d", pages, got, next-offset)
				}
				offset = next
			}
		})
	}
}

func rowsIn(t *testing.T, w *answer, format string) int {
	t.Helper()
	switch format {
	case formatXML:
		var r struct {
			N []struct{} `xml:"n"`
		}
		if err := xml.Unmarshal([]byte(joined(w, format)), &r); err != nil {
			t.Fatal(err)
		}
		return len(r.N)
	case formatText:
		n := 0
		for l := range strings.Lines(string(w.rows)) {
			if !strings.HasPrefix(l, "+") {
				n++
			}
		}
		return n
	}
	var r struct{ Notifications []any }
	if err := json.Unmarshal([]byte(joined(w, format)), &r); err != nil {
		t.Fatal(err)
	}
	return len(r.Notifications)
}

// A single row that is longer than an answer may be still goes out: otherwise
// its user would never see another one.
func TestOneHugeRowGoesOut(t *testing.T) {
	n := exampleRow()
	for range 600 {
		n.Payload.Candidates = append(n.Payload.Candidates, models.Object{Link: strings.Repeat("l", 1024)})
	}
	w := answer{set: models.PendingSet{Rows: []models.Notification{n, exampleRow()}, ETag: "e.1", Version: "e.1"}, zone: time.UTC}
	w.encode(formatJSON)
	if _, offset, _ := models.ParsePageCursor(w.set.Next); offset != 1 {
		t.Errorf("next stands at %d, want 1", offset)
	}
}

func TestClean(t *testing.T) {
	for _, tt := range []struct {
		name, in string
		max      int
		want     string
	}{
		{"plain", "abc", 10, "abc"},
		{"trimmed", " abc ", 10, "abc"},
		{"composed", "и\u0306", 10, "й"},
		{"composed after a control goes", "и\u0000\u0306", 10, "й"},
		{"cut", "абвгд", 4, "абв…"},
		{"controls", "a\x01\u0085b\tc", 10, "ab c"},
		{"bad UTF-8", "a\xffb", 10, "a\ufffdb"},
		{"not XML", "a\uffffb\ufeff", 10, "ab"},
		{"trimmed no-break space", "\u00a0да\u00a0", 10, "да"},
		{"a replacement character stays", "a\ufffdb", 10, "a\ufffdb"},
		{"noncharacter", "a\U0001fffeb", 10, "ab"},
		{"emoji stays", "☎\U0001F4DE", 10, "☎\U0001F4DE"},
	} {
		if got := clean(tt.in, tt.max); got != tt.want {
			t.Errorf("%s: clean(%q, %d) = %q, want %q", tt.name, tt.in, tt.max, got, tt.want)
		}
	}
}

// The characters that isClean takes for normal by themselves really are.
func TestQuickCharactersAreNormal(t *testing.T) {
	for r := rune(0x20); r < 0x2200; r++ {
		for _, s := range []string{string(r), "и" + string(r), string(r) + "и"} {
			if isClean(s, 10) && !norm.NFC.IsNormalString(s) {
				t.Errorf("%U in %q is not in NFC", r, s)
			}
		}
	}
}

func TestCleanDataIsBounded(t *testing.T) {
	if got := string(cleanData(map[string]any{"a": strings.Repeat("x", models.MaxData)})); got != "{}" {
		t.Errorf("data over 4 KiB gives %d bytes, want {}", len(got))
	}
	if got := string(cleanData(map[string]any{"a": []any{"\x00b", map[string]any{"c\n": true}}})); got != `{"a":["b",{"c":true}]}` {
		t.Errorf("cleanData = %s", got)
	}
}

// Whatever a PBX or a publisher put into a row, every format stays readable.
func FuzzFormats(f *testing.F) {
	f.Add("title", "text\t\n\x00", "<&\"'>", "\xff\xfe")
	f.Fuzz(func(t *testing.T, title, text, name, link string) {
		n := plainRow()
		n.Payload.Title, n.Payload.Text, n.Payload.Name = title, text, name
		n.Payload.Object = &models.Object{Link: link, Title: text}
		n.Payload.Candidates[0].Title = name
		n.Payload.Data = map[string]any{title: text}
		set := models.PendingSet{State: models.StateSet, Rows: []models.Notification{n}, ETag: "e.1", Version: "e.1", Now: at()}
		for _, format := range []string{formatJSON, formatXML, formatText} {
			w := answer{set: set, zone: time.UTC}
			w.encode(format)
			body := joined(&w, format)
			if !utf8.ValidString(body) {
				t.Fatalf("%s is no UTF-8: %q", format, body)
			}
			if got := rowsIn(t, &w, format); got != 1 {
				t.Fatalf("%s holds %d rows: %q", format, got, body)
			}
			if format == formatText && strings.Count(body, "\n") != 3 {
				t.Fatalf("text has other lines than head, row and candidate: %q", body)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	for _, rows := range []int{1, 50} {
		for _, format := range []string{formatJSON, formatXML, formatText} {
			b.Run(fmt.Sprintf("%s/%d", format, rows), func(b *testing.B) {
				set := models.PendingSet{State: models.StateSet, Version: "k3f.7", ETag: "k3f.7", Now: at()}
				for range rows {
					set.Rows = append(set.Rows, exampleRow())
				}
				w := answer{zone: time.UTC}
				b.ReportAllocs()
				for b.Loop() {
					w.set = set
					w.encode(format)
				}
				b.SetBytes(int64(w.size()))
			})
		}
	}
}
