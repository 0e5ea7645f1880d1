package onectest_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

// serverBase is an infobase whose scheduled job runs; no client does.
func serverBase(t *testing.T, address, key string) *base {
	t.Helper()
	b := newBase(t, managedKinds[0], false)
	b.connect(address, key)
	b.set("пользователь."+ivanovID+".Номер", "101, 102")
	return b
}

// exchange is one run of the scheduled job.
func (b *base) exchange() {
	b.t.Helper()
	if err := b.RunScheduled("ЗмрОбмен"); err != nil {
		b.t.Fatal(err)
	}
}

// contact is what the service knows of a number.
func (s *service) contact(phone string) map[string]any {
	s.T.Helper()
	items := s.Admin("GET", "/v1/admin/contacts?phone="+strings.Replace(phone, "+", "%2B", 1), nil)["items"].([]any)
	if len(items) == 0 {
		return nil
	}
	return items[0].(map[string]any)
}

// TestSyncUsers: the users of the infobase by their UUID, with extensions;
// only changes are sent; who disappears is switched off.
func TestSyncUsers(t *testing.T) {
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	b.Users = []bsltest.User{{UID: "22222222-2222-2222-2222-222222222222", Name: "petrova", FullName: "Петрова П."}}
	b.exchange()
	u := s.Admin("GET", "/v1/admin/users/ivanov", nil)
	if u["external_id"] != ivanovID || u["name"] != "Иванов И." {
		t.Errorf("ivanov: %v", u)
	}
	if n := len(s.Admin("GET", "/v1/admin/extensions?user=ivanov", nil)["items"].([]any)); n != 2 {
		t.Errorf("ivanov has %d extensions, want 2", n)
	}
	p.forget()
	b.exchange()
	if n := p.count("/v1/sync/users"); n != 0 {
		t.Errorf("users were sent %d times without a change", n)
	}
	b.Users = nil
	b.exchange()
	if u := s.Admin("GET", "/v1/admin/users/petrova", nil); u["active"] != false {
		t.Errorf("who left is still active: %v", u)
	}
	b.quiet()
}

// TestSyncContacts: clients, their phones and open interests; only changes, in
// batches; a broken run goes on where it stopped; a refused contact is told
// and does not come again; a deleted one goes.
func TestSyncContacts(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
	const many = 560
	for i := range many {
		b.client(fmt.Sprintf("%08d-0000-0000-0000-000000000001", i+20000000), fmt.Sprint("Клиент ", i), fmt.Sprintf("+7915%07d", i), "")
	}
	var batches atomic.Int32
	p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		if r.URL.Path == "/v1/sync/contacts" && batches.Add(1) == 2 {
			down(w, r, pass)
		}
		pass(w)
	})
	b.exchange()
	if c := s.contact("+79031234567"); c == nil || c["name"] != "ООО Ромашка" || len(c["interests"].([]any)) != 1 {
		t.Fatalf("the client: %v", c)
	}
	if c := s.contact("+79150000550"); c != nil {
		t.Errorf("the second batch broke, and still there is %v", c)
	}
	b.Advance(61 * time.Second)
	b.exchange()
	if c := s.contact("+79150000559"); c == nil {
		t.Error("after the break the rest did not come")
	}
	if n := batches.Load(); n != 3 { // 500, the broken one, 61
		t.Errorf("%d batches, want 3: the first one is not sent again", n)
	}
	p.do(nil)
	p.forget()
	b.exchange()
	b.Advance(time.Hour)
	b.exchange()
	if n := p.count("/v1/sync/contacts"); n != 0 {
		t.Errorf("contacts were sent %d times without a change", n)
	}

	b.close(interestID) // the subscription of the document tells
	ref := b.clients.Rows()[0]["Ссылка"]
	if _, err := b.CallServer("ЗмрСервер.КонтактИзменился", ref); err != nil {
		t.Fatal(err)
	}
	b.exchange()
	if c := s.contact("+79031234567"); len(c["interests"].([]any)) != 0 {
		t.Errorf("a closed interest is still there: %v", c)
	}
	if n := p.count("/v1/sync/contacts"); n != 1 {
		t.Errorf("%d requests for one change", n)
	}

	b.clients.Set(ref.(*bsltest.Ref), map[string]any{"Наименование": strings.Repeat("я", 9000)}) // cut before it is sent
	b.Advance(time.Hour)                                                                         // nobody told: the round of the hour finds it
	b.exchange()
	if c := s.contact("+79031234567"); len([]rune(c["name"].(string))) > 128 {
		t.Errorf("the name was not cut: %v", c)
	}
	b.clients.Set(ref.(*bsltest.Ref), map[string]any{"ПометкаУдаления": true})
	b.Advance(time.Hour)
	b.exchange()
	if c := s.contact("+79031234567"); c != nil {
		t.Errorf("a deleted client is still there: %v", c)
	}
	b.quiet()
}

// TestFirstBatchBreaks: a round that broke at its first batch goes on with the
// next exchange, not an hour later.
func TestFirstBatchBreaks(t *testing.T) {
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
	p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		if r.URL.Path == "/v1/sync/contacts" {
			down(w, r, pass)
		}
		pass(w)
	})
	b.exchange()
	p.do(nil)
	b.Advance(61 * time.Second)
	b.exchange()
	if c := s.contact("+79031234567"); c == nil {
		t.Error("the contact did not come")
	}
	b.quiet()
}

// TestSyncCalls: every call becomes one document, however often it changes;
// a call that cannot be stored does not hold up the others; the cursor goes
// on; a recording is fetched as the one who talked.
func TestSyncCalls(t *testing.T) {
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	b.exchange()
	s.ring("c-1", "+79031234567")
	s.answer("c-1")
	b.exchange()
	if n := len(b.calls.Rows()); n != 0 {
		t.Errorf("%d documents of a call that goes on", n)
	}
	s.end("c-1")
	s.event(map[string]any{"event": "recording", "call": "c-1", "recording": "http://pbx.example/rec-1.mp3"})
	s.missed("c-2", "+79160000000")
	p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		if strings.HasSuffix(r.URL.Path, "/recording") {
			if r.Header.Get("X-Zummer-User") != ivanovID {
				t.Errorf("the recording is asked for as %q", r.Header.Get("X-Zummer-User"))
			}
			if p.count("/recording") == 1 {
				status(404)(w, r, pass) // not there yet
				return
			}
			w.Header().Set("Content-Type", "audio/mpeg")
			_, _ = w.Write([]byte("ID3sound"))
			return
		}
		pass(w)
	})
	b.exchange()
	b.Advance(time.Minute)
	b.exchange()
	b.exchange()
	rows := b.calls.Rows()
	if len(rows) != 2 {
		t.Fatalf("%d documents of two calls: %v", len(rows), rows)
	}
	if rows[0]["АбонентКакСвязаться"] != "+79031234567" || rows[0]["Входящий"] != true || rows[1]["Тема"] != "Пропущенный звонок" {
		t.Errorf("documents %v", rows)
	}
	b.module(bsltest.Module{Name: "Проверка", Kind: bsltest.ServerModule, Text: `
Функция Звук(Ид) Экспорт
	Запись = РегистрыСведений.ЗмрЗаписи.СоздатьМенеджерЗаписи();
	Запись.Звонок = Ид;
	Запись.Прочитать();
	Возврат ?(Запись.Выбран(), ПолучитьСтрокуИзДвоичныхДанных(Запись.Звук.Получить()), "");
КонецФункции
`})
	id := s.Admin("GET", "/v1/admin/calls?limit=100", nil)["items"].([]any)[1].(map[string]any)["id"]
	if sound, err := b.CallServer("Проверка.Звук", id); err != nil || sound != "ID3sound" {
		t.Errorf("the recording is %v (%v)", sound, err)
	}
	if p.count("/recording") != 2 {
		t.Errorf("the recording was asked for %d times, want 2", p.count("/recording"))
	}
	p.forget()
	s.missed("c-3", "+79160000001")
	b.exchange()
	if n := len(b.calls.Rows()); n != 3 {
		t.Errorf("%d documents of three calls", n)
	}
	if p.count("/v1/sync/calls?limit=100&after=") != 1 {
		t.Error("the cursor did not go on")
	}
	b.quiet()
}

// TestPublish: one call from any server code; in a transaction it waits for
// the exchange and goes with a rollback; an outage loses and doubles nothing.
func TestPublish(t *testing.T) {
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
	b.AddTransactions()
	b.module(bsltest.Module{Name: "Почта", Kind: bsltest.ServerModule, Text: `
Процедура Пришло(Заголовок, Интерес) Экспорт
	ЗмрСервер.ОповеститьСотрудника("ivanov", "mail.received", Заголовок, Новый Структура("Действие,Объект,КлючЗамены,Данные",
		"open", Интерес, "mail:" + Заголовок, Новый Структура("folder", "Входящие")));
КонецПроцедуры

Процедура ВТранзакции(Заголовок, Отменить) Экспорт
	НачатьТранзакцию();
	ЗмрСервер.ОповеститьСотрудника("ivanov", "mail.received", Заголовок);
	Если Отменить Тогда
		ОтменитьТранзакцию();
	Иначе
		ЗафиксироватьТранзакцию();
	КонецЕсли;
КонецПроцедуры
`})
	b.exchange()
	ref := b.interests.Rows()[0]["Ссылка"]
	call := func(what string, args ...any) {
		t.Helper()
		if _, err := b.CallServer(what, args...); err != nil {
			t.Fatal(err)
		}
	}
	call("Почта.Пришло", "A", ref)
	if got := s.pending(); len(got) != 1 {
		t.Fatalf("pending %v", got)
	}
	row := s.Admin("GET", "/v1/admin/notifications?user=ivanov", nil)["items"].([]any)[0].(map[string]any)
	if o := row["object"].(map[string]any); o["uid"] != interestID || o["link"] != interestLink || row["action"] != "open" {
		t.Errorf("the row: %v", row)
	}
	call("Почта.ВТранзакции", "B", false)
	if n := len(s.pending()); n != 1 {
		t.Errorf("%d rows while the exchange has not run", n)
	}
	call("Почта.ВТранзакции", "rolled back", true)
	b.exchange()
	if n := len(s.pending()); n != 2 {
		t.Errorf("%d rows after the exchange, want 2", n)
	}
	p.do(lost)
	call("Почта.Пришло", "C", ref) // it arrives, and the 1C server does not know
	p.do(down)
	b.Advance(61 * time.Second)
	call("Почта.Пришло", "D", ref)
	b.exchange()
	p.do(nil)
	b.Advance(61 * time.Second)
	b.exchange()
	b.exchange()
	if n := len(s.pending()); n != 4 {
		t.Errorf("%d rows after the outage, want 4", n)
	}
	if b.kept("публикация.") != 0 || p.count("POST /v1/notifications") == 0 {
		t.Error("something is left in the queue")
	}
	call("ЗмрСервер.ОповеститьСотрудника", "nobody", "mail.received", "E")
	b.exchange()
	if len(b.Log) == 0 || strings.Contains(fmt.Sprint(b.Log), s.key) {
		t.Errorf("the log after a refusal: %v", b.Log)
	}
	b.quiet()
}

// TestSettingsForm: address, key, number, and a button that says what is wrong
// and else brings a test card the way calls come.
func TestSettingsForm(t *testing.T) {
	t.Parallel()
	s := newService(t)
	poll := s.User("someone", "office", "199")
	for _, k := range faultKinds {
		for _, c := range []struct{ name, address, key, want string }{
			{"no address", "zummer.example", s.key, "http://"},
			{"nobody there", "http://127.0.0.1:1", s.key, "не отвечает"},
			{"a wrong key", s.URL, "rubbish", "Ключ не принят"},
			{"a key of another kind", s.URL, poll, "нет права sync"},
			{"all right", s.URL + "/", s.key, "Связь есть"},
		} {
			t.Run(c.name+"/"+k.name, func(t *testing.T) {
				b := newBase(t, k, true)
				if err := b.Start(); err != nil {
					t.Fatal(err)
				}
				b.settings(c.address, c.key, "101")
				form := b.Screen.Forms[0]
				if got := fmt.Sprint(form.Attr("Итог")); !strings.Contains(got, c.want) {
					t.Errorf("the form says %q, want %q", got, c.want)
				}
				if form.Attr("Ключ") == c.key && c.want != "http://" {
					t.Error("the key stays in the form")
				}
				if c.name == "all right" {
					b.until("the test card", func() bool { return b.opened()[len(b.opened())-1] == "ОбщаяФорма.ЗмрКарточка" })
					card := b.Screen.Opened[len(b.Screen.Opened)-1].Form
					if err := b.FormCall(card, "Готово", nil); err != nil {
						t.Fatal(err)
					}
					b.until("no card any more", func() bool { return len(s.pending()) == 0 })
					if !b.Scheduled("ЗмрОбмен") {
						t.Error("the exchange is not switched on")
					}
				}
				b.quiet()
			})
		}
	}
}

// settings opens the form by its command, types and presses the button.
func (b *base) settings(address, key, number string) {
	b.t.Helper()
	if _, err := b.Call("ОбщаяКоманда.ЗмрНастройки.ОбработкаКоманды", nil, nil); err != nil {
		b.t.Fatal(err)
	}
	form := b.Screen.Forms[0]
	for name, value := range map[string]string{"Адрес": address, "Ключ": key, "Номер": number} {
		form.SetField(nil, name, value)
	}
	if err := b.FormCall(form, "Проверить", nil); err != nil {
		b.t.Fatal(err)
	}
}
