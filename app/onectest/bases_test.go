package onectest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

// TestTwoInfobases: a company has two infobases, and the same person works in
// both. One tells of the users, each opens its own objects only.
func TestTwoInfobases(t *testing.T) {
	t.Parallel()
	for _, k := range []kind{managedKinds[0], managedKinds[4]} { // a client that asks by itself, and one through the 1C server
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			trade, books := newBase(t, k, false), newBase(t, k, false)
			trade.set("настройка.КодБазы", "trade")
			trade.connect(s.URL, s.key)
			trade.client(clientID, "ООО Ромашка", "+79031234567", interestID)
			trade.exchange()
			const another = "99999999-9999-9999-9999-999999999999"
			books.User.UID = another
			books.client(clientID, "Ромашка (бухгалтерия)", "+79031234567", interestID)
			if err := books.Start(); err != nil {
				t.Fatal(err)
			}
			if _, err := books.Call("ОбщаяКоманда.ЗмрНастройки.ОбработкаКоманды", nil, nil); err != nil {
				t.Fatal(err)
			}
			form := books.Screen.Forms[0]
			for name, value := range map[string]any{"Адрес": s.URL, "Ключ": s.key, "КодБазы": "книги", "ПользователиДругойБазы": true} {
				form.SetField(nil, name, value)
			}
			check := func(want string) {
				t.Helper()
				if err := books.FormCall(form, "Проверить", nil); err != nil {
					t.Fatal(err)
				}
				if got := fmt.Sprint(form.Attr("Итог")); !strings.Contains(got, want) {
					t.Fatalf("the form says %q, want %q", got, want)
				}
			}
			check("латиница")
			form.SetField(nil, "КодБазы", "books")
			form.SetField(nil, "Ключ", s.key)
			check("Связь есть")
			books.until("the test card", func() bool {
				return books.opened()[len(books.opened())-1] == "ОбщаяФорма.ЗмрКарточка"
			})
			books.exchange()
			users := s.Admin("GET", "/v1/admin/users", nil)["items"].([]any)
			if len(users) != 1 || users[0].(map[string]any)["external_id"] != ivanovID {
				t.Errorf("users %v", users)
			}
			publish := func(b *base, title string) {
				t.Helper()
				b.module(bsltest.Module{Name: "Почта" + title, Kind: bsltest.ServerModule, Text: `
Процедура Пришло(Интерес) Экспорт
	ЗмрСервер.ОповеститьСотрудника("ivanov", "mail.received", "` + title + `", Новый Структура("Действие,Объект", "open", Интерес));
КонецПроцедуры
`})
				if _, err := b.CallServer("Почта"+title+".Пришло", b.interests.Rows()[0]["Ссылка"]); err != nil {
					t.Fatal(err)
				}
			}
			publish(trade, "Trade")
			publish(books, "Books")
			books.until("the letter of this infobase", func() bool { return strings.Contains(fmt.Sprint(books.toasts()), "Books") })
			books.RunFast(2*time.Second, 4, func() bool { return false })
			if got := fmt.Sprint(books.toasts()); strings.Contains(got, "Trade") {
				t.Errorf("the other infobase's letter is shown: %s", got)
			}
			books.quiet()
			trade.quiet()
		})
	}
}

// TestPublishFromAnywhere: a form's server procedure, a background job, an
// infobase without a server; what became too old while the service was away is
// not shown any more, and what is empty is left out.
func TestPublishFromAnywhere(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	for _, file := range []bool{false, true} {
		k := managedKinds[0]
		k.target.FileMode = file
		b := newBase(t, k, false)
		b.connect(p.URL, s.key)
		b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
		b.module(bsltest.Module{Name: "Заявки", Kind: bsltest.ServerModule, Text: `
Процедура Пришла(Заголовок, Срок) Экспорт
	ЗмрСервер.ОповеститьСотрудника("` + ivanovID + `", "site.request", Заголовок, Новый Структура("СрокСекунд,Объект,Телефон", Срок, Документы.Интерес.ПустаяСсылка(), ""));
КонецПроцедуры

Процедура ВФоне() Экспорт
	Параметры = Новый Массив;
	Параметры.Добавить("из задания");
	Параметры.Добавить(0);
	ФоновыеЗадания.Выполнить("Заявки.Пришла", Параметры);
КонецПроцедуры
`})
		b.exchange()
		call := func(what string, args ...any) {
			t.Helper()
			if _, err := b.CallServer(what, args...); err != nil {
				t.Fatal(err)
			}
		}
		before := len(s.pending())
		call("Заявки.ВФоне")
		b.Pump()
		if n := len(s.pending()) - before; n != 1 || len(b.JobErrors()) > 0 {
			t.Errorf("file mode %v: %d rows from a background job, %v", file, n, b.JobErrors())
		}
		p.do(down)
		call("Заявки.Пришла", "скоро устареет", 60)
		call("Заявки.Пришла", "не устареет", 3600)
		p.do(nil)
		b.Advance(5 * time.Minute)
		b.exchange()
		if n := len(s.pending()) - before; n != 2 || b.kept("публикация.") != 0 {
			t.Errorf("file mode %v: %d rows, %d in the queue", file, n, b.kept("публикация."))
		}
		b.quiet()
	}
	rows := s.Admin("GET", "/v1/admin/notifications?user=ivanov", nil)["items"].([]any)
	for _, r := range rows {
		if o := r.(map[string]any)["object"]; o != nil {
			t.Errorf("an empty reference was sent: %v", o)
		}
	}
}

// TestLoginRenamed: a user keeps everything under another login; two may even
// change theirs; who left and comes back is the same person.
func TestLoginRenamed(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := serverBase(t, s.URL, s.key)
	const petrova = "22222222-2222-2222-2222-222222222222"
	b.Users = []bsltest.User{{UID: petrova, Name: "petrova", FullName: "Петрова П."}}
	b.exchange()
	b.User.Name, b.Users[0].Name = "petrova", "ivanov"
	b.exchange()
	if u := s.Admin("GET", "/v1/admin/users/petrova", nil); u["external_id"] != ivanovID {
		t.Errorf("after the change of logins: %v", u)
	}
	if n := len(s.Admin("GET", "/v1/admin/extensions?user=petrova", nil)["items"].([]any)); n != 2 {
		t.Errorf("%d extensions, want 2", n)
	}
	if token, err := b.Call("ЗмрВызовСервера.ТокенПользователя"); err != nil || !strings.Contains(fmt.Sprint(token), "zt_") {
		t.Errorf("no token under the new login: %v, %v", token, err)
	}
	b.Users = nil
	b.exchange()
	b.Users = []bsltest.User{{UID: petrova, Name: "ivanov", FullName: "Петрова П."}}
	b.exchange()
	if u := s.Admin("GET", "/v1/admin/users/ivanov", nil); u["external_id"] != petrova || u["active"] != true {
		t.Errorf("who came back: %v", u)
	}
	b.quiet()
}

// TestSecrets: the key is in one place, which no client is given and no log.
func TestSecrets(t *testing.T) {
	t.Parallel()
	s := newService(t)
	for _, k := range []kind{managedKinds[0], managedKinds[2]} {
		b := newBase(t, k, false)
		b.connect(s.URL, s.key)
		if err := b.Start(); err != nil {
			t.Fatal(err)
		}
		b.exchange()
		for _, call := range []string{"ЗмрВызовСервера.ПараметрыКлиента", "ЗмрВызовСервера.НастройкиДляФормы"} {
			v, err := b.Call(call)
			if err != nil {
				t.Fatal(err)
			}
			if text := fmt.Sprint(bsltest.Go(v)); strings.Contains(text, s.key) || k.target.Context == bsltest.WebClient && strings.Contains(text, "127.0.0.1") && call == "ЗмрВызовСервера.ПараметрыКлиента" {
				t.Errorf("%s, %s: %s", k.name, call, text)
			}
		}
		v, err := b.Call("ЗмрВызовСервера.ТокенПользователя")
		if err != nil {
			t.Fatal(err)
		}
		if token := bsltest.Go(v).(map[string]any)["Токен"]; (token == "") != (k.target.Context == bsltest.WebClient) {
			t.Errorf("%s is given the token %q", k.name, token)
		}
		b.connect(s.URL, "wrong")
		b.exchange()
		if len(b.Log) == 0 || strings.Contains(fmt.Sprint(b.Log), "wrong") {
			t.Errorf("the log: %v", b.Log)
		}
	}
}

// TestNoNumbersInTheLog: what others say may name a number; the log does not.
func TestNoNumbersInTheLog(t *testing.T) {
	t.Parallel()
	b := newBase(t, managedKinds[0], true)
	for text, want := range map[string]string{
		"":                             "",
		"код 422":                      "код 422",
		"нет +7 (903) 123-45-67 нигде": "нет <номер> нигде",
		"89031234567":                  "<номер>",
		"строка 17, поле 2, 23.11.2026": "строка 17, поле 2, 23.11.2026",
		"tel:+79031234567;ext=101":      "tel: <номер> ;ext=101",
	} {
		got, err := b.CallServer("ЗмрСервер.БезНомеров", text)
		if err != nil || strings.TrimSpace(strings.ReplaceAll(got.(string), "  ", " ")) != want {
			t.Errorf("%q becomes %q (%v), want %q", text, got, err, want)
		}
	}
}
