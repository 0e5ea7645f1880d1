// Package onectest_test runs the 1C modules of clients/onec, in the
// interpreter of clients/onec/bsltest, against the running program.
package onectest_test

import (
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

// kind is a kind of client that the modules are shipped for.
type kind struct {
	name   string
	layers []string // folders of clients/onec, laid over each other
	target bsltest.Target
	// promise is how long the window may stand still for one tick.
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
	records   *bsltest.Table
	phones    map[string][]string // of clients, by UID
	job       *bsltest.Scheduled
	queries   int
	waker     any // the state of the job that wakes clients
}

// newBase is an infobase with the extension, and in it the objects that its
// overridable modules name; empty leaves those out.
func newBase(t *testing.T, k kind, empty bool) *base {
	t.Helper()
	w := bsltest.New(k.target)
	t.Cleanup(w.Close)
	b := &base{World: w, t: t, kind: k, phones: map[string][]string{}}
	w.AddConfiguration()
	w.User = bsltest.User{UID: ivanovID, Name: "ivanov", FullName: "Иванов И."}
	b.state = w.Meta.Register("ЗмрСостояние", []string{"Ключ"}, []string{"Значение"})
	b.records = w.Meta.Register("ЗмрЗаписи", []string{"Звонок"}, []string{"Документ", "Звук"})
	b.job = w.Schedule("ЗмрОбмен")
	if !empty {
		b.clients = w.Meta.Catalog("Контрагенты")
		b.interests = w.Meta.Document("Интерес", "Клиент", "Закрыт", "Телефон")
		b.calls = w.Meta.Document("ТелефонныйЗвонок", "Входящий", "АбонентКакСвязаться", "АбонентПредставление", "Тема", "Описание")
		w.Meta.Processing("МастерФормированияИнтереса", "Телефон", "Клиент")
	}
	w.OnQuery = b.query
	b.load()
	return b
}

// load takes the modules of the layers as the platform would, by what the
// metadata say of them.
func (b *base) load() {
	b.t.Helper()
	files := map[string]string{}
	for _, layer := range b.kind.layers {
		root := filepath.Join(folder, layer)
		err := filepath.WalkDir(root, func(file string, d os.DirEntry, err error) error {
			if err != nil {
				return err
			}
			rest, err := filepath.Rel(root, file)
			if err == nil && !d.IsDir() {
				files[filepath.ToSlash(rest)] = file
			}
			return err
		})
		if err != nil {
			b.t.Fatal(err)
		}
	}
	configuration := b.read(files["Configuration.xml"])
	named := func(kind string) (names []string) {
		for _, m := range regexp.MustCompile(`<`+kind+`>([^<]+)</`+kind+`>`).FindAllStringSubmatch(configuration, -1) {
			names = append(names, m[1])
		}
		return names
	}
	for _, name := range named("CommonModule") {
		flags := b.read(files["CommonModules/"+name+".xml"])
		on := func(flag string) bool { return strings.Contains(flags, "<"+flag+">true</") }
		b.module(bsltest.Module{Name: name, Kind: bsltest.CommonModule, File: files["CommonModules/"+name+"/Ext/Module.bsl"], Flags: bsltest.Flags{
			ClientManaged: on("ClientManagedApplication"), ClientOrdinary: on("ClientOrdinaryApplication"), Server: on("Server"), ExternalConnection: on("ExternalConnection"),
			ServerCall: on("ServerCall"), Global: on("Global")}})
	}
	for _, name := range named("CommonForm") {
		var attrs []string
		for _, m := range regexp.MustCompile(`<Attribute name="([^"]+)"`).FindAllStringSubmatch(b.read(files["CommonForms/"+name+"/Ext/Form.xml"]), -1) {
			attrs = append(attrs, m[1])
		}
		b.FormAttr("ОбщаяФорма."+name, attrs...)
		b.module(bsltest.Module{Name: "ОбщаяФорма." + name, Kind: bsltest.FormModule, File: files["CommonForms/"+name+"/Ext/Form/Module.bsl"]})
	}
	b.module(bsltest.Module{Name: "Приложение", Kind: bsltest.ManagedAppModule, Text: "// модуль конфигурации\n"})
	b.module(bsltest.Module{Name: "Приложение", Kind: bsltest.ManagedAppModule, Extends: true, File: files["Ext/ManagedApplicationModule.bsl"]})
	if err := b.Link(); err != nil {
		b.t.Fatal(err)
	}
}

func (b *base) read(file string) string {
	b.t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	return string(raw)
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
	b.phones[uid] = append(b.phones[uid], phone)
	if interest != "" {
		b.interests.Add(interest, map[string]any{"Клиент": ref, "Закрыт": false, "ПометкаУдаления": false, "Номер": "17", "Дата": b.Now(), "Телефон": phone})
	}
}

// query answers the queries of the shipped modules.
func (b *base) query(text string, params map[string]any) ([]map[string]any, error) {
	b.queries++
	var rows []map[string]any
	from := regexp.MustCompile(`ИЗ\s+(\S+)`).FindStringSubmatch(text)[1]
	refs, _ := params["Ссылки"].([]any)
	among := func(r any) bool { return slices.ContainsFunc(refs, func(x any) bool { return uidOf(x) == uidOf(r) }) }
	switch {
	case from == "РегистрСведений.ЗмрСостояние":
		prefix := strings.TrimSuffix(params["Начало"].(string), "%")
		for _, r := range b.state.Rows() {
			if strings.HasPrefix(r["Ключ"].(string), prefix) {
				rows = append(rows, r)
			}
		}
		slices.SortFunc(rows, func(x, y map[string]any) int { return strings.Compare(x["Ключ"].(string), y["Ключ"].(string)) })
	case from == "Справочник.Контрагенты.КонтактнаяИнформация" && params["Номер"] != nil:
		for _, r := range b.clients.Rows() {
			for _, p := range b.phones[uidOf(r["Ссылка"])] {
				if strings.HasSuffix(p, strings.TrimPrefix(params["Номер"].(string), "%")) {
					rows = append(rows, map[string]any{"Ссылка": r["Ссылка"]})
				}
			}
		}
	case from == "Справочник.Контрагенты.КонтактнаяИнформация":
		for _, r := range b.clients.Rows() {
			for _, p := range b.phones[uidOf(r["Ссылка"])] {
				if among(r["Ссылка"]) {
					rows = append(rows, map[string]any{"Ссылка": r["Ссылка"], "Телефон": p})
				}
			}
		}
	case from == "Справочник.Контрагенты" && params["После"] != nil:
		for _, r := range b.clients.Rows() {
			if uidOf(r["Ссылка"]) > uidOf(params["После"]) {
				rows = append(rows, r)
			}
		}
		slices.SortFunc(rows, func(x, y map[string]any) int {
			return strings.Compare(uidOf(x["Ссылка"]), uidOf(y["Ссылка"]))
		})
		rows = rows[:min(500, len(rows))]
	case from == "Справочник.Контрагенты" && refs != nil:
		for _, r := range b.clients.Rows() {
			if among(r["Ссылка"]) {
				rows = append(rows, r)
			}
		}
	case from == "Документ.Интерес" && (refs != nil || params["Номер"] != nil):
		for _, r := range b.interests.Rows() {
			phone, _ := params["Номер"].(string)
			if r["Закрыт"] == false && (refs != nil && among(r["Клиент"]) || phone != "" && strings.HasSuffix(r["Телефон"].(string), strings.TrimPrefix(phone, "%"))) {
				rows = append(rows, r)
			}
		}
	case params["Ссылка"] != nil: // does it exist?
		table := b.Meta.Find(from)
		for _, r := range table.Rows() {
			if uidOf(r["Ссылка"]) == uidOf(params["Ссылка"]) {
				rows = append(rows, r)
			}
		}
	default:
		return nil, fmt.Errorf("a query that the test does not know: %s", text)
	}
	return rows, nil
}

func uidOf(v any) string {
	if r, ok := v.(*bsltest.Ref); ok {
		return r.UID()
	}
	return ""
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

// connect puts address and key where the settings form puts them.
func (b *base) connect(address, key string) {
	b.state.Put(map[string]any{"Ключ": "настройка.Адрес", "Значение": address})
	b.state.Put(map[string]any{"Ключ": "настройка.Ключ", "Значение": key})
}

// until lets the client live, its clock several times as fast, until ok.
func (b *base) until(what string, ok func() bool) {
	b.t.Helper()
	if !b.RunFast(15*time.Second, 4, ok) {
		b.t.Fatalf("no %s; shown %v, opened %v, errors %v, log %v", what, b.toasts(), b.opened(), b.Errors(), b.Log)
	}
}

// toasts are the texts of all toasts there were.
func (b *base) toasts() (all []string) {
	for _, t := range b.Screen.Shown {
		all = append(all, t.Text+" | "+t.Explanation)
	}
	return all
}

// opened are the forms and links that were opened.
func (b *base) opened() (all []string) {
	for _, o := range b.Screen.Opened {
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

// state of the client as the extension keeps it.
func (b *base) client1C(field string) any {
	b.t.Helper()
	v, err := b.Call("ЗмрКлиент.ТекущееСостояние")
	if err != nil {
		b.t.Fatal(err)
	}
	m, _ := bsltest.Go(v).(map[string]any)
	return m[field]
}

func hostOf(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return ""
	}
	return u.Host
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
