package onectest_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
	"zummer/models/store/storetest"
)

// TestServiceBeginsAnew: a service whose database is another one knows neither
// the cursor nor the calls of before, though its numbers are the same ones: all
// calls of the new one become documents of their own. A PostgreSQL goes on
// counting in its next database: there the place lies before the new calls.
func TestServiceBeginsAnew(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		another, anew := storetest.Postgres, 0
		if strings.HasPrefix(dsn, "sqlite:") {
			another, anew = storetest.SQLite, 1
		}
		s := serviceOn(t, dsn)
		p := newProxy(t, s.URL)
		b := serverBase(t, p.URL, s.key)
		b.exchange()
		for i := range 3 {
			s.missed(fmt.Sprintf("old-%d", i), "+79031234567")
		}
		b.exchange()
		s2 := serviceOn(t, another(t))
		p.to(s2.URL)
		b.set("настройка.Ключ", s2.key)
		b.exchange()
		s2.missed("new-0", "+79160000000")
		b.exchange()
		b.exchange()
		rows := b.calls.Rows()
		if len(rows) != 4 {
			t.Fatalf("%d documents of three and one calls", len(rows))
		}
		if rows[0]["АбонентКакСвязаться"] != "+79031234567" || rows[3]["АбонентКакСвязаться"] != "+79160000000" {
			t.Errorf("documents %v", rows)
		}
		if b.logged("заново") != anew {
			t.Errorf("the log: %v", b.Log)
		}
		b.exchange()
		if n := len(b.calls.Rows()); n != 4 {
			t.Errorf("%d documents after one more exchange", n)
		}
	})
}

// failing makes the handler of calls, or of recordings, fail while the key is
// set in the register.
func (b *base) failing(handler, parameters string) {
	b.t.Helper()
	b.module(bsltest.Module{Name: "ЗмрСерверПереопределяемый", Kind: bsltest.ServerModule, Extends: true, Text: `
&После("` + handler + `")
Процедура Свой` + handler + `(` + parameters + `)
	Если ЗмрХранилище.Значение("проверка.сбой") = "1" Тогда
		ВызватьИсключение "Конфликт блокировок, номер +7 (903) 123-45-67";
	КонецЕсли;
КонецПроцедуры
`})
	b.set("проверка.сбой", "1")
}

// TestCallIsTriedAgain: a call that could not be stored, as when somebody else
// had locked a table, is stored with the next exchange though nothing of it
// changes; one that never can be is given up.
func TestCallIsTriedAgain(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := serverBase(t, s.URL, s.key)
	b.AddTransactions()
	b.failing("ПриПолученииЗвонка", "Звонок, УИДДокумента")
	b.exchange()
	s.missed("c-1", "+79031234567")
	b.exchange()
	b.set("проверка.сбой", "")
	b.exchange()
	if n := len(b.calls.Rows()); n != 1 {
		t.Errorf("%d documents of one call", n)
	}
	b.set("проверка.сбой", "1")
	s.missed("c-2", "+79031234568")
	for range 20 {
		b.exchange()
	}
	if n := b.kept("сбойный."); n != 0 {
		t.Errorf("%d calls are tried for ever", n)
	}
	if b.logged("903") != 0 || b.logged("Конфликт блокировок") == 0 || b.logged("Звонок") > 4 {
		t.Errorf("the log: %v", b.Log)
	}
}

// recordings are kinds of answers to who asks for a recording.
func recordings(answer func(n int) int) func(http.ResponseWriter, *http.Request, func(http.ResponseWriter)) {
	var n atomic.Int32
	return func(w http.ResponseWriter, r *http.Request, pass func(http.ResponseWriter)) {
		if !strings.HasSuffix(r.URL.Path, "/recording") {
			pass(w)
			return
		}
		if code := answer(int(n.Add(1))); code != http.StatusOK {
			w.WriteHeader(code)
			return
		}
		w.Header().Set("Content-Type", "audio/mpeg")
		_, _ = w.Write([]byte("ID3sound"))
	}
}

// TestRecordings: a recording is tried for a day and more, with growing pauses;
// a key that is refused is no refusal of the recording.
func TestRecordings(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		answer func(n int) int
		span   time.Duration
		came   bool
		asked  [2]int // how often, at least and at most
	}{
		{"at once", func(int) int { return 200 }, time.Minute, true, [2]int{1, 1}},
		{"after an hour", func(n int) int { return map[bool]int{true: 200, false: 404}[n > 6] }, 3 * time.Hour, true, [2]int{7, 7}},
		{"never", func(int) int { return 404 }, 5 * 24 * time.Hour, false, [2]int{8, 18}},
		{"the PBX is away for a day", func(n int) int { return map[bool]int{true: 200, false: 503}[n > 9] }, 2 * 24 * time.Hour, true, [2]int{10, 10}},
		{"the key was refused for hours", func(n int) int { return map[bool]int{true: 200, false: 401}[n > 40] }, 2 * time.Hour, true, [2]int{41, 41}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := serverBase(t, p.URL, s.key)
			b.set("запись.ждет.100", "ivanov")
			p.do(recordings(c.answer))
			step := time.Minute
			if c.span > 6*time.Hour {
				step = time.Hour
			}
			for at := time.Duration(0); at <= c.span; at += step {
				if _, err := b.CallServer("ЗмрОбменЗвонки.ПринятьЗаписи"); err != nil {
					t.Fatal(err)
				}
				b.Advance(step)
			}
			if got := b.setting("запись.есть.100") == "1"; got != c.came {
				t.Errorf("came: %v", got)
			}
			if n := p.count("/recording"); n < c.asked[0] || n > c.asked[1] {
				t.Errorf("asked %d times, want %v", n, c.asked)
			}
			if b.kept("запись.ждет.") != 0 {
				t.Error("it still waits")
			}
			b.quiet()
		})
	}
}

// TestRecordingIsAFile: the sound goes to one's own code as a file, which is
// gone afterwards; code that fails gets it again, and what it had done is
// rolled back.
func TestRecordingIsAFile(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := serverBase(t, p.URL, s.key)
	b.AddTransactions()
	b.failing("ПриПолученииЗаписи", "Ид, УИДДокумента, ИмяФайла, ТипЗвука")
	b.set("запись.ждет.100", "ivanov")
	p.do(recordings(func(int) int { return 200 }))
	b.Temp = t.TempDir() // nobody else's files
	b.exchange()
	if b.setting("запись.есть.100") != "" || len(b.Meta.Find("РегистрСведений.ЗмрЗаписи").Rows()) != 0 {
		t.Error("it failed, and something is left")
	}
	if b.logged("Запись") != 1 || b.logged("903") != 0 {
		t.Errorf("the log: %v", b.Log)
	}
	b.set("проверка.сбой", "")
	b.Advance(2 * time.Minute)
	b.exchange()
	if b.setting("запись.есть.100") != "1" || len(b.Meta.Find("РегистрСведений.ЗмрЗаписи").Rows()) != 1 {
		t.Error("it did not come the second time")
	}
	if left, err := os.ReadDir(b.Temp); err != nil || len(left) > 0 {
		t.Errorf("temporary files are left: %v, %v", left, err)
	}
}

// TestOldCallsAreForgotten: what is remembered of calls that cannot change any
// more goes, so that the register does not grow for ever.
func TestOldCallsAreForgotten(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := serverBase(t, s.URL, s.key)
	b.exchange()
	s.missed("c-1", "+79031234567")
	b.exchange()
	if n := b.kept("звонок."); n != 1 {
		t.Fatalf("%d calls are remembered", n)
	}
	b.Advance(30 * 24 * time.Hour)
	b.exchange()
	if n := b.kept("звонок."); n != 1 {
		t.Errorf("after a month %d calls are remembered", n)
	}
	b.Advance(400 * 24 * time.Hour)
	b.exchange()
	if n := b.kept("звонок."); n != 0 {
		t.Errorf("after a year %d calls are remembered", n)
	}
	if n := len(b.calls.Rows()); n != 1 {
		t.Errorf("%d documents", n)
	}
}
