// Package onectest_test runs the 1C modules of clients/onec, in the
// interpreter of clients/onec/bsltest, against the running program.
package onectest_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

// busy is what the interpreter itself may take on a machine that does much
// else: far less than the servers of these tests keep a client waiting.
const busy = 2 * time.Second

// patience is how long a test waits for what must happen: seconds on a quiet
// machine.
const patience = time.Minute

// kind is a kind of client that the modules are shipped for.
type kind struct {
	name   string
	layers []string // folders of clients/onec, laid over each other
	target bsltest.Target
	// promise, beside busy, is how long the window may stand still for one tick.
	promise time.Duration
}

// managedKinds are the clients with managed forms.
var managedKinds = []kind{
	{"async thin", []string{"server", "managed"}, bsltest.Target{Version: "8.3.22.1851", Context: bsltest.ThinClient}, 300 * time.Millisecond},
	{"async, newest", []string{"server", "managed"}, bsltest.Target{Version: "8.3.27.2342", Context: bsltest.ThinClient}, 300 * time.Millisecond},
	{"web of the newest", []string{"server", "managed"}, bsltest.Target{Version: "8.3.27.2342", Context: bsltest.WebClient}, 2500 * time.Millisecond},
	{"thin 8.3.12", []string{"server", "managed", "web"}, bsltest.Target{Version: "8.3.12.1412", Context: bsltest.ThinClient}, 2500 * time.Millisecond},
	{"web 8.3.20", []string{"server", "managed", "web"}, bsltest.Target{Version: "8.3.20.1549", Context: bsltest.WebClient}, 2500 * time.Millisecond},
	{"thin 8.3.6", []string{"server", "managed", "web", "legacy-8.3.6"}, bsltest.Target{Version: "8.3.6.1977", Context: bsltest.ThinClient}, 2500 * time.Millisecond},
	{"woken by push", []string{"server", "managed", "fanout"}, bsltest.Target{Version: "8.3.27.1935", Context: bsltest.ThinClient}, 2500 * time.Millisecond},
}

// faultKinds are the two ways to ask: by oneself, and through the 1C server.
var faultKinds = []kind{managedKinds[0], managedKinds[4]}

// throughServer tells whether the 1C server asks for the client.
func (k kind) throughServer() bool {
	return len(k.layers) > 2 || k.target.Context == bsltest.WebClient
}

// folders are the layers' folders.
func (k kind) folders() (all []string) {
	for _, layer := range k.layers {
		all = append(all, filepath.Join(folder, layer))
	}
	return all
}

const (
	folder     = "../../clients/onec"
	interestID = "51012ccc-397d-11de-b595-00055d80a2b9"
	clientID   = "11111111-2222-3333-4444-555555555555"
	ivanovID   = "8a1f0c50-0d3b-4f1c-9d6e-0123456789ab"
)

// base is an infobase with one running client.
type base struct {
	*bsltest.World
	t         *testing.T
	kind      kind
	clients   *bsltest.Table // Справочник.Контрагенты
	interests *bsltest.Table // Документ.Интерес
	calls     *bsltest.Table // Документ.ТелефонныйЗвонок
	state     *bsltest.Table // the register of settings
	waker     any            // the state of the job that wakes clients
	stepped   time.Time      // when step last ended a pause of the client
	asked     any            // the version that the client had then
}

// newBase is an infobase with the extension, and in it the objects that its
// overridable modules name; empty leaves those out. hosts replace parts of the
// platform. Requests are waited for, as long as a busy machine takes for them,
// until hurried.
func newBase(t *testing.T, k kind, empty bool, hosts ...bsltest.Host) *base {
	t.Helper()
	w := bsltest.New(k.target)
	t.Cleanup(w.Close)
	cover(t, w)
	for _, h := range hosts {
		w.Add(h)
	}
	w.Grace = patience
	b := &base{World: w, t: t, kind: k}
	w.User = bsltest.User{UID: ivanovID, Name: "ivanov", FullName: "Иванов И."}
	if !empty {
		w.Meta.Enum("ТипыКонтактнойИнформации", "Телефон", "АдресЭлектроннойПочты")
		b.clients = w.Meta.Catalog("Контрагенты").Section("КонтактнаяИнформация", "Тип", "Представление", "НомерТелефона")
		b.interests = w.Meta.Document("Интерес", "Клиент", "Закрыт", "Телефон")
		b.calls = w.Meta.Document("ТелефонныйЗвонок", "Входящий", "АбонентКакСвязаться", "АбонентПредставление", "Тема", "Описание")
		w.Meta.Processor("МастерФормированияИнтереса", "Телефон", "Клиент")
	}
	b.load()
	return b
}

// load takes the modules of the layers as the platform would, by what the
// metadata say of them.
func (b *base) load() {
	b.t.Helper()
	if err := b.LoadDump(b.kind.folders()...); err != nil {
		b.t.Fatal(err)
	}
	if err := b.Link(); err != nil {
		b.t.Fatal(err)
	}
	b.state = b.Meta.Find("РегистрСведений.ЗмрСостояние")
}

func (b *base) module(m bsltest.Module) {
	b.t.Helper()
	if err := b.Load(m); err != nil {
		b.t.Fatal(err)
	}
}

// client adds a client with a phone, and an open interest if it has a title.
func (b *base) client(uid, name, phone, interest string) {
	ref := b.clients.Add(uid, map[string]any{"Наименование": name, "ПометкаУдаления": false, "ЭтоГруппа": false})
	b.clients.AddLine(ref, "КонтактнаяИнформация", map[string]any{"Тип": b.Meta.EnumValue("ТипыКонтактнойИнформации", "Телефон"), "Представление": phone, "НомерТелефона": strings.TrimPrefix(phone, "+")})
	if interest != "" {
		b.interests.Add(interest, map[string]any{"Клиент": ref, "Закрыт": false, "ПометкаУдаления": false, "Номер": "17", "Дата": b.Now(), "Телефон": phone})
	}
}

// hurried makes the time-outs of requests those of the modules from now on:
// for tests of them, and of how long the window stands still.
func (b *base) hurried() *base {
	b.Grace = 0
	b.Entries()
	return b
}

// setting is a value of the extension's register.
func (b *base) setting(key string) string {
	for _, r := range b.state.Rows() {
		if r["Ключ"] == key {
			return r["Значение"].(string)
		}
	}
	return ""
}

// acquaint runs the exchange until the service knows the users and the clients:
// a machine that stands still may lose a request of it.
func (b *base) acquaint() {
	b.t.Helper()
	for try := 1; ; try++ {
		if _, err := b.CallServer("ЗмрСервер.Обменяться"); err != nil {
			b.t.Fatal(err)
		}
		if b.setting("связь.сбоев") == "" && (b.clients == nil || b.kept("контакт.") == len(b.clients.Rows())) {
			return
		}
		if try == 5 {
			b.t.Fatalf("the service knows %d of %d clients: %v", b.kept("контакт."), len(b.clients.Rows()), b.Log)
		}
		b.Advance(61 * time.Second)
	}
}

// connect puts address and key where the settings form puts them.
func (b *base) connect(address, key string) {
	b.state.Put(map[string]any{"Ключ": "настройка.Адрес", "Значение": address})
	b.state.Put(map[string]any{"Ключ": "настройка.Ключ", "Значение": key})
}

// until lets the client live, its pauses shortened, until ok.
func (b *base) until(what string, ok func() bool) {
	b.t.Helper()
	for end := time.Now().Add(patience); !ok(); b.step() {
		if time.Now().After(end) {
			b.t.Fatalf("no %s; shown %v, opened %v, errors %v, log %v", what, b.toasts(), b.opened(), b.Errors(), b.Log)
		}
	}
}

// step lets the client live for a moment, its clock faster than the real one. A
// pause ends at once, but not that of a client which asked the same a second
// ago: the service would hold it.
func (b *base) step() {
	next, paused := b.NextTick()
	if b.kind.layers == nil || !paused || !b.Settle(0) {
		b.RunFast(50*time.Millisecond, 4, nil)
		return
	}
	version := b.remembered("Версия")
	if version == b.asked && time.Since(b.stepped) < 1100*time.Millisecond {
		b.RunFast(50*time.Millisecond, 1, nil)
		return
	}
	before := b.remembered("НомерЗапроса")
	if b.Advance(next); b.kind.throughServer() || before != b.remembered("НомерЗапроса") { // no watchdog's tick
		b.asked, b.stepped = version, time.Now()
	}
}

// live is step for a while.
func (b *base) live(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		b.step()
	}
}

// toasts are the texts of all toasts there were.
func (b *base) toasts() (all []string) {
	for _, t := range b.Screen.Shown {
		all = append(all, t.Text+" | "+t.Explanation)
	}
	return all
}

// opened are the forms and links that were opened; the form of an object by
// its link.
func (b *base) opened() (all []string) {
	for _, o := range b.Screen.Opened {
		if o.Ref != nil && strings.HasSuffix(o.Name, ".ФормаОбъекта") {
			o.Name = o.Ref.Link()
		}
		all = append(all, o.Name)
	}
	return all
}

// quiet fails the test if the user saw an error.
func (b *base) quiet() {
	b.t.Helper()
	if errs := b.Errors(); len(errs) > 0 {
		b.t.Errorf("the user saw errors: %v", errs)
	}
}

// remembered is a field of the state that the client keeps.
func (b *base) remembered(field string) any {
	b.t.Helper()
	v, err := b.Call("ЗмрКлиент.ТекущееСостояние")
	if err != nil {
		b.t.Fatal(err)
	}
	m, _ := bsltest.Go(v).(map[string]any)
	return m[field]
}

type (
	toast          = bsltest.Toast
	bsltestOpening = bsltest.Opening
)

var errOpening = errors.New("форма не открылась")

// forward lets a long time pass for the client; real requests get the time
// that they need.
func (b *base) forward(d time.Duration) {
	for end := b.Now().Add(d); b.Now().Before(end); {
		next, ok := b.NextTick()
		if !ok || next > time.Minute {
			next = time.Minute
		}
		b.Advance(max(next, 100*time.Millisecond))
		b.Settle(50 * time.Millisecond)
	}
}

// wake runs one round of the job that wakes clients, where the set has it.
func (b *base) wake(s *service) {
	b.t.Helper()
	if !slices.Contains(b.kind.layers, "fanout") {
		return
	}
	if b.waker == nil {
		v, err := b.CallServer("ЗмрРассылка.НовоеСостояние")
		if err != nil {
			b.t.Fatal(err)
		}
		b.waker = v
	}
	if ok, err := b.CallServer("ЗмрРассылка.РазбудитьОдинРаз", b.waker, 2); err != nil || ok != true {
		b.t.Fatalf("waking: %v %v", ok, err)
	}
	b.Pump()
}
