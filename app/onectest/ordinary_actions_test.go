package onectest_test

import (
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

// TestOrdinaryActions: what each action does with ordinary forms, which buttons
// the window of the call has, and what the service is told.
func TestOrdinaryActions(t *testing.T) {
	t.Parallel()
	const wizard = "Обработка.МастерФормированияИнтереса.Форма"
	for i, c := range []struct {
		name, body string
		before     func(*base)
		opened     string // uid of a document or a form's name that opens by itself; "": nothing
		outcome    string // "": it still waits
		buttons    string // of the window that is left, "" if none is
		press      string // then
		then       string // the outcome after that
	}{
		{"open", `"action":"open","object":` + interestOf(interestID), nil, interestID, "opened", "", "", ""},
		{"open by a link alone", `"action":"open","object":{"link":"` + interestLink + `"}`, nil, interestID, "opened", "", "", ""},
		{"a link to a program", `"action":"open","object":{"link":"calc.exe"}`, nil, "", "failed", "Открыть Готово", "", ""},
		{"a link to a command", `"action":"open","object":{"link":"e1cib/command/X.Y?ref=b59500055d80a2b911de397d51012ccc"}`, nil, "", "failed", "Открыть Готово", "", ""},
		{"an object of no kind", `"action":"open","object":{"type":"Документ","name":"Интерес КАК Т; УДАЛИТЬ","uid":"` + interestID + `"}`, nil, "", "failed", "Открыть Готово", "", ""},
		{"a uid of rubbish", `"action":"open","object":{"type":"Документ","name":"Интерес","uid":"../../1"}`, nil, "", "failed", "Открыть Готово", "", ""},
		{"create", `"action":"create","phone":"+79160000000","client":{"type":"Справочник","name":"Контрагенты","uid":"` + clientID + `"}`, nil, wizard, "opened", "", "", ""},
		{"choose", `"action":"choose","candidates":[` + interestOf(interestID) + "," + interestOf(secondID) + `]`, nil, "", "", "Готово", "КандидатыВыбор", "opened"},
		{"choose, put away", `"action":"choose","candidates":[` + interestOf(interestID) + "," + interestOf(secondID) + `]`, nil, "", "", "Готово", "ГотовоНажатие", "dismissed"},
		{"resolve: one open interest", `"action":"resolve","phone":"+79031234567"`, func(b *base) { b.close(secondID) }, interestID, "opened", "", "", ""},
		{"resolve: several", `"action":"resolve","phone":"+79031234567"`, nil, "", "", "Готово", "КандидатыВыбор", "opened"},
		{"resolve: closed since", `"action":"resolve","phone":"+79031234567"`, func(b *base) { b.close(interestID); b.close(secondID) }, wizard, "opened", "", "", ""},
		{"indicate", `"action":"indicate","phone":"+79160000000"`, nil, "", "", "-", "", ""},
		{"show", `"action":"show","phone":"+79160000000"`, nil, "", "", "Готово", "ГотовоНажатие", "dismissed"},
		{"show of an object", `"action":"show","object":` + interestOf(interestID), nil, "", "", "Открыть Готово", "", ""},
		{"call back", `"action":"call_back","phone":"+79160000000"`, nil, "", "", "Готово", "ГотовоНажатие", "dismissed"},
		{"a word nobody knows", `"action":"order.check"`, nil, "", "", "Готово", "ГотовоНажатие", "dismissed"},
		{"a form by setting", `"action":"open","object":` + interestOf(interestID), func(b *base) { b.atHand() }, "", "", "Открыть Готово", "ОткрытьНажатие", "opened"},
		{"a form by setting, put away", `"action":"create","phone":"+79160000000"`, func(b *base) { b.atHand() }, "", "", "Открыть Готово", "ГотовоНажатие", "dismissed"},
		{"a form by setting, of what is gone", `"action":"open","object":` + interestOf(clientID), func(b *base) { b.atHand() }, "", "", "Открыть Готово", "ОткрытьНажатие", "failed"},
	} {
		k := ordinaryFaultKinds[i%2]
		t.Run(c.name+"/"+k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newOrdinary(t, s, k, s.URL)
			b.interests.Add(secondID, map[string]any{"Клиент": b.clients.Rows()[0]["Ссылка"], "Закрыт": false, "ПометкаУдаления": false, "Номер": "18", "Дата": b.Now().Add(-time.Hour), "Телефон": "+79031234567"})
			if c.before != nil {
				c.before(b)
			}
			s.publish(`{"user":"ivanov","kind":"test.kind","title":"Заголовок","text":"Текст",%s}`, c.body)
			b.until("window", func() bool { return countName(b, callWindow) > 0 })
			first := b.Screen.Opened[0].Form
			if first == nil || first.Title() != "Заголовок" {
				t.Errorf("the first that is shown: %+v", b.Screen.Opened[0])
			}
			if c.outcome != "" {
				b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "test.kind") })
				if got := s.outcome("test.kind"); got != c.outcome {
					t.Errorf("outcome %q, want %q", got, c.outcome)
				}
			} else {
				b.RunFast(time.Second, 8, nil)
				if !slices.Contains(s.pending(), "test.kind") {
					t.Error("what nobody has dealt with is gone")
				}
			}
			if got := b.windows(); got != c.opened {
				t.Errorf("opened %q, want %q", got, c.opened)
			}
			if got := buttons(b); got != c.buttons {
				t.Errorf("buttons %q, want %q", got, c.buttons)
			}
			if c.name == "create" {
				p := b.Screen.Opened[1].Params
				if ref, ok := p["Клиент"].(*bsltest.Ref); !ok || ref.UID() != clientID || p["Телефон"] != "+79160000000" {
					t.Errorf("the wizard got %v", p)
				}
			}
			if c.press != "" {
				args := []any{nil}
				if c.press == "КандидатыВыбор" {
					args = append(args, map[string]any{"Значение": first.Attr("Кандидаты").([]any)[0]})
				}
				if err := b.FormCall(first, c.press, args...); err != nil {
					t.Fatal(err)
				}
				b.until("acknowledgement of the button", func() bool { return !slices.Contains(s.pending(), "test.kind") })
				if got := s.outcome("test.kind"); got != c.then || first.Open != (c.then == "failed") || (b.windows() == interestID) != (c.then == "opened") {
					t.Errorf("%s: outcome %q, want %q; window open %t, opened %q", c.press, got, c.then, first.Open, b.windows())
				}
			}
			if n := countName(b, callWindow); n != 1 {
				t.Errorf("%d windows, want one: %v", n, b.opened())
			}
			b.quiet()
		})
	}
}

// atHand is a user who opens forms himself.
func (b *base) atHand() {
	b.t.Helper()
	v, err := b.Call("змрНастройки")
	if err != nil {
		b.t.Fatal(err)
	}
	set := bsltest.Go(v).(map[string]any)
	b.remember(set["Адрес"].(string), set["Токен"].(string), false)
	b.until("the first answer", func() bool { return len(b.Screen.Messages) > 0 })
}

// windows are what opened besides windows of calls: uids and names.
func (b *base) windows() string {
	var all []string
	for _, o := range b.Screen.Opened {
		switch {
		case o.Name == callWindow:
		case o.Ref != nil:
			all = append(all, o.Ref.UID())
		default:
			all = append(all, o.Name)
		}
	}
	return strings.Join(all, " ")
}

// buttons are those that can be seen in the only open window of a call, "-" if
// it has none, "" without such a window.
func buttons(b *base) string {
	for _, f := range b.Screen.Forms {
		if f.Name != callWindow {
			continue
		}
		var all []string
		for _, name := range []string{"Открыть", "Готово"} {
			if f.Item(name, "Видимость") == true {
				all = append(all, name)
			}
		}
		if len(all) == 0 {
			return "-"
		}
		return strings.Join(all, " ")
	}
	return ""
}

// TestOrdinaryBusy: where one's own code says that no form may open now, the
// single client opens none, and the row becomes a card; when it says so no
// more, forms open again.
func TestOrdinaryBusy(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := pasted(t, ordinaryKinds[0], map[string]func(string) string{"ЗмрОбычныйПереопределяемый": func(text string) string {
		return strings.Replace(text, "Возврат Ложь;", `Возврат ХранилищеОбщихНастроек.Загрузить("Тест", "Занято") = Истина;`, 1)
	}, "МодульПриложения": func(text string) string {
		return text + "\r\nПроцедура ТестЗанято(Занято) Экспорт\r\n\tХранилищеОбщихНастроек.Сохранить(\"Тест\", \"Занято\", Занято);\r\nКонецПроцедуры\r\n"
	}})
	b.connectOrdinary(s, p.URL, "")
	if _, err := b.Call("ТестЗанято", true); err != nil {
		t.Fatal(err)
	}
	s.call()
	b.until("the card", func() bool { return len(b.Screen.Forms) == 1 })
	b.until("a poll that says it", func() bool { return p.count("busy=1") > 0 })
	b.RunFast(2*time.Second, 4, nil)
	if b.openedRef(interestID) || len(s.pending()) == 0 {
		t.Errorf("opened %v, pending %v", b.opened(), s.pending())
	}
	s.end("c-9")
	if _, err := b.Call("ТестЗанято", false); err != nil {
		t.Fatal(err)
	}
	b.until("a poll without it", func() bool {
		p.forget()
		b.RunFast(500*time.Millisecond, 8, nil)
		return p.count("/v1/notifications?") > p.count("busy=1")
	})
	s.ring("c-10", "+79031234567")
	s.answer("c-10")
	b.until("form", func() bool { return b.openedRef(interestID) })
	b.quiet()
}

// TestOrdinaryManyRows: a set of several pages is shown once its last page is
// there, each row once, the newest ten first and others as these are closed; a
// digest is a card; what is gone is forgotten.
func TestOrdinaryManyRows(t *testing.T) {
	t.Parallel()
	for _, k := range ordinaryFaultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := ordinaryBase(t, k)
			token := b.seat(s)
			for i := range 120 {
				s.publish(`{"user":"ivanov","kind":"note","title":"N%d","text":"N%[1]d"}`, i)
			}
			// a request that waits meanwhile is answered with pages of a later set
			var whole atomic.Bool
			p.do(rewritten(func(body string) string {
				if strings.Contains(body, `page="" `) || strings.Contains(body, `page="">`) {
					whole.Store(true)
					return body
				}
				return strings.Replace(body, `kind="note"`, `kind="digest"`, 1)
			}))
			b.OnOpen = func(bsltestOpening) error {
				if !whole.Load() {
					t.Error("a page of several is shown before the last one")
				}
				return nil
			}
			b.remember(p.URL, token, true)
			b.until("the newest of them", func() bool { return countName(b, callWindow) >= 10 })
			p.do(nil)
			if n := p.count("after="); n < 2 {
				t.Errorf("%d further pages", n)
			}
			b.RunFast(time.Second, 4, nil)
			if n := countName(b, callWindow); n != 10 || len(formsWith(b, "N11")) != 10 {
				t.Errorf("%d windows of 120 rows, %d of the newest", n, len(formsWith(b, "N11")))
			}
			if said := strings.Join(b.Screen.Messages, "|"); strings.Count(said, "110. Они появятся") != 1 {
				t.Errorf("said: %s", said)
			}
			// the whole register begins anew: nothing is shown again
			var anew atomic.Int32 // answers that were given
			p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
				q := r.URL.Query()
				q.Set("version", "other.1")
				r.URL.RawQuery = q.Encode()
				pass(w)
				if polls(r) {
					anew.Add(1)
				}
			})
			s.publish(`{"user":"ivanov","kind":"note","title":"one more","text":"one more"}`)
			b.until("all of it anew, more than once", func() bool { return anew.Load() > 3 })
			p.do(nil)
			if n := countName(b, callWindow); n != 10 {
				t.Errorf("%d windows while ten are open", n)
			}
			done := func(f *bsltest.Form) {
				t.Helper()
				if err := b.FormCall(f, "ГотовоНажатие", nil); err != nil {
					t.Fatal(err)
				}
			}
			done(formsWith(b, "N115")[0])
			b.until("one more in its place", func() bool { return len(formsWith(b, "one more")) == 1 })
			for _, f := range formsWith(b, "N11")[:3] {
				done(f)
			}
			b.until("older ones", func() bool { return len(formsWith(b, "N109")) == 1 && len(formsWith(b, "N107")) == 1 })
			b.RunFast(time.Second, 4, nil)
			if n := countName(b, callWindow); n != 14 {
				t.Errorf("%d windows for four that were closed", n)
			}
			// a call does not wait for its turn
			s.ring("c-1", "+79031234567")
			b.until("the call", func() bool { return countName(b, callWindow) == 15 })
			if a := s.Do("POST", "/v1/notifications/ack-all", token, map[string]any{"version": s.version(token)}); a.Status != 200 {
				t.Fatalf("ack-all: %d %s", a.Status, a.Body)
			}
			b.until("no window", func() bool { return len(b.Screen.Forms) == 0 })
			b.quiet()
		})
	}
}

// version is the version of the set of a token's user.
func (s *service) version(token string) any {
	after, v := "", any(nil)
	for v == nil {
		a := s.Do("GET", "/v1/notifications?limit=100"+after, token, nil).JSON(s.T)
		if v = a["version"]; v == nil {
			after = "&after=" + a["next"].(string)
		}
	}
	return v
}

// TestOrdinaryQuiet: a user who wants cards only gets cards only.
func TestOrdinaryQuiet(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := newOrdinary(t, s, ordinaryKinds[0], s.URL)
	s.Admin("PUT", "/v1/admin/users/ivanov", map[string]any{"name": "ivanov", "quiet": true})
	s.call()
	b.until("window", func() bool { return countName(b, callWindow) == 1 })
	b.RunFast(2*time.Second, 4, nil)
	if b.windows() != "" {
		t.Errorf("opened %s", b.windows())
	}
	b.quiet()
}

// TestOrdinaryTwoSessions: of two clients of one user one opens; the window of
// the other one is closed then.
func TestOrdinaryTwoSessions(t *testing.T) {
	t.Parallel()
	for _, k := range ordinaryFaultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			desk, laptop := newOrdinary(t, s, k, s.URL), newOrdinary(t, s, k, s.URL)
			both := func(what string, ok func() bool) {
				t.Helper()
				for deadline := time.Now().Add(patience); !ok(); {
					if time.Now().After(deadline) {
						t.Fatalf("no %s; desk %v, laptop %v, pending %v", what, desk.opened(), laptop.opened(), s.pending())
					}
					desk.RunFast(100*time.Millisecond, 4, nil)
					laptop.RunFast(100*time.Millisecond, 4, nil)
				}
			}
			s.ring("c-9", "+79031234567")
			both("both windows", func() bool { return len(desk.Screen.Forms) == 1 && len(laptop.Screen.Forms) == 1 })
			s.answer("c-9")
			opened := func() int {
				return countName(desk, "Документ.Интерес.Форма") + countName(laptop, "Документ.Интерес.Форма")
			}
			both("form", func() bool { return opened() > 0 && !slices.Contains(s.pending(), "call.answered") })
			both("no window of the call", func() bool { return len(desk.Screen.Forms)+len(laptop.Screen.Forms) == 1 })
			if opened() != 1 {
				t.Errorf("desk opened %v, laptop %v", desk.opened(), laptop.opened())
			}
			s.missed("c-10", "+79160000000")
			both("both cards", func() bool {
				return len(formsWith(desk, "ропущ")) == 1 && len(formsWith(laptop, "ропущ")) == 1
			})
			if err := desk.FormCall(formsWith(desk, "ропущ")[0], "ГотовоНажатие", nil); err != nil {
				t.Fatal(err)
			}
			both("no card", func() bool {
				return len(formsWith(laptop, "ропущ")) == 0 && !slices.Contains(s.pending(), "call.missed")
			})
			desk.quiet()
			laptop.quiet()
		})
	}
}

// TestOrdinaryClosing: the window of a ring goes when a colleague answers; of a
// call that is given up it becomes that of the missed call.
func TestOrdinaryClosing(t *testing.T) {
	t.Parallel()
	for _, k := range ordinaryFaultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newOrdinary(t, s, k, s.URL)
			s.User("petrova", "office", "102")
			s.event(map[string]any{"event": "ringing", "call": "c-1", "extension": "101", "phone": "+79160000000"})
			s.event(map[string]any{"event": "ringing", "call": "c-1", "extension": "102", "phone": "+79160000000"})
			b.until("window of the ring", func() bool { return len(b.Screen.Forms) == 1 })
			s.event(map[string]any{"event": "answered", "call": "c-1", "extension": "102"})
			s.event(map[string]any{"event": "ring_ended", "call": "c-1", "extension": "101", "reason": "answered_elsewhere"})
			b.until("no window", func() bool { return len(b.Screen.Forms) == 0 })
			s.end("c-1")
			s.ring("c-2", "+79160000001")
			b.until("window of the second ring", func() bool { return len(b.Screen.Forms) == 1 })
			ringing := b.Screen.Forms[0]
			s.end("c-2")
			b.until("the missed call", func() bool { return len(formsWith(b, "ропущ")) == 1 })
			b.RunFast(time.Second, 8, nil)
			if got := formsWith(b, "ропущ"); len(got) != 1 || got[0] != ringing || len(b.Screen.Forms) != 1 || countName(b, callWindow) != 2 {
				t.Errorf("open are %d windows, opened were %v", len(b.Screen.Forms), b.opened())
			}
			b.CloseForm(ringing, nil) // by its cross: it stays pending, and does not come back by itself
			b.RunFast(time.Second, 8, nil)
			if len(b.Screen.Forms) != 0 || !slices.Contains(s.pending(), "call.missed") {
				t.Errorf("windows %d, pending %v", len(b.Screen.Forms), s.pending())
			}
			b.quiet()
		})
	}
}

// TestOrdinaryModal: under a modal window nothing opens; what came meanwhile
// and is over is not shown afterwards as if it were going on.
func TestOrdinaryModal(t *testing.T) {
	t.Parallel()
	for _, k := range ordinaryFaultKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newOrdinary(t, s, k, s.URL)
			var states []any // of calls, as their windows open
			b.OnOpen = func(o bsltestOpening) error {
				if n, ok := o.Form.Attr("Уведомление").(map[string]any); ok {
					states = append(states, n["Состояние"])
				}
				return nil
			}
			b.Advance(5 * time.Second) // it asks, where the answer may wait
			b.Screen.Modal = true
			s.ring("c-1", "+79160000000")
			b.Settle(5 * time.Second) // what waited has its answer
			b.Advance(50 * time.Second)
			s.end("c-1")
			s.call()
			b.Advance(50 * time.Second)
			if len(b.Screen.Opened) > 0 {
				t.Errorf("opened %v under a modal window", b.opened())
			}
			b.Screen.Modal = false
			b.until("form", func() bool { return b.openedRef(interestID) })
			b.until("the missed call", func() bool { return len(formsWith(b, "ропущ")) == 1 })
			if slices.Contains(states, any("ringing")) {
				t.Errorf("windows opened for calls that were %v", states)
			}
			b.quiet()
		})
	}
}

// TestOrdinarySuperseded: an answer without rows leaves the picture as it is.
func TestOrdinarySuperseded(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := newOrdinary(t, s, ordinaryKinds[2], p.URL)
	s.ring("c-1", "+79160000000")
	b.until("window", func() bool { return len(b.Screen.Forms) == 1 })
	for _, state := range []string{"superseded", "of the future"} {
		p.forget()
		p.do(rewritten(func(string) string { return `<r state="` + state + `" version="of-nobody" next_s="2" page=""></r>` }))
		b.until(state, func() bool { return p.count("/v1/notifications?") >= 2 })
		if len(b.Screen.Forms) != 1 || p.count("version=of-nobody") > 0 {
			t.Errorf("%s: %d windows, polls with its version %d", state, len(b.Screen.Forms), p.count("version=of-nobody"))
		}
	}
	p.do(nil)
	s.end("c-1")
	b.until("the missed call", func() bool { return len(formsWith(b, "ропущ")) == 1 })
	b.quiet()
}
