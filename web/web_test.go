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

// TestTemplatesFitTheirData checks every page, and every part of it, against
// the type of its data.
func TestTemplatesFitTheirData(t *testing.T) {
	p := newPages(t)
	for name, data := range Types() {
		set := p.sets[name]
		for _, block := range set.Templates() {
			if n := block.Name(); n != "layout" && !strings.HasPrefix(n, "part-") {
				continue
			}
			if err := templatecheck.CheckHTML(block, data); err != nil {
				t.Errorf("template %s of page %s: %v", block.Name(), name, err)
			}
		}
	}
}

// TestEveryTemplateIsAPage finds files that nothing renders.
func TestEveryTemplateIsAPage(t *testing.T) {
	files, err := templateFiles.ReadDir("templates")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		name := strings.TrimSuffix(f.Name(), ".html")
		if _, ok := Types()[name]; !ok && name != "layout" {
			t.Errorf("no page has the template %s", f.Name())
		}
	}
}

// filled is a value of type t with text in every string and one element in
// every list: a page with something hostile wherever something can stand.
func filled(t reflect.Type, text string, depth int) reflect.Value {
	v := reflect.New(t).Elem()
	if depth > 6 {
		return v
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		v.Set(reflect.ValueOf(time.Date(2026, 11, 23, 10, 0, 0, 0, time.UTC)))
	case t == reflect.TypeFor[*models.Admin]():
		v.Set(reflect.ValueOf(&models.Admin{Login: text, Name: text, Role: models.RoleAdmin, Active: true}))
	case t == reflect.TypeFor[*time.Location]():
	case t.Kind() == reflect.String && t == reflect.TypeFor[Lang]():
		v.SetString("en")
	case t.Kind() == reflect.String:
		v.SetString(text)
	case t.Kind() == reflect.Bool:
		v.SetBool(true)
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		v.SetInt(7)
	case t.Kind() == reflect.Float64:
		v.SetFloat(7)
	case t.Kind() == reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		v.Elem().Set(filled(t.Elem(), text, depth+1))
	case t.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(t, 1, 1))
		v.Index(0).Set(filled(t.Elem(), text, depth+1))
	case t.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(filled(t.Key(), text, depth+1), filled(t.Elem(), text, depth+1))
	case t.Kind() == reflect.Struct:
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				v.Field(i).Set(filled(t.Field(i).Type, text, depth+1))
			}
		}
	}
	return v
}

// TestTextIsInert: whatever stands in a page's data stands there as text.
func TestTextIsInert(t *testing.T) {
	p := newPages(t)
	const text = `<script>alert(1)</script>"'><img src=x onerror=alert(2)>`
	for name, data := range Types() {
		page := filled(reflect.TypeOf(data), text, 0)
		body, err := p.Render(name, "", page.Interface())
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if s := string(body); strings.Contains(s, "<script>") || strings.Contains(s, "<img src=x") || strings.Contains(s, `"'>`) {
			t.Errorf("%s: the text became markup: %s", name, body)
		} else if !strings.Contains(s, "&lt;script&gt;") {
			t.Errorf("%s: the text is not shown", name)
		}
		if m := regexp.MustCompile(`(?i)\son[a-z]+=|\sstyle=|javascript:|(?:src|href|action)="https?:`).FindString(regexp.MustCompile(`(?s)="[^"]*"`).ReplaceAllStringFunc(string(body), func(s string) string {
			return strings.ReplaceAll(s, " onerror=", " ")
		})); m != "" && !strings.HasPrefix(strings.TrimSpace(m), "onerror") {
			t.Errorf("%s: a script, a style or an address of others inside the page: %q", name, m)
		}
	}
}

func TestMask(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"+7 903 123-45-67", "+7 903 •••-••-67"},
		{"Входящий +79031234567, ждёт", "Входящий +7903•••••67, ждёт"},
		{"8 (903) 123-45-67", "8 (903) •••-••-67"},
		{"доб. 101", "доб. 101"},
		{"123-45-67", "•••-••-67"},
		{"с 123456789 звонят", "с •••••••89 звонят"},
		{"9031234567", "9031••••67"},
		{"10:42:31", "10:42:31"},
		{"5 попыток, последняя 10:42", "5 попыток, последняя 10:42"},
		{"2 звонка: +12125550100 и +12125550101", "2 звонка: +1212•••••00 и +1212•••••01"},
		{"", ""},
		{"Иванов", "Иванов"},
		{"phone=8+903+123+45+67&ext=101", "phone=8+903+•••+••+67&ext=101"}, // of a form
		{"?from=8%20%28903%29%20123-45-67", "?from=8%20%28903%29%20•••-••-67"},
		{"?from=%2B79031234567", "?from=%2B7903•••••67"},
		{"8 (903)  123–45–67", "8 (903)  •••–••–67"},
		{"+7\u202f903\u202f123\u201145\u201167", "+7\u202f903\u202f•••\u2011••\u201167"},
		{"＋７９０３１２３４５６７", "＋７９０３•••••６７"},
	} {
		if got := Mask(c.text); got != c.want {
			t.Errorf("Mask(%q) = %q, want %q", c.text, got, c.want)
		}
	}
}

func TestStaticFiles(t *testing.T) {
	p := newPages(t)
	for plain, kind := range map[string]string{"app.css": "text/css; charset=utf-8", "app.js": "text/javascript; charset=utf-8", "htmx.min.js": "text/javascript; charset=utf-8"} {
		u, err := p.Static(plain)
		if err != nil {
			t.Fatal(err)
		}
		a, ok := p.Asset(strings.TrimPrefix(u, "/static/"))
		if !ok || a.Type != kind || len(a.Body) == 0 {
			t.Errorf("%s: found %t, type %q, %d bytes", u, ok, a.Type, len(a.Body))
		}
		if m := regexp.MustCompile(`https?://[a-z]`).Find(a.Body); m != nil && !strings.Contains(plain, ".min.") {
			t.Errorf("%s reaches outside: %s", plain, m)
		}
	}
	if _, err := p.Static("absent.js"); err == nil {
		t.Error("an absent file has an address")
	}
	if _, ok := p.Asset("app.css"); ok {
		t.Error("a file is served under its plain name, which changes")
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
		{"kind of somebody else", KindIn(Russian, "order.paid"), "order.paid"},
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
