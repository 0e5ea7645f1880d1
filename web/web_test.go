package web

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jba/templatecheck"

	"zummer/models"
)

func newPages(t *testing.T) *Pages {
	t.Helper()
	p, err := New()
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func frame(l Lang) Frame {
	return Frame{Lang: l, W: WordsOf(l), Version: "1", Title: "T", Other: "/x", Script: "admin.js"}
}

func adminPage(l Lang, text string) AdminPage {
	d := AdminPage{Frame: frame(l), DataURL: "/admin/pending.json"}
	at := time.Date(2026, 11, 23, 10, 42, 0, 0, time.UTC)
	d.Pending = []PendingRow{{W: &d.W, ID: "9", Key: "9", Rev: 2, User: text, Kind: text, KindIn: text, Action: text, Title: text, Text: text, Phone: text, Contact: text, Source: text, Since: at, Expires: at}}
	d.Unrouted = []UnroutedRow{{W: &d.W, Key: text, Source: text, Extension: text, Count: 1, Last: at}}
	d.Webhooks = []WebhookRow{{W: &d.W, Key: "1", Source: text, At: at, Outcome: models.WebhookFailed, Result: text, Error: text, RawURL: "/r"}}
	d.Refused = []RefusedRow{{W: &d.W, Key: "1", Source: text, At: at, From: text, Reason: text, Detail: text}}
	return d
}

func TestTemplatesFitTheirData(t *testing.T) {
	p := newPages(t)
	for name, data := range map[string]any{"admin": AdminPage{}, "timeline": TimelinePage{}, "error": ErrorPage{}} {
		if err := templatecheck.CheckHTML(p.sets[name].Lookup("base"), data); err != nil {
			t.Errorf("template %s: %v", name, err)
		}
	}
	for name, data := range map[string]any{"pending-row": PendingRow{}, "unrouted-row": UnroutedRow{}, "webhook-row": WebhookRow{}, "refused-row": RefusedRow{}} {
		if err := templatecheck.CheckHTML(p.sets["admin"].Lookup(name), data); err != nil {
			t.Errorf("template %s: %v", name, err)
		}
	}
}

func TestTextIsInert(t *testing.T) {
	p := newPages(t)
	const text = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`
	pages := map[string]func() ([]byte, error){
		"admin": func() ([]byte, error) { return p.Admin(adminPage(Russian, text)) },
		"timeline": func() ([]byte, error) {
			return p.Timeline(TimelinePage{Frame: frame(English), ID: "9", Back: "/", Actions: true, Steps: []StepRow{{Text: text, Why: text, Rule: text, Detail: text, Webhook: "/w"}}})
		},
		"error": func() ([]byte, error) {
			return p.Error(ErrorPage{Frame: frame(English), Detail: text, RequestID: text})
		},
		"demo": func() ([]byte, error) {
			return p.Demo(DemoPage{Frame: frame(English), Ring: text, Users: []DemoUser{{Login: text, Name: text, Token: text}}})
		},
	}
	for name, render := range pages {
		body, err := render()
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if strings.Contains(string(body), "<script>") || strings.Contains(string(body), "<img") {
			t.Errorf("%s: the text became markup: %s", name, body)
		}
		if !strings.Contains(string(body), "&lt;script&gt;") {
			t.Errorf("%s: the text is not shown", name)
		}
	}
	for _, row := range []any{adminPage(Russian, text).Pending[0], adminPage(Russian, text).Unrouted[0], adminPage(Russian, text).Webhooks[0], adminPage(Russian, text).Refused[0]} {
		html, err := p.Row(row)
		if err != nil || strings.Contains(html, "<script") || strings.Contains(html, "<img") || !strings.HasPrefix(html, "<tr data-key=") {
			t.Errorf("row %T: %v: %s", row, err, html)
		}
	}
	if _, err := p.Row("text"); err == nil {
		t.Error("a row that is none was rendered")
	}
}

func TestStaticFiles(t *testing.T) {
	p := newPages(t)
	for plain, kind := range map[string]string{"page.css": "text/css; charset=utf-8", "admin.js": "text/javascript; charset=utf-8"} {
		u, err := p.Static(plain)
		if err != nil {
			t.Fatal(err)
		}
		a, ok := p.Asset(strings.TrimPrefix(u, "/static/"))
		if !ok || a.Type != kind || len(a.Body) == 0 {
			t.Errorf("%s: found %t, type %q, %d bytes", u, ok, a.Type, len(a.Body))
		}
		if m := regexp.MustCompile(`https?://[a-z]`).Find(a.Body); m != nil {
			t.Errorf("%s reaches outside: %s", plain, m)
		}
	}
	if _, err := p.Static("absent.js"); err == nil {
		t.Error("an absent file has an address")
	}
	if _, ok := p.Asset("page.css"); ok {
		t.Error("a file is served under its plain name, which changes")
	}
}

func TestEveryWordIsThere(t *testing.T) {
	for _, l := range []Lang{Russian, English} {
		v := reflect.ValueOf(WordsOf(l))
		for i := range v.NumField() {
			if v.Field(i).String() == "" {
				t.Errorf("%s: no text for %s", l, v.Type().Field(i).Name)
			}
		}
	}
}

func TestChoose(t *testing.T) {
	for _, tt := range []struct {
		name, query, accept string
		want                Lang
	}{
		{"nothing said", "", "", Russian},
		{"the query wins", "en", "ru", English},
		{"an unknown query", "de", "en-GB,ru", English},
		{"first of ours", "", "de-DE, en;q=0.8, ru;q=0.5", English},
		{"Russian browser", "", "ru-RU,ru;q=0.9,en-US;q=0.8", Russian},
		{"none of ours", "", "de,fr", Russian},
	} {
		if got := Choose(tt.query, tt.accept); got != tt.want {
			t.Errorf("%s: Choose(%q, %q) = %s, want %s", tt.name, tt.query, tt.accept, got, tt.want)
		}
	}
}

func TestExplain(t *testing.T) {
	s := &models.Step{What: models.StepRevised, Kind: models.KindMissed, Action: models.ActionCallBack, Rev: 3}
	for _, tt := range []struct{ name, got, want string }{
		{"step in Russian", StepIn(Russian, s, "Иванов"), "уведомление изменилось: Пропущен (перезвонить), ревизия 3, пользователь Иванов"},
		{"step in English", StepIn(English, s, ""), "the notification was revised: Missed (call back), revision 3"},
		{"a rule with its version", RuleIn(Russian, "night", 7), "night (правила версии 7)"},
		{"a built-in rule", RuleIn(English, "ringing", 0), "ringing"},
		{"no rule", RuleIn(English, "", 7), ""},
		{"a delivery in Russian", StepIn(Russian, &models.Step{What: models.StepDelivered, Rev: 2, Session: "desk", Detail: "1C/8.3", After: 41 * time.Millisecond}, "Иванов"),
			"сообщено сеансу desk (1C/8.3) через 41 мс, ревизия 2, пользователь Иванов"},
		{"a delivery in English", StepIn(English, &models.Step{What: models.StepDelivered, Rev: 1, Session: "desk", Detail: "1C/8.3", After: 1390 * time.Millisecond}, ""), "told to session desk (1C/8.3) after 1.3 s, revision 1"},
		{"a delivery to nobody in particular", StepIn(English, &models.Step{What: models.StepDelivered, Rev: 1, After: 3 * time.Hour}, ""), "told to a client without a session name after 3 h, revision 1"},
		{"a step of the future", StepIn(English, &models.Step{What: "strange"}, ""), "strange"},
		{"kind of somebody else", KindIn(Russian, "mail.received"), "mail.received"},
		{"action of somebody else", ActionIn(Russian, "dance"), "dance"},
		{"outcome", OutcomeIn(Russian, models.WebhookRepeat), "повтор"},
		{"reason in Russian", WhyIn(Russian, "answered: one open interest"), "снята трубка: один открытый интерес"},
		{"reason in English", WhyIn(English, "answered: one open interest"), "answered: one open interest"},
		{"reason of the PBX", WhyIn(Russian, "the extension stopped ringing: no_answer"), "номер перестал звонить: никто не ответил"},
		{"reason of a client", WhyIn(English, "opened"), "the client opened it"},
		{"reason with a name", WhyIn(Russian, "requeued by admin"), "вернул admin"},
		{"reason of the future", WhyIn(Russian, "strange"), "strange"},
		{"reason with a name and another reason", WhyIn(Russian, "deputy of Иванов И., whose client is away; missed; the user's extension was rung"),
			"замещает Иванов И., чья программа не на связи; пропущен; звонил номер пользователя"},
		{"reason and who was told too", WhyIn(Russian, "the extension rings; the user's client is away: Петрова А. was told too"),
			"звонит внутренний номер; программа пользователя не на связи, сообщено и замещающему: Петрова А."},
		{"reason of a session", WhyIn(Russian, "the session desk released it"), "сеанс desk отдал"},
		{"reason of a busy session", WhyIn(Russian, "the session desk has a modal window or an unsaved form open: it comes back as a card"),
			"у сеанса desk открыто модальное окно или несохранённая форма: вернётся карточкой"},
		{"reason of a session that is gone", WhyIn(Russian, "the session desk did not poll for 1m0s"), "сеанс desk не опрашивал сервис 1m0s"},
		{"reason with two names", WhyIn(Russian, "nobody who shares the phone is present: petrova stands in for ivanov"),
			"никого из владельцев общего телефона нет на месте: petrova замещает ivanov"},
		{"reason with a source", WhyIn(Russian, "told by source cloud already"), "об этом уже рассказал источник cloud"},
		{"reason with a strange name", WhyIn(Russian, "nobody who shares the phone is present: 100% stands in for 50%"),
			"никого из владельцев общего телефона нет на месте: 100% замещает 50%"},
		{"reason of what came late", WhyIn(Russian, "answered: told 5 minutes late"), "снята трубка: рассказано с опозданием на 5 мин"},
		{"how many had a task", DetailIn(Russian, &models.Step{What: models.StepTaken, Detail: "2 others had it"}), "у скольких других она стояла: 2"},
		{"what a client said of itself", DetailIn(Russian, &models.Step{What: models.StepProcessed, Detail: "busy"}), "busy"},
		{"a client's name is said once", DetailIn(Russian, &models.Step{What: models.StepDelivered, Detail: "1C/8.3"}), ""},
		{"reason when a call ends", WhyIn(Russian, "the call ended"), "звонок окончен"},
		{"reason with a name in English", WhyIn(English, "the session desk released it"), "the session desk released it"},
		{"refusal", RefusalIn(English, "wrong_token"), "wrong address (token)"},
	} {
		if tt.got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, tt.got, tt.want)
		}
	}
}
