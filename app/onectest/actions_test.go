package onectest_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

const secondID = "8c1f3a52-64ab-11ee-a2b1-00155d0a0b0c"

// publish sends a notification with the key of the 1C server and returns its
// id.
func (s *service) publish(format string, args ...any) string {
	s.T.Helper()
	a := s.Do("POST", "/v1/notifications", s.key, fmt.Sprintf(format, args...))
	if a.Status != 201 {
		s.T.Fatalf("publish: %d %s", a.Status, a.Body)
	}
	return a.JSON(s.T)["items"].([]any)[0].(map[string]any)["id"].(string)
}

// actionCase is a notification and what becomes of it.
type actionCase struct {
	name, body string
	before     func(*base)
	opened     string // what opens by itself; "": nothing
	outcome    string // of the acknowledgement; "": it still waits
	click      string // what a click on the toast opens then
}

// TestActions: what each action does in every kind of managed client, and what
// the service is told about it.
func TestActions(t *testing.T) {
	t.Parallel()
	second := "e1cib/data/Документ.Интерес?ref=a2b100155d0a0b0c11ee64ab8c1f3a52"
	cases := []actionCase{
		{"open", `"action":"open","object":` + interestOf(interestID), nil, interestLink, "opened", ""},
		{"open by a link alone", `"action":"open","object":{"link":"` + interestLink + `"}`, nil, interestLink, "opened", ""},
		{"a link to a program", `"action":"open","object":{"link":"calc.exe"}`, nil, "ОбщаяФорма.ЗмрКарточка", "failed", ""},
		{"an object of no kind", `"action":"open","object":{"type":"Документ","name":"Интерес КАК Т; УДАЛИТЬ","uid":"` + interestID + `"}`, nil, "ОбщаяФорма.ЗмрКарточка", "failed", ""},
		{"a uid of rubbish", `"action":"open","object":{"type":"Документ","name":"Интерес","uid":"../../1"}`, nil, "ОбщаяФорма.ЗмрКарточка", "failed", ""},
		{"create", `"action":"create","phone":"+79160000000","client":{"type":"Справочник","name":"Контрагенты","uid":"` + clientID + `"}`, nil, "Обработка.МастерФормированияИнтереса.Форма", "opened", ""},
		{"choose", `"action":"choose","candidates":[` + interestOf(interestID) + "," + interestOf(secondID) + `]`,
			func(b *base) { b.Screen.Choose = func(string, []string) int { return 1 } }, second, "opened", ""},
		{"choose, closed", `"action":"choose","candidates":[` + interestOf(interestID) + "," + interestOf(secondID) + `]`,
			func(b *base) { b.Screen.Choose = func(string, []string) int { return -1 } }, "", "dismissed", ""},
		{"resolve: one open interest", `"action":"resolve","phone":"+79031234567"`, func(b *base) { b.close(secondID) }, interestLink, "opened", ""},
		{"resolve: several", `"action":"resolve","phone":"+79031234567"`, func(b *base) { b.Screen.Choose = func(_ string, all []string) int { return len(all) - 1 } }, interestLink, "opened", ""},
		{"resolve: closed since", `"action":"resolve","phone":"+79031234567"`, func(b *base) { b.close(interestID); b.close(secondID) }, "Обработка.МастерФормированияИнтереса.Форма", "opened", ""},
		{"resolve: unknown", `"action":"resolve","phone":"+79160000000"`, nil, "Обработка.МастерФормированияИнтереса.Форма", "opened", ""},
		{"show", `"action":"show","phone":"+79160000000"`, nil, "", "", "ОбщаяФорма.ЗмрКарточка"},
		{"call back", `"action":"call_back","phone":"+79160000000"`, nil, "", "", "ОбщаяФорма.ЗмрКарточка"},
		{"a word nobody knows", `"action":"order.check"`, nil, "", "", "ОбщаяФорма.ЗмрКарточка"},
		{"a word of one's own", `"action":"own.word"`, nil, "Обработка.Свое.Форма", "opened", ""},
		{"an object that is not in the infobase", `"action":"open","object":{"type":"Документ","name":"Интерес","uid":"99999999-9999-9999-9999-999999999999"}`, nil, "ОбщаяФорма.ЗмрКарточка", "failed", ""},
		{"a link to one that is not", `"action":"open","object":{"link":"e1cib/data/Документ.Интерес?ref=99999999999999999999999999999999"}`, nil, "ОбщаяФорма.ЗмрКарточка", "failed", ""},
		{"a link to metadata nobody has", `"action":"open","object":{"link":"e1cib/data/Документ.Чужой?ref=b59500055d80a2b911de397d51012ccc"}`, nil, "ОбщаяФорма.ЗмрКарточка", "failed", ""},
		{"a link to a list", `"action":"open","object":{"link":"e1cib/list/Документ.Интерес"}`, nil, "ОбщаяФорма.ЗмрКарточка", "failed", ""},
		{"a link to a command of the system", `"action":"open","object":{"link":"e1cib/data/../../calc.exe"}`, nil, "ОбщаяФорма.ЗмрКарточка", "failed", ""},
		{"metadata nobody has", `"action":"open","object":{"type":"Документ","name":"Чужой","uid":"` + interestID + `"}`, nil, "ОбщаяФорма.ЗмрКарточка", "failed", ""},
		{"resolve: a number that is hidden", `"action":"resolve"`, nil, "Обработка.МастерФормированияИнтереса.Форма", "opened", ""},
		{"form by setting", `"action":"open","object":` + interestOf(interestID), func(b *base) { b.set("пользователь."+ivanovID+".НеОткрывать", "1"); b.again() }, "", "", interestLink},
	}
	for _, k := range managedKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newBase(t, k, false)
			b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
			b.interests.Add(secondID, map[string]any{"Клиент": b.clients.Rows()[0]["Ссылка"], "Закрыт": false, "ПометкаУдаления": false, "Номер": "18", "Дата": b.Now().Add(time.Hour), "Телефон": ""})
			b.ownWord()
			b.run(s, s.URL)
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) { c.run(t, s, b) })
			}
		})
	}
}

// run publishes the case's notification to a client that has met others before.
func (c actionCase) run(t *testing.T, s *service, b *base) {
	s.T, b.t = t, t
	b.Screen.Opened, b.Screen.Shown, b.Screen.Toasts, b.Screen.Choose = nil, nil, nil, nil
	b.reopen()
	b.asleep(2 * time.Minute) // the cases before are no crowd
	if c.before != nil {
		c.before(b)
	}
	s.publish(`{"user":"ivanov","kind":"test.kind","title":"Заголовок","text":"Текст",%s}`, c.body)
	b.until("toast", func() bool { return len(b.Screen.Shown) > 0 })
	if c.opened != "" {
		b.until(c.opened, func() bool { return slices.Contains(b.opened(), c.opened) })
	}
	if c.outcome != "" {
		b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "test.kind") })
		if got := s.outcome("test.kind"); got != c.outcome {
			t.Errorf("outcome %q, want %q", got, c.outcome)
		}
	} else {
		b.live(500 * time.Millisecond)
		if !slices.Contains(s.pending(), "test.kind") {
			t.Error("what nobody has dealt with is gone")
		}
	}
	if n := len(b.opened()); n > 1 || c.opened == "" && n > 0 {
		t.Errorf("opened %v, want %q", b.opened(), c.opened)
	}
	if n := len(b.Screen.Shown); n != 1 || b.Screen.Shown[0].Text != "Заголовок" || b.Screen.Shown[0].Explanation != "Текст" {
		t.Errorf("toasts %v", b.toasts())
	}
	if c.name == "create" {
		p := b.Screen.Opened[0].Params
		if ref, ok := p["Клиент"].(*bsltest.Ref); !ok || ref.UID() != clientID || p["Телефон"] != "+79160000000" {
			t.Errorf("the wizard got %v", p)
		}
	}
	if c.click != "" {
		if err := b.Click(b.Screen.Toasts[0]); err != nil {
			t.Fatal(err)
		}
		if !slices.Contains(b.opened(), c.click) {
			t.Errorf("a click opened %v, want %s", b.opened(), c.click)
		}
		if card := b.Screen.Opened[0].Form; card != nil && card.Name == "ОбщаяФорма.ЗмрКарточка" {
			if err := b.FormCall(card, "Готово", nil); err != nil {
				t.Fatal(err)
			}
		}
		b.until("acknowledgement after the click", func() bool { return !slices.Contains(s.pending(), "test.kind") })
	}
	b.quiet()
}

// reopen opens all interests again.
func (b *base) reopen() {
	for _, r := range b.interests.Rows() {
		b.interests.Set(r["Ссылка"].(*bsltest.Ref), map[string]any{"Закрыт": false})
	}
}

// set is what the settings form writes.
func (b *base) set(key, value string) {
	b.state.Put(map[string]any{"Ключ": key, "Значение": value})
}

// close closes an interest.
func (b *base) close(uid string) {
	for _, r := range b.interests.Rows() {
		if ref := r["Ссылка"].(*bsltest.Ref); ref.UID() == uid {
			b.interests.Set(ref, map[string]any{"Закрыт": true})
		}
	}
}

// ownWord puts an action of one's own into the table, as an integrator does,
// by another module and one line in the overridable one.
func (b *base) ownWord() {
	b.Meta.Processor("Свое")
	b.module(bsltest.Module{Name: "СвойКлиент", Kind: bsltest.ClientModule, Text: `
Процедура Свое(Параметр, ДополнительныеПараметры) Экспорт
	ОткрытьФорму("Обработка.Свое.Форма");
	Параметр.Исход = "o";
КонецПроцедуры
`})
	b.module(bsltest.Module{Name: "ЗмрКлиентПереопределяемый", Kind: bsltest.ClientModule, Extends: true, Text: `
&После("ПриОпределенииОбработчиков")
Процедура СвойПриОпределенииОбработчиков(Обработчики)
	Обработчики.Вставить("own.word", Новый ОписаниеОповещения("Свое", СвойКлиент));
КонецПроцедуры
`})
}

// again starts the client anew, as after a new log-in.
func (b *base) again() {
	b.t.Helper()
	for _, name := range []string{"ЗмрКлиент.Остановить", "ЗмрКлиент.Начать"} {
		if _, err := b.Call(name); err != nil {
			b.t.Fatal(err)
		}
	}
	b.until("first answer", func() bool { return b.remembered("Версия") != "" })
}

// run connects, synchronises and starts the client.
func (b *base) run(s *service, address string) {
	b.t.Helper()
	b.connect(address, s.key)
	b.set("пользователь."+ivanovID+".Номер", "101")
	b.acquaint()
	if err := b.Start(); err != nil {
		b.t.Fatal(err)
	}
	b.until("first answer", func() bool { return b.remembered("Версия") != "" })
	b.Entries()
}

// TestTwoSessions: of two clients of one user one opens; with a dialog on its
// screen it is the other one.
func TestTwoSessions(t *testing.T) {
	t.Parallel()
	for _, k := range managedKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL) // of the desk
			desk, laptop := startAt(t, s, k, p.URL), start(t, s, k)
			both := func(what string, ok func() bool) {
				t.Helper()
				for end := time.Now().Add(patience); !ok(); {
					if time.Now().After(end) {
						t.Fatalf("no %s; pending %v; desk opened %v, shown %v, %v; laptop opened %v, shown %v, %v", what, s.pending(),
							desk.opened(), desk.toasts(), desk.Log, laptop.opened(), laptop.toasts(), laptop.Log)
					}
					desk.step()
					laptop.step()
				}
			}
			opened := func() int { return len(desk.opened()) + len(laptop.opened()) }
			s.call()
			both("form", func() bool { return opened() > 0 && !slices.Contains(s.pending(), "call.answered") })
			if opened() != 1 {
				t.Errorf("desk opened %v, laptop %v", desk.opened(), laptop.opened())
			}
			s.end("c-9")

			unlock := desk.lock()
			desk.Screen.Opened, laptop.Screen.Opened = nil, nil
			p.forget()
			s.publish(`{"user":"ivanov","kind":"note","title":"ends the poll that waits"}`)
			both("poll that says it", func() bool { return p.count("busy=1") > 0 })
			s.ring("c-10", "+79031234567")
			s.answer("c-10")
			both("form", func() bool { return slices.Contains(laptop.opened(), interestLink) })
			if len(desk.opened()) > 0 {
				t.Errorf("desk opened %v under a dialog", desk.opened())
			}
			unlock()
			desk.quiet()
			laptop.quiet()
		})
	}
}

// TestBusyAlone: a single client with a dialog opens nothing; the row becomes
// a card and is not lost.
func TestBusyAlone(t *testing.T) {
	t.Parallel()
	for _, k := range managedKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := start(t, s, k)
			defer b.lock()()
			s.call()
			b.until("the card", func() bool {
				return slices.ContainsFunc(b.Screen.Shown, func(x toast) bool { return strings.Contains(x.Text, "Ромашка") })
			})
			b.live(2 * time.Second)
			if len(b.opened()) > 0 || len(s.pending()) == 0 {
				t.Errorf("opened %v, pending %v", b.opened(), s.pending())
			}
			b.quiet()
		})
	}
}

// lock opens a window that locks the whole interface.
func (b *base) lock() (unlock func()) {
	b.Screen.Locked = true
	return func() { b.Screen.Locked = false }
}

// TestManyRows: a set of several pages is shown once its last page is there,
// each row once, ten at most.
func TestManyRows(t *testing.T) {
	t.Parallel()
	for _, k := range managedKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newBase(t, k, false)
			b.connect(s.URL, s.key)
			if _, err := b.CallServer("ЗмрОбменСотрудники.Отправить"); err != nil {
				t.Fatal(err)
			}
			for i := range 120 {
				s.publish(`{"user":"ivanov","kind":"note","title":"N%d"}`, i)
			}
			if err := b.Start(); err != nil {
				t.Fatal(err)
			}
			b.until("the newest of them", func() bool { return len(b.Screen.Shown) >= 11 })
			b.live(500 * time.Millisecond)
			if n := len(b.Screen.Shown); n != 11 { // ten, and one that says how many more
				t.Errorf("%d toasts of 120 rows", n)
			}
			if n := len(b.remembered("Показанные").(map[string]any)); n != 10 {
				t.Errorf("%d keys remembered", n)
			}
			if a := s.Do("POST", "/v1/notifications/ack-all", s.key, map[string]any{"version": b.remembered("Версия")}, "X-Zummer-User", "ivanov"); a.Status != 200 {
				t.Fatalf("ack-all: %d %s", a.Status, a.Body)
			}
			b.until("nothing remembered that is gone", func() bool { return len(b.remembered("Показанные").(map[string]any)) == 0 })
			b.quiet()
		})
	}
}

// TestKeysStayOnTheServer: what the web client gets holds neither the address
// nor a token.
func TestKeysStayOnTheServer(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := start(t, s, managedKinds[4])
	v, err := b.Call("ЗмрВызовСервера.ПараметрыКлиента")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(bsltest.Go(v)); strings.Contains(got, s.key) || strings.Contains(got, "127.0.0.1") {
		t.Errorf("the web client gets %s", got)
	}
	for _, bad := range []string{"x&user=petrova", "a b", "../v1", "x#"} {
		if _, err := b.Call("ЗмрВызовСервера.Опросить", bad, "", "", "", false); err == nil {
			t.Errorf("the server takes %q from a client", bad)
		}
	}
	thin := start(t, s, managedKinds[0])
	v, err = thin.Call("ЗмрВызовСервера.ПараметрыКлиента")
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(bsltest.Go(v)); strings.Contains(got, s.key) {
		t.Error("the thin client gets the key of the server")
	}
}

// interestOf is an interest as a publication names it.
func interestOf(uid string) string {
	return fmt.Sprintf(`{"type":"Документ","name":"Интерес","uid":%q,"title":"Интерес"}`, uid)
}
