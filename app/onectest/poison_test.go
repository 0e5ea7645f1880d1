package onectest_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"zummer/clients/onec/bsltest"
)

// TestExchangeStepThrows: a step of the exchange that throws, in code of one's
// own, does not keep the others from their work.
func TestExchangeStepThrows(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := serverBase(t, s.URL, s.key)
	b.exchange()
	b.module(bsltest.Module{Name: "ЗмрСерверПереопределяемый", Kind: bsltest.ServerModule, Extends: true, Text: `
&После("ПриОпределенииПользователей")
Процедура СвойПриОпределенииПользователей(Пользователи)
	ВызватьИсключение "своя ошибка";
КонецПроцедуры
`})
	s.missed("c-1", "+79031234567")
	b.exchange()
	if n := len(b.calls.Rows()); n != 1 {
		t.Errorf("%d documents of one call", n)
	}
	if !strings.Contains(fmt.Sprint(b.Log), "своя ошибка") {
		t.Errorf("the log does not tell: %v", b.Log)
	}
}

// TestRefusedUser: a user whom the service refuses is told in the log, and the
// others come; who leaves is switched off all the same.
func TestRefusedUser(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	const petrova, sidorov = "22222222-2222-2222-2222-222222222222", "33333333-3333-3333-3333-333333333333"
	b.Users = []bsltest.User{{UID: petrova, Name: "petrova", FullName: "Петрова П."}, {UID: sidorov, Name: "sidorov", FullName: "Сидоров С."}}
	b.set("пользователь."+petrova+".Номер", strings.Repeat("1", 300))
	b.exchange()
	if u := s.Admin("GET", "/v1/admin/users/sidorov", nil); u["external_id"] != sidorov {
		t.Errorf("sidorov: %v", u)
	}
	if !strings.Contains(fmt.Sprint(b.Log), petrova) {
		t.Errorf("the log does not tell: %v", b.Log)
	}
	p.forget()
	b.exchange()
	if n := p.count("/v1/sync/users"); n != 0 {
		t.Errorf("the refused user comes again: %d requests", n)
	}
	b.Users = b.Users[:1]
	b.exchange()
	if u := s.Admin("GET", "/v1/admin/users/sidorov", nil); u["active"] != false {
		t.Errorf("who left is still active: %v", u)
	}
	b.set("пользователь."+petrova+".Номер", "102")
	b.exchange()
	if u := s.Admin("GET", "/v1/admin/users/petrova", nil); u["external_id"] != petrova {
		t.Errorf("petrova with a number that is one: %v", u)
	}
}

// TestCallStoredHalf: what was written of a call before an error is rolled
// back, so the call's next change makes no second document.
func TestCallStoredHalf(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := serverBase(t, s.URL, s.key)
	b.AddTransactions()
	b.module(bsltest.Module{Name: "ЗмрСерверПереопределяемый", Kind: bsltest.ServerModule, Extends: true, Text: `
&После("ПриПолученииЗвонка")
Процедура СвойПриПолученииЗвонка(Звонок, УИДДокумента)
	Если ЗмрХранилище.Значение("проверка.сбой") = "1" Тогда
		ВызватьИсключение "своя ошибка";
	КонецЕсли;
КонецПроцедуры
`})
	b.exchange()
	b.set("проверка.сбой", "1")
	s.missed("c-1", "+79031234567")
	b.exchange()
	b.set("проверка.сбой", "")
	s.event(map[string]any{"event": "recording", "call": "c-1", "recording": "http://pbx.example/rec-1.mp3"})
	b.exchange()
	if n := len(b.calls.Rows()); n != 1 {
		t.Errorf("%d documents of one call", n)
	}
}

// TestRecordingsThatNobodyGives: recordings that the PBX does not give, or not
// in time, do not keep the others from coming.
func TestRecordingsThatNobodyGives(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	for i := range 21 {
		b.set(fmt.Sprintf("запись.ждет.1%02d", i), "ivanov")
	}
	b.set("запись.ждет.900", "ivanov")
	p.do(func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		switch {
		case strings.HasSuffix(r.URL.Path, "/100/recording"):
			down(w, r, pass)
		case strings.HasSuffix(r.URL.Path, "/900/recording"):
			_, _ = w.Write([]byte("ID3sound"))
		case strings.HasSuffix(r.URL.Path, "/recording"):
			status(503)(w, r, pass)
		default:
			pass(w)
		}
	})
	for range 4 {
		b.exchange()
	}
	if b.setting("запись.есть.900") != "1" {
		t.Error("the recording that can be had did not come")
	}
}
