package onectest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

// bodies keeps what was sent to a path, and lets fault see it.
func (p *proxy) bodies(path string, fault func(body string, w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter))) *[]string {
	all := &[]string{}
	p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		if r.URL.Path != path {
			pass(w)
			return
		}
		raw, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(raw))
		p.mu.Lock()
		*all = append(*all, string(raw))
		p.mu.Unlock()
		if fault == nil {
			pass(w)
			return
		}
		fault(string(raw), w, r, pass)
	})
	return all
}

// kept is how many keys of the extension's register begin so.
func (b *base) kept(prefix string) (n int) {
	for _, r := range b.state.Rows() {
		if strings.HasPrefix(r["Ключ"].(string), prefix) {
			n++
		}
	}
	return n
}

// logged is how many lines of the event log hold text.
func (b *base) logged(text string) (n int) {
	for _, l := range b.Log {
		if strings.Contains(l.Comment, text) {
			n++
		}
	}
	return n
}

// days lets days pass, with an exchange every six hours.
func (b *base) days(n int) {
	for range 4 * n {
		b.Advance(6 * time.Hour)
		b.exchange()
	}
}

// TestContactsThatGo: who is no client any more, or has no number any more, is
// not in Zummer a day later, with nobody telling; the others stay as they are.
func TestContactsThatGo(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		gone func(b *base, ref *bsltest.Ref)
	}{
		{"deleted for good", func(b *base, ref *bsltest.Ref) { b.clients.Delete(ref) }},
		{"marked for deletion", func(b *base, ref *bsltest.Ref) {
			b.clients.Set(ref, map[string]any{"ПометкаУдаления": true})
		}},
		{"numbers cleared", func(b *base, ref *bsltest.Ref) {
			b.clients.Delete(ref)
			b.clients.Add(ref.UID(), map[string]any{"Наименование": "ООО Ромашка", "ПометкаУдаления": false, "ЭтоГруппа": false})
		}},
	} {
		for _, told := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, told %v", c.name, told), func(t *testing.T) {
				t.Parallel()
				s := newService(t)
				p := newProxy(t, s.URL)
				b := serverBase(t, p.URL, s.key)
				b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
				b.client("22222222-0000-0000-0000-000000000001", "ООО Лютик", "+79150000001", "")
				b.exchange()
				ref := b.clients.Rows()[0]["Ссылка"].(*bsltest.Ref)
				c.gone(b, ref)
				p.forget()
				if told { // a subscription to deletion or writing tells
					if _, err := b.CallServer("ЗмрСервер.КонтактИзменился", ref); err != nil {
						t.Fatal(err)
					}
					b.exchange()
				} else {
					b.days(2)
				}
				if got := s.contact("+79031234567"); got != nil {
					t.Errorf("it is still there: %v", got)
				}
				if got := s.contact("+79150000001"); got == nil {
					t.Error("another one is gone")
				}
				if n := p.count("/v1/sync/contacts"); n != 1 || b.kept("контакт.") != 1 || b.kept("очередь.") != 0 {
					t.Errorf("%d requests for one that goes; %d are remembered, %d queue", n, b.kept("контакт."), b.kept("очередь."))
				}
				b.quiet()
			})
		}
	}
}

// TestContactsWithoutNumbers are of no use to anybody: they are not sent.
func TestContactsWithoutNumbers(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	b.clients.Add(clientID, map[string]any{"Наименование": "ООО Без телефона", "ПометкаУдаления": false, "ЭтоГруппа": false})
	b.exchange()
	if n := p.count("/v1/sync/contacts"); n != 0 || b.kept("контакт.") != 0 {
		t.Errorf("%d requests, %d remembered", n, b.kept("контакт."))
	}
}

// TestOneContactIsRefused: what stands in the way of one contact does not keep
// the others back; it is told once, without the number, and sent again when
// the contact has changed.
func TestOneContactIsRefused(t *testing.T) {
	t.Parallel()
	const bad = "20000003-0000-0000-0000-000000000001"
	for _, c := range []struct {
		name string
		no   func(http.ResponseWriter)
	}{
		{"too long for a proxy", func(w http.ResponseWriter) {
			http.Error(w, "<html>Request Entity Too Large", http.StatusRequestEntityTooLarge)
		}},
		{"against a proxy's taste", func(w http.ResponseWriter) { http.Error(w, "<html>Forbidden", http.StatusForbidden) }},
		{"an error of the service", func(w http.ResponseWriter) { http.Error(w, `{"code":"internal"}`, http.StatusInternalServerError) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := serverBase(t, p.URL, s.key)
			for i := range 7 {
				b.client(fmt.Sprintf("%08d-0000-0000-0000-000000000001", i+20000000), fmt.Sprint("Клиент ", i), fmt.Sprintf("+7915%07d", i), "")
			}
			p.bodies("/v1/sync/contacts", func(body string, w http.ResponseWriter, _ *http.Request, pass func(http.ResponseWriter)) {
				if strings.Contains(body, bad) {
					c.no(w)
					return
				}
				pass(w)
			})
			b.exchange()
			for i := range 7 {
				if got := s.contact(fmt.Sprintf("+7915%07d", i)); (got == nil) != (i == 3) {
					t.Errorf("contact %d: %v", i, got)
				}
			}
			if b.logged(bad) != 1 || b.logged("915") != 0 {
				t.Errorf("the log: %v", b.Log)
			}
			p.forget()
			b.Advance(61 * time.Second)
			b.exchange()
			b.days(1)
			if n := p.count("/v1/sync/contacts"); n != 0 || b.logged(bad) != 1 {
				t.Errorf("%d more requests, %v", n, b.Log)
			}
			p.do(nil)
			b.clients.Set(b.clients.Rows()[3]["Ссылка"].(*bsltest.Ref), map[string]any{"Наименование": "Клиент три"})
			b.days(1)
			if s.contact("+79150000003") == nil {
				t.Error("it was mended and did not come")
			}
		})
	}
}

// TestEverythingIsRefused: when a proxy takes nothing at all, no contact is to
// blame: all come when it has been mended.
func TestEverythingIsRefused(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	for i := range 3 {
		b.client(fmt.Sprintf("%08d-0000-0000-0000-000000000001", i+20000000), fmt.Sprint("Клиент ", i), fmt.Sprintf("+7915%07d", i), "")
	}
	p.bodies("/v1/sync/contacts", func(_ string, w http.ResponseWriter, _ *http.Request, _ func(http.ResponseWriter)) {
		http.Error(w, "<html>Request Entity Too Large", http.StatusRequestEntityTooLarge)
	})
	b.exchange()
	p.do(nil)
	b.Advance(61 * time.Second)
	b.exchange()
	for i := range 3 {
		if s.contact(fmt.Sprintf("+7915%07d", i)) == nil {
			t.Errorf("contact %d did not come", i)
		}
	}
}

// TestProxyRefusesEveryContact: a proxy that takes an empty body and no contact
// costs a bounded number of requests in one exchange; the administrator is
// told in words, the next exchange goes on with the next ones, and when the
// proxy has been mended all of them come, with nobody touching them.
func TestProxyRefusesEveryContact(t *testing.T) {
	t.Parallel()
	for _, many := range []int{60, 5} {
		t.Run(fmt.Sprint(many), func(t *testing.T) {
			t.Parallel()
			proxyRefuses(t, many)
		})
	}
}

func proxyRefuses(t *testing.T, many int) {
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	for i := range many {
		b.client(fmt.Sprintf("%08d-0000-0000-0000-000000000001", i+20000000), fmt.Sprint("Клиент ", i), fmt.Sprintf("+7915%07d", i), "")
	}
	p.bodies("/v1/sync/contacts", func(body string, w http.ResponseWriter, _ *http.Request, pass func(http.ResponseWriter)) {
		if body != "" {
			http.Error(w, "<html>Forbidden", http.StatusForbidden)
			return
		}
		pass(w)
	})
	for turn := 1; turn <= 3; turn++ {
		p.forget()
		b.exchange()
		if n := p.count("/v1/sync/contacts"); n > 80 {
			t.Errorf("exchange %d: %d requests for %d contacts", turn, n, many)
		}
		if n := min(20*turn, many); b.kept("контакт.") != n {
			t.Errorf("exchange %d: %d tried, want %d: the next 20 each time", turn, b.kept("контакт."), n)
		}
		b.Advance(61 * time.Second)
	}
	if b.logged("прокси") != 1 || b.logged("915") != 0 {
		t.Errorf("the log: %v", b.Log)
	}
	if v, err := b.CallServer("ЗмрСервер.СвязьПрервана"); err != nil || v != false {
		t.Errorf("calls wait for it, too: %v %v", v, err)
	}
	b.exchange() // the round ends
	p.do(nil)
	b.days(1)
	for i := range many {
		if s.contact(fmt.Sprintf("+7915%07d", i)) == nil {
			t.Fatalf("contact %d did not come when the proxy was mended", i)
		}
	}
}

// TestContactThatCannotBeWritten: a contact that one's own code made a mess of
// is told once, and the others come.
func TestContactThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := serverBase(t, s.URL, s.key)
	b.client(clientID, "ООО Ромашка", "+79031234567", "")
	b.client("22222222-0000-0000-0000-000000000001", "ООО Лютик", "+79150000001", "")
	b.module(bsltest.Module{Name: "ЗмрСерверПереопределяемый", Kind: bsltest.ServerModule, Extends: true, Text: `
&После("ПриОбходеКонтактов")
Процедура СвойПриОбходеКонтактов(После, Сколько, Контакты)
	Если Контакты.Количество() > 0 Тогда
		Контакты[0].Телефоны.Добавить(Новый HTTPЗапрос("/"));
	КонецЕсли;
КонецПроцедуры
`})
	b.exchange()
	b.days(1)
	if s.contact("+79150000001") == nil {
		t.Error("the other one did not come")
	}
	if b.logged(clientID) != 1 {
		t.Errorf("the log: %v", b.Log)
	}
}

// TestLongLines: however much a contact holds, its line is one that the service
// takes, and a batch is one that proxies take.
func TestLongLines(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	phone := b.Meta.EnumValue("ТипыКонтактнойИнформации", "Телефон")
	for i := range 120 {
		b.client(fmt.Sprintf("%08d-0000-0000-0000-000000000001", i+20000000), strings.Repeat("№", 100), fmt.Sprintf("+7915%07d", i), "")
		ref := b.clients.Rows()[i]["Ссылка"].(*bsltest.Ref)
		for j := range 49 {
			b.clients.AddLine(ref, "КонтактнаяИнформация", map[string]any{"Тип": phone, "Представление": fmt.Sprintf("+7916%07d ", 100*i+j) + strings.Repeat("№", 300), "НомерТелефона": ""})
		}
		for j := range 40 {
			b.interests.Add(fmt.Sprintf("%08d-0000-0000-0000-%012d", i+30000000, j), map[string]any{"Клиент": ref, "Закрыт": false, "ПометкаУдаления": false, "Номер": strings.Repeat("№", 200), "Дата": b.Now(), "Телефон": ""})
		}
	}
	sent := p.bodies("/v1/sync/contacts", nil)
	b.exchange()
	if c := s.contact("+79150000119"); c == nil || len(c["interests"].([]any)) == 0 {
		t.Errorf("the last one: %v", c)
	}
	for _, body := range *sent {
		if len(body) > 1<<20 {
			t.Errorf("a batch of %d bytes", len(body))
		}
		for line := range strings.SplitSeq(body, "\n") {
			if len(line) > 16<<10 {
				t.Errorf("a line of %d bytes", len(line))
			}
		}
	}
	if len(b.Log) > 0 {
		t.Errorf("the log: %v", b.Log)
	}
}

// TestContactsInOrder: what arrives late does not replace what is newer.
func TestContactsInOrder(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	b.client(clientID, "Старое имя", "+79031234567", "")
	sent := p.bodies("/v1/sync/contacts", nil)
	b.exchange()
	b.clients.Set(b.clients.Rows()[0]["Ссылка"].(*bsltest.Ref), map[string]any{"Наименование": "Новое имя"})
	if _, err := b.CallServer("ЗмрСервер.КонтактИзменился", b.clients.Rows()[0]["Ссылка"]); err != nil {
		t.Fatal(err)
	}
	b.exchange()
	var late map[string]any
	if err := json.Unmarshal([]byte((*sent)[0]), &late); err != nil {
		t.Fatal(err)
	}
	if a := s.Do("PUT", "/v1/sync/contacts/"+clientID, s.key, late); a.Status != 200 {
		t.Fatalf("%d %s", a.Status, a.Body)
	}
	if c := s.contact("+79031234567"); c["name"] != "Новое имя" {
		t.Errorf("the late one won: %v", c)
	}
}

// TestRoundTakesATwentieth: a round of all contacts that took long is not begun
// again soon, so that it takes a twentieth of the time at most.
func TestRoundTakesATwentieth(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	b.client(clientID, "ООО Ромашка", "+79031234567", "")
	p.bodies("/v1/sync/contacts", func(_ string, w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		down(w, r, pass)
	})
	b.exchange()
	p.do(nil)
	b.Advance(10 * time.Minute)
	b.exchange() // a round of ten minutes
	b.clients.Set(b.clients.Rows()[0]["Ссылка"].(*bsltest.Ref), map[string]any{"Наименование": "ООО Лютик"})
	for _, c := range []struct {
		after time.Duration
		name  string
	}{{2 * time.Hour, "ООО Ромашка"}, {2 * time.Hour, "ООО Лютик"}} {
		b.Advance(c.after)
		b.exchange()
		if got := s.contact("+79031234567"); got["name"] != c.name {
			t.Errorf("%v, want %s", got["name"], c.name)
		}
	}
}

// TestKilledBetweenBatches: the server of 1C is killed between two batches; the
// next one goes on with the second.
func TestKilledBetweenBatches(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	const many = 510
	for i := range many {
		b.client(fmt.Sprintf("%08d-0000-0000-0000-000000000001", i+20000000), fmt.Sprint("Клиент ", i), fmt.Sprintf("+7915%07d", i), "")
	}
	b.module(bsltest.Module{Name: "ЗмрСерверПереопределяемый", Kind: bsltest.ServerModule, Extends: true, Text: `
&После("ПриОбходеКонтактов")
Процедура СвойПриОбходеКонтактов(После, Сколько, Контакты)
	Если ЗмрХранилище.Значение("проверка.убит") = "1" И После <> "" Тогда
		ВызватьИсключение "сервер остановлен";
	КонецЕсли;
КонецПроцедуры
`})
	b.set("проверка.убит", "1")
	sent := p.bodies("/v1/sync/contacts", nil)
	b.exchange()
	if len(*sent) != 1 {
		t.Fatalf("%d batches before", len(*sent))
	}
	b2 := serverBase(t, p.URL, s.key) // the register and the data are all that is left
	for i := range many {
		b2.client(fmt.Sprintf("%08d-0000-0000-0000-000000000001", i+20000000), fmt.Sprint("Клиент ", i), fmt.Sprintf("+7915%07d", i), "")
	}
	for _, r := range b.state.Rows() {
		b2.state.Put(r)
	}
	b2.exchange()
	if got := *sent; len(got) != 2 || strings.Count(got[1], "\n") != 9 {
		t.Errorf("%d batches in all; the second has %d lines, want 10", len(got), strings.Count(got[len(got)-1], "\n")+1)
	}
}
