package routing_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/app/internal/routing"
	"zummer/models"
)

const uid = "51012ccc-397d-11de-b595-00055d80a2b9"

func client(n, title string) *models.Object {
	return &models.Object{Type: "Справочник", Name: "Контрагенты", UID: n + uid[1:], Title: title}
}

func interest(n string) models.Object {
	return models.Object{Type: "Документ", Name: "Интерес", UID: n + uid[1:], Title: "Интерес " + n}
}

// TestOpening checks what an answered call opens, by what the CRM knows.
func TestOpening(t *testing.T) {
	t.Parallel()
	daisy := models.Contact{ID: 1, Name: "Ромашка", Client: client("1", "ООО Ромашка"), Interests: []models.Object{interest("5")}}
	idle := models.Contact{ID: 1, Name: "Ромашка", Client: client("1", "ООО Ромашка")}
	busy := models.Contact{ID: 1, Client: client("1", "ООО Ромашка"), Interests: []models.Object{interest("5"), interest("6")}}
	other := models.Contact{ID: 2, Name: "Василёк", Client: client("2", "")}
	twin := models.Contact{ID: 3, Name: "Секретарь", Client: client("1", "ООО Ромашка")}
	nameless := models.Contact{ID: 4, Name: "Иван"}
	for _, tc := range []struct {
		name       string
		contacts   []models.Contact
		none       bool // no contacts at all
		action     models.Action
		object     string // uid's first digit, "new", or ""
		client     string
		candidates string
		title      string
	}{
		{name: "one open interest", contacts: []models.Contact{daisy}, action: models.ActionOpen, object: "5", client: "1", title: "ООО Ромашка"},
		{name: "one open interest among two clients", contacts: []models.Contact{other, daisy}, action: models.ActionOpen, object: "5", client: "1", title: "ООО Ромашка"},
		{name: "several of one client", contacts: []models.Contact{busy}, action: models.ActionChoose, client: "1", candidates: "56", title: "ООО Ромашка"},
		{name: "the same interest known twice", contacts: []models.Contact{daisy, {ID: 2, Interests: daisy.Interests}}, action: models.ActionOpen, object: "5", client: "1", title: "ООО Ромашка"},
		{name: "several of several clients", contacts: []models.Contact{{ID: 2, Name: "Б", Client: client("2", ""), Interests: []models.Object{interest("7")}}, daisy},
			action: models.ActionChoose, candidates: "57", title: "ООО Ромашка и ещё 1"},
		{name: "a client without one", contacts: []models.Contact{idle}, action: models.ActionCreate, object: "new", client: "1", title: "ООО Ромашка"},
		{name: "two people of one client", contacts: []models.Contact{twin, idle}, action: models.ActionCreate, object: "new", client: "1", title: "ООО Ромашка"},
		{name: "several clients without one", contacts: []models.Contact{other, idle}, action: models.ActionChoose, candidates: "12", title: "ООО Ромашка и ещё 1"},
		{name: "a contact that is no client", contacts: []models.Contact{nameless}, action: models.ActionCreate, object: "new", title: "Иван"},
		{name: "unknown caller", action: models.ActionCreate, object: "new", title: "+7 903 123-45-67"},
		{name: "nothing synchronised", none: true, action: models.ActionResolve, title: "+7 903 123-45-67"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPlay()
			p.ctx.Contacts, p.ctx.AnyContacts = tc.contacts, !tc.none
			drafts, _ := p.apply(t, "answered 101")
			d := drafts[len(drafts)-1]
			if d.Action != tc.action {
				t.Errorf("action: got %s, want %s", d.Action, tc.action)
			}
			if got := short(d.Payload.Object); got != tc.object {
				t.Errorf("object: got %q, want %q", got, tc.object)
			}
			if got := short(d.Payload.Client); got != tc.client {
				t.Errorf("client: got %q, want %q", got, tc.client)
			}
			got := ""
			for i := range d.Payload.Candidates {
				got += short(&d.Payload.Candidates[i])
				if d.Payload.Candidates[i].Link == "" {
					t.Error("a candidate has no link")
				}
			}
			if got != tc.candidates {
				t.Errorf("candidates: got %q, want %q", got, tc.candidates)
			}
			if d.Payload.Title != tc.title {
				t.Errorf("title: got %q, want %q", d.Payload.Title, tc.title)
			}
			if d.Payload.Phone != caller {
				t.Errorf("phone: got %q", d.Payload.Phone)
			}
		})
	}
	if daisy.Interests[0].Link != "" || daisy.Client.Link != "" {
		t.Error("the rules changed a contact, which belongs to the caller")
	}
}

func short(o *models.Object) string {
	switch {
	case o == nil:
		return ""
	case o.UID == "":
		return "new"
	}
	return o.UID[:1]
}

// TestTexts checks what people read and how long each row stays.
func TestTexts(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		name   string
		set    func(*play)
		events []string
		user   int64
		title  string
		text   string
		ttl    time.Duration
	}{
		{"rings", nil, []string{"ringing 101"}, 1, "+7 903 123-45-67", "Входящий +7 903 123-45-67", time.Minute},
		{"rings, named by the PBX", nil, []string{"ringing 101 name=Ivan"}, 1, "Ivan", "Входящий +7 903 123-45-67", time.Minute},
		{"rings, hidden", nil, []string{"ringing 101 phone=hidden"}, 1, "Номер скрыт", "Входящий, номер скрыт", time.Minute},
		{"rings, hidden by name too", nil, []string{"ringing 101 phone=hidden name=Anonymous"}, 1, "Номер скрыт", "Входящий, номер скрыт", time.Minute},
		{"rings, the name is the number", nil, []string{"ringing 101 name=89031234567"}, 1, "+7 903 123-45-67", "Входящий +7 903 123-45-67", time.Minute},
		{"rings, not told", nil, []string{"ringing 101 phone=-"}, 1, "Номер не определён", "Входящий, номер не определён", time.Minute},
		{"answered", nil, []string{"answered 101"}, 1, "+7 903 123-45-67", "Входящий +7 903 123-45-67", 4 * time.Hour},
		{"outgoing", func(p *play) { p.ctx.Source.Outgoing = true }, []string{"answered 101 dir=out"}, 1, "+7 903 123-45-67", "Исходящий +7 903 123-45-67", 4 * time.Hour},
		{"elsewhere", nil, []string{"ringing 101", "answered 102"}, 1, "+7 903 123-45-67", "Ответил Петров П.", 30 * time.Second},
		{"elsewhere, slow clients", func(p *play) { p.ctx.PollInterval = time.Minute }, []string{"ringing 101", "answered 102"}, 1, "+7 903 123-45-67", "Ответил Петров П.", 2 * time.Minute},
		{"elsewhere, by nobody known", nil, []string{"ringing 101", "answered login:guest"}, 1, "+7 903 123-45-67", "Ответил guest", 30 * time.Second},
		{"elsewhere, not told by whom", nil, []string{"ringing 101", "ring_ended 101 reason=answered_elsewhere"}, 1, "+7 903 123-45-67", "Ответил другой сотрудник", 30 * time.Second},
		{"ring ended", nil, []string{"ringing 101", "ring_ended 101"}, 1, "+7 903 123-45-67", "Вызов прекращён +7 903 123-45-67", 30 * time.Second},
		{"transferred", nil, []string{"answered 101", "transferred 101 to=103", "answered 103"}, 1, "+7 903 123-45-67", "Переведён на 103, Сидорова С.", 30 * time.Second},
		{"transferred, the target is not told", nil, []string{"answered 101", "answered 777"}, 1, "+7 903 123-45-67", "Переведён на 777", 30 * time.Second},
		{"ended", nil, []string{"answered 101", "ended at=126"}, 1, "+7 903 123-45-67", "Разговор 2:05, +7 903 123-45-67", 14 * 24 * time.Hour},
		{"ended, one's own part of the talk", nil, []string{"answered 101", "answered 103 at=61", "ended at=126"}, 3, "+7 903 123-45-67", "Разговор 1:05, +7 903 123-45-67", 14 * 24 * time.Hour},
		{"ended at once", nil, []string{"answered 101 phone=hidden", "ended at=1 phone=hidden"}, 1, "Номер скрыт", "Разговор завершён", 14 * 24 * time.Hour},
		{"missed", nil, []string{"ringing 101", "ended"}, 1, "+7 903 123-45-67", "Пропущенный +7 903 123-45-67", 14 * 24 * time.Hour},
		{"missed, hidden", nil, []string{"ringing 101 phone=hidden", "ended phone=hidden"}, 1, "Номер скрыт", "Пропущенный, номер скрыт", 14 * 24 * time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			p := newPlay()
			if tc.set != nil {
				tc.set(p)
			}
			var drafts []models.Draft
			for _, e := range tc.events {
				drafts, _ = p.apply(t, e)
			}
			drafts = slices.DeleteFunc(drafts, func(d models.Draft) bool { return d.UserID != tc.user })
			if len(drafts) == 0 {
				t.Fatalf("no draft for user %d", tc.user)
			}
			d := drafts[len(drafts)-1]
			if d.Payload.Title != tc.title || d.Payload.Text != tc.text || d.TTL != tc.ttl {
				t.Errorf("got  %q, %q, %s\nwant %q, %q, %s", d.Payload.Title, d.Payload.Text, d.TTL, tc.title, tc.text, tc.ttl)
			}
			if d.Rule == "" || d.Reason == "" || d.CallID != callID || d.SourceID != 1 || d.LegKey == "" || d.LegN == 0 {
				t.Errorf("incomplete draft: %+v", d)
			}
		})
	}
}

func TestCallInfo(t *testing.T) {
	t.Parallel()
	p := newPlay()
	p.ctx.Contacts = []models.Contact{{ID: 1, Client: &models.Object{Type: "Справочник", Name: "Контрагенты", UID: uid, App: "sales"}}}
	p.apply(t, "ringing 101")
	p.call.Legs[0].Row = 55
	drafts, _ := p.apply(t, "answered 101")
	d := drafts[len(drafts)-1]
	if d.Follows != 55 || d.Payload.App != "sales" || d.Payload.Object.App != "sales" {
		t.Errorf("follows %d, app %q, object of app %q", d.Follows, d.Payload.App, d.Payload.Object.App)
	}
	if !strings.HasSuffix(d.Payload.Client.Link, "b59500055d80a2b911de397d51012ccc") {
		t.Errorf("link of the client: %q", d.Payload.Client.Link)
	}
	if got := d.Payload.Call; got.State != models.Answered || got.Extension != "101" || got.AnsweredBy != "user1" || got.TalkS != nil || got.AnsweredAt.IsZero() {
		t.Errorf("answered: %+v", got)
	}
	drafts, _ = p.apply(t, "ended at=62")
	if got := drafts[0].Payload.Call; got.State != models.Ended || got.TalkS == nil || *got.TalkS != 60 || got.EndedAt.IsZero() {
		t.Errorf("ended: %+v", got)
	}
}

func TestMissedDraftCounts(t *testing.T) {
	t.Parallel()
	p := newPlay()
	p.apply(t, "ringing 101")
	drafts, _ := p.apply(t, "ended")
	d := drafts[len(drafts)-1]
	if !d.Attempts || d.Payload.Data["attempts"] != 1 {
		t.Errorf("attempts: %v, data %v", d.Attempts, d.Payload.Data)
	}
	if d.Payload.Call.TalkS != nil {
		t.Error("a missed call tells of talk")
	}
}

func TestMissedText(t *testing.T) {
	t.Parallel()
	moscow := time.FixedZone("MSK", 3*3600)
	at := time.Date(2026, 11, 23, 7, 42, 0, 0, time.UTC)
	for _, tc := range []struct {
		attempts int
		zone     *time.Location
		want     string
	}{
		{0, moscow, "Пропущенный"},
		{1, moscow, "Пропущенный"},
		{2, moscow, "2 попытки, последняя 10:42"},
		{5, moscow, "5 попыток, последняя 10:42"},
		{11, moscow, "11 попыток, последняя 10:42"},
		{21, moscow, "21 попытка, последняя 10:42"},
		{112, moscow, "112 попыток, последняя 10:42"},
		{124, nil, "124 попытки, последняя 07:42"},
	} {
		if got := routing.MissedText(models.Payload{Text: "Пропущенный"}, tc.attempts, at, tc.zone, models.Russian); got != tc.want {
			t.Errorf("%d attempts: got %q, want %q", tc.attempts, got, tc.want)
		}
	}
}
