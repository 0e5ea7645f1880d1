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
	{"8.3 of Linux", nil, bsltest.Target{Version: "8.3.24.1467", Context: bsltest.ThickOrdinary, NoCOM: true}, 2500 * time.Millisecond},
}

// ordinaryFaultKinds are those that ask in different ways.
var ordinaryFaultKinds = []kind{ordinaryKinds[0], ordinaryKinds[2]}

const (
	callWindow   = "ОбщаяФорма.ЗмрЗвонок"
	settingsForm = "Обработка.ЗмрНастройки.Форма"
)

// ordinaryBase is an infobase with ordinary forms into which somebody has put
// what the README says.
func ordinaryBase(t *testing.T, k kind) *base { return pasted(t, k, nil) }

// pasted is ordinaryBase after a change of the texts, by module; nil: as they
// are shipped. Requests are waited for, see newBase.
func pasted(t *testing.T, k kind, change map[string]func(text string) string) *base {
	t.Helper()
	w := bsltest.New(k.target)
	t.Cleanup(w.Close)
	cover(t, w)
	w.Grace = patience
	b := &base{World: w, t: t, kind: k}
	w.User = bsltest.User{UID: ivanovID, Name: "ivanov", FullName: "Иванов И."}
	b.clients = w.Meta.Catalog("Контрагенты")
	b.interests = w.Meta.Document("Интерес", "Клиент", "Закрыт", "Телефон")
	w.Meta.Processor("МастерФормированияИнтереса", "Телефон", "Клиент")
	w.Meta.Processor("ЗмрНастройки")
	w.DeclareForm(callWindow, map[string]any{"Уведомление": nil, "Кандидаты": nil}, nil)
	w.DeclareForm(settingsForm, map[string]any{"Адрес": "", "Токен": "", "ОткрыватьСразу": false}, nil)
	global := bsltest.Flags{ClientOrdinary: true, Global: true}
	for _, m := range []bsltest.Module{
		{Name: "ЗмрОбычный", Kind: bsltest.CommonModule, Flags: global, File: "ЗмрОбычный"},
		{Name: "ЗмрОбычныйФормат", Kind: bsltest.CommonModule, Flags: global, File: "ЗмрОбычныйФормат"},
		{Name: "ЗмрОбычныйПоказ", Kind: bsltest.CommonModule, Flags: global, File: "ЗмрОбычныйПоказ"},
		{Name: "ЗмрОбычныйПереопределяемый", Kind: bsltest.CommonModule, Flags: global, File: "ЗмрОбычныйПереопределяемый"},
		{Name: "МодульПриложения", Kind: bsltest.OrdinaryAppModule, File: "МодульОбычногоПриложения"},
		{Name: callWindow, Kind: bsltest.FormModule, File: "ФормаЗмрЗвонок"},
		{Name: settingsForm, Kind: bsltest.FormModule, File: "ФормаЗмрНастройки"},
	} {
		m.File = filepath.Join(folder, "ordinary", m.File+".bsl")
		if edit := change[m.Name]; edit != nil {
			text, err := os.ReadFile(m.File)
			if err != nil {
				t.Fatal(err)
			}
			m.Text = edit(string(text))
			if m.File = ""; m.Text == string(text) {
				t.Fatalf("nothing of %s was changed", m.Name)
			}
		}
		b.module(m)
	}
	return b
}

// newOrdinary is one of them with ivanov's client running and the client
// that calls.
func newOrdinary(t *testing.T, s *service, k kind, address string) *base {
	t.Helper()
	b := ordinaryBase(t, k)
	b.connectOrdinary(s, address, "")
	return b
}

// connectOrdinary starts the client with an address and a token ("": one of
// ivanov's), and waits until it says that it is connected.
func (b *base) connectOrdinary(s *service, address, token string) {
	b.t.Helper()
	ivanov := b.seat(s)
	if token == "" {
		token = ivanov
	}
	b.remember(address+"/", token, true)
	connected := func(m string) bool { return strings.HasPrefix(m, "Связь с сервисом звонков ") }
	b.until("the first answer", func() bool { return slices.ContainsFunc(b.Screen.Messages, connected) })
	for _, m := range b.Screen.Messages {
		if !connected(m) {
			b.t.Fatalf("messages %v", b.Screen.Messages)
		}
	}
	b.Screen.Messages = nil
	b.Entries()
}

// seat puts ivanov, his phone and the client that calls where they are to be
// known, starts the program and returns a token.
func (b *base) seat(s *service) (token string) {
	b.t.Helper()
	ref := b.clients.Add(clientID, map[string]any{"Наименование": "ООО Ромашка"})
	b.interests.Add(interestID, map[string]any{"Клиент": ref, "Закрыт": false, "ПометкаУдаления": false, "Номер": "17", "Дата": b.Now(), "Телефон": "+79031234567"})
	token = s.User("ivanov", "office", "101")
	interest := map[string]any{"type": "Документ", "name": "Интерес", "uid": interestID, "title": "Интерес 17"}
	if a := s.Do("PUT", "/v1/sync/contacts/"+clientID, apptest.AdminToken, map[string]any{"phones": []string{"+79031234567"}, "name": "ООО Ромашка", "responsible": "ivanov",
		"client": map[string]any{"type": "Справочник", "name": "Контрагенты", "uid": clientID}, "interests": []any{interest}}); a.Status != 200 {
		b.t.Fatalf("contact: %d %s", a.Status, a.Body)
	}
	if err := b.Start(); err != nil {
		b.t.Fatal(err)
	}
	return token
}

// remember is what the settings form does.
func (b *base) remember(address, token string, atOnce bool) {
	b.t.Helper()
	if _, err := b.Call("змрЗапомнитьНастройки", address, token, atOnce); err != nil {
		b.t.Fatal(err)
	}
}

// TestOrdinary is the seed in ordinary forms: a small window while it rings,
// which follows the call; the document at the answer; the wizard; the card.
func TestOrdinary(t *testing.T) {
	t.Parallel()
	for _, k := range ordinaryKinds {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newOrdinary(t, s, k, s.URL).hurried()
			s.ring("c-1", "+79031234567")
			b.until("the window of the ring", func() bool { return len(b.Screen.Forms) == 1 })
			ringing := b.Screen.Forms[0]
			if ringing.Name != callWindow {
				t.Fatalf("opened %s", ringing.Name)
			}
			s.answer("c-1")
			b.until("form of the interest", func() bool { return b.openedRef(interestID) })
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			s.end("c-1")
			b.until("no window of a call that is over", func() bool { return len(b.Screen.Forms) == 1 })
			if n := countName(b, callWindow); n != 1 || b.Screen.Forms[0].Name != "Документ.Интерес.Форма" {
				t.Errorf("%d windows of one call, open are %v", n, b.Screen.Forms)
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
