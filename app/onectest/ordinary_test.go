package onectest_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/app/apptest"
	"zummer/clients/onec/bsltest"
)

// ordinaryKinds are the clients with ordinary forms: with WinHttp, and where
// COM is not to be had.
var ordinaryKinds = []kind{
	{"8.2.18", nil, bsltest.Target{Version: "8.2.18.109", Context: bsltest.ThickOrdinary}, 300 * time.Millisecond},
	{"8.3", nil, bsltest.Target{Version: "8.3.24.1467", Context: bsltest.ThickOrdinary}, 300 * time.Millisecond},
	{"8.2.18 without COM", nil, bsltest.Target{Version: "8.2.18.109", Context: bsltest.ThickOrdinary, NoCOM: true}, 2500 * time.Millisecond},
}

// ordinaryBase is an infobase with ordinary forms and the text of the README
// pasted into its application module.
func ordinaryBase(t *testing.T, k kind) *base {
	t.Helper()
	w := bsltest.New(k.target)
	t.Cleanup(w.Close)
	cover(t, w)
	b := &base{World: w, t: t, kind: k}
	b.clients = w.Meta.Catalog("Контрагенты")
	b.interests = w.Meta.Document("Интерес", "Клиент", "Закрыт", "Телефон")
	w.Meta.Processor("МастерФормированияИнтереса", "Телефон", "Клиент")
	w.DeclareForm("ОбщаяФорма.ЗмрЗвонок", map[string]any{"Уведомление": nil, "Кандидаты": nil}, nil)
	b.module(bsltest.Module{Name: "ОбщаяФорма.ЗмрЗвонок", Kind: bsltest.FormModule, File: filepath.Join(folder, "ordinary", "ФормаЗмрЗвонок.bsl")})
	file := filepath.Join(folder, "ordinary", "МодульОбычногоПриложения.bsl")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pasted := string(text) + "\r\nПроцедура ПриНачалеРаботыСистемы()\r\n\tзмрНачать();\r\nКонецПроцедуры\r\n"
	b.module(bsltest.Module{Name: "МодульПриложения", Kind: bsltest.OrdinaryAppModule, Text: pasted, File: file})
	return b
}

// newOrdinary is one of them with ivanov's client running and the client
// that calls.
func newOrdinary(t *testing.T, s *service, k kind, address string) *base {
	t.Helper()
	b := ordinaryBase(t, k)
	w := b.World
	ref := b.clients.Add(clientID, map[string]any{"Наименование": "ООО Ромашка"})
	b.interests.Add(interestID, map[string]any{"Клиент": ref, "Закрыт": false, "ПометкаУдаления": false, "Номер": "17", "Дата": w.Now(), "Телефон": "+79031234567"})
	token := s.User("ivanov", "office", "101")
	interest := map[string]any{"type": "Документ", "name": "Интерес", "uid": interestID, "title": "Интерес 17"}
	if a := s.Do("PUT", "/v1/sync/contacts/"+clientID, apptest.AdminToken, map[string]any{"phones": []string{"+79031234567"}, "name": "ООО Ромашка", "responsible": "ivanov",
		"client": map[string]any{"type": "Справочник", "name": "Контрагенты", "uid": clientID}, "interests": []any{interest}}); a.Status != 200 {
		t.Fatalf("contact: %d %s", a.Status, a.Body)
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Call("змрЗапомнитьНастройки", address+"/", token); err != nil {
		t.Fatal(err)
	}
	return b
}

// TestOrdinary is the seed in ordinary forms: a small window while it rings,
// which follows the call; the document at the answer; the wizard; the card.
func TestOrdinary(t *testing.T) {
	for _, k := range ordinaryKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newOrdinary(t, s, k, s.URL)
			b.RunFast(2*time.Second, 4, nil)

			s.ring("c-1", "+79031234567")
			b.until("the window of the ring", func() bool { return len(b.Screen.Forms) == 1 })
			ringing := b.Screen.Forms[0]
			if ringing.Name != "ОбщаяФорма.ЗмрЗвонок" {
				t.Fatalf("opened %s", ringing.Name)
			}
			s.answer("c-1")
			b.until("form of the interest", func() bool { return b.openedRef(interestID) })
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			s.end("c-1")
			b.RunFast(2*time.Second, 4, nil)
			if n := countName(b, "ОбщаяФорма.ЗмрЗвонок"); n != 1 {
				t.Errorf("%d windows of one call", n)
			}

			s.ring("c-2", "+79160000000")
			s.answer("c-2")
			b.until("wizard", func() bool {
				return slices.ContainsFunc(b.opened(), func(x string) bool {
					return strings.HasPrefix(x, "Обработка.МастерФормированияИнтереса")
				})
			})
			i := slices.IndexFunc(b.Screen.Opened, func(o bsltestOpening) bool { return strings.HasPrefix(o.Name, "Обработка.") })
			if p := b.Screen.Opened[i].Params; p["Телефон"] != "+79160000000" {
				t.Errorf("the wizard got %v", p)
			}
			s.end("c-2")

			s.missed("c-3", "+79031234567")
			b.until("the card of the missed call", func() bool { return len(formsWith(b, "ропущ")) == 1 })
			card := formsWith(b, "ропущ")[0]
			if err := b.FormCall(card, "ГотовоНажатие", nil); err != nil {
				t.Fatal(err)
			}
			b.until("the missed call done", func() bool { return !slices.Contains(s.pending(), "call.missed") })
			b.quiet()
			if longest := b.LongestBlock(); longest > k.promise+busy {
				t.Errorf("the window stood still for %v, promised is %v", longest, k.promise)
			}
		})
	}
}

// TestOrdinaryFaults: lost answers, a break of a day, a revoked token, a gone
// object and a modal window.
func TestOrdinaryFaults(t *testing.T) {
	for _, k := range []kind{ordinaryKinds[0], ordinaryKinds[2]} {
		t.Run(k.name+"/lost answers", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := newOrdinary(t, s, k, p.URL)
			p.do(lostAcks(p))
			s.call()
			b.until("form", func() bool { return b.openedRef(interestID) })
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			b.RunFast(2*time.Second, 4, nil)
			if n := len(b.Screen.Opened); n != 2 { // the window of the call and the document
				t.Errorf("opened %v", b.opened())
			}
			b.quiet()
		})
		t.Run(k.name+"/a day offline", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := newOrdinary(t, s, k, p.URL)
			s.missed("c-0", "+79031234567")
			b.until("the first missed call", func() bool { return len(formsWith(b, "ропущ")) == 1 })
			p.do(down)
			s.missed("c-1", "+79160000001")
			b.forward(2 * time.Hour)
			if n := len(b.Screen.Messages); n != 1 {
				t.Errorf("messages %v, want one", b.Screen.Messages)
			}
			p.do(nil)
			b.forward(2 * time.Minute)
			b.until("what was missed", func() bool { return len(formsWith(b, "ропущ")) == 2 })
			if n := len(b.Screen.Messages); n != 2 {
				t.Errorf("messages %v, want two", b.Screen.Messages)
			}
			b.quiet()
		})
		t.Run(k.name+"/a revoked token", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := newOrdinary(t, s, k, p.URL)
			b.RunFast(time.Second, 4, nil)
			p.do(status(401))
			for range 10 { // a poll that waits is not refused, it ends first
				if b.forward(time.Minute); len(b.Screen.Messages) > 0 {
					break
				}
			}
			p.forget()
			b.forward(8 * time.Minute)
			if n := p.count("/v1/notifications"); n > 1 || len(b.Screen.Messages) != 1 {
				t.Errorf("%d requests in eight minutes after a 401, messages %v", n, b.Screen.Messages)
			}
			b.quiet()
		})
		t.Run(k.name+"/an object that is gone", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newOrdinary(t, s, k, s.URL)
			b.interests.Delete(b.Meta.RefOfLink(interestLink))
			s.call()
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			if got := s.outcome("call.answered"); got != "failed" {
				t.Errorf("outcome %q, want failed", got)
			}
			b.quiet()
		})
		t.Run(k.name+"/a modal window", func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newOrdinary(t, s, k, s.URL)
			b.RunFast(time.Second, 4, nil)
			b.Screen.Modal = true
			s.call()
			b.RunFast(2*time.Second, 1, nil)
			if len(b.Screen.Opened) > 0 {
				t.Errorf("opened %v under a modal window", b.opened())
			}
			b.Screen.Modal = false
			b.until("form", func() bool { return b.openedRef(interestID) })
			b.quiet()
		})
	}
}

// openedRef reports whether a form of the object was opened.
func (b *base) openedRef(uid string) bool {
	return slices.ContainsFunc(b.Screen.Opened, func(o bsltestOpening) bool { return o.Ref != nil && o.Ref.UID() == uid })
}

func countName(b *base, name string) (n int) {
	for _, o := range b.Screen.Opened {
		if o.Name == name {
			n++
		}
	}
	return n
}

// formsWith are the open windows of calls whose notification has text.
func formsWith(b *base, text string) (found []*bsltest.Form) {
	for _, f := range b.Screen.Forms {
		if n, ok := f.Attr("Уведомление").(map[string]any); ok && strings.Contains(n["Текст"].(string), text) {
			found = append(found, f)
		}
	}
	return found
}
