package onectest_test

import (
	"crypto/tls"
	"crypto/x509"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"zummer/clients/onec/bsltest"
)

// ordinarySection is what README.md says of ordinary forms.
func ordinarySection(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(folder, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, found := strings.Cut(string(raw), "## Обычные формы")
	section, _, ended := strings.Cut(rest, "\n## ")
	if !found || !ended {
		t.Fatal("README.md has no section on ordinary forms")
	}
	return section
}

// TestOrdinaryReadme: README.md names every file, every element and handler of
// the forms, and nothing that is not there.
func TestOrdinaryReadme(t *testing.T) {
	section := ordinarySection(t)
	files, err := filepath.Glob(filepath.Join(folder, "ordinary", "*.bsl"))
	if err != nil || len(files) != 7 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	all := ""
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text, name := string(raw), filepath.Base(file)
		all += text
		if !strings.Contains(section, "(ordinary/"+name+")") {
			t.Errorf("README.md does not say where %s goes", name)
		}
		if !strings.HasPrefix(name, "Форма") {
			continue
		}
		names := regexp.MustCompile(`ЭлементыФормы\.([А-Яа-я]+)`).FindAllStringSubmatch(text, -1)
		names = append(names, regexp.MustCompile(`(?m)^Процедура ([А-Яа-я]+)\([^)]*\)\r$`).FindAllStringSubmatch(text, -1)...) // what is not exported is an event
		for _, m := range names {
			if !strings.Contains(section, "`"+m[1]+"`") {
				t.Errorf("%s needs %s, README.md does not name it", name, m[1])
			}
		}
	}
	for _, name := range []string{"Уведомление", "Кандидаты", "Адрес", "Токен", "ОткрыватьСразу"} { // the attributes that the tests declare
		if !strings.Contains(section, "`"+name+"`") {
			t.Errorf("README.md does not name the attribute %s", name)
		}
	}
	for _, m := range regexp.MustCompile("`(змр[А-Яа-я]+|[А-Яа-я]+(?:Нажатие|Выбор))").FindAllStringSubmatch(section, -1) {
		if !strings.Contains(all, " "+m[1]+"(") {
			t.Errorf("README.md names %s, which is not there", m[1])
		}
	}
}

// TestOrdinaryPasted: the two lines in a module of an application that has
// variables and a start of its own; without settings nothing is asked.
func TestOrdinaryPasted(t *testing.T) {
	t.Parallel()
	section := ordinarySection(t)
	for _, line := range []string{"Перем змрС Экспорт;", "змрНачать();"} {
		if !strings.Contains(section, "`"+line+"`") {
			t.Errorf("README.md does not show %s", line)
		}
	}
	own := func(first, last string) map[string]func(string) string {
		return map[string]func(string) string{"МодульПриложения": func(string) string {
			return "Перем глВерсия Экспорт;\r\n" + first + "\r\nПерем глДругое;\r\n\r\nПроцедура ПриНачалеРаботыСистемы()\r\n\tглВерсия = \"1.3\";\r\n" + last +
				"\r\nКонецПроцедуры\r\n\r\nПроцедура ПриЗавершенииРаботыСистемы()\r\n\tглДругое = Неопределено;\r\nКонецПроцедуры\r\n"
		}}
	}
	s := newService(t)
	b := pasted(t, ordinaryKinds[0], own("Перем змрС Экспорт;", "\tзмрНачать();"))
	token := b.seat(s)
	if _, ticks := b.NextTick(); ticks {
		t.Error("it asks without an address")
	}
	b.remember(s.URL, token, true)
	s.call()
	b.until("form", func() bool { return b.openedRef(interestID) })
	b.quiet()

	err := pasted(t, ordinaryKinds[0], own("", "\tзмрНачать();")).Link()
	if err == nil || !strings.Contains(err.Error(), "Переменная не определена (змрС)") {
		t.Errorf("without the variable: %v", err)
	}
}

// TestOrdinarySettings: the form shows what is kept, keeps what is typed, and
// the next start uses it. An address is taken as people write it.
func TestOrdinarySettings(t *testing.T) {
	t.Parallel()
	s := newService(t)
	k := ordinaryKinds[0]
	b := pasted(t, k, map[string]func(string) string{"МодульПриложения": func(text string) string {
		return text + "\r\nПроцедура ТестНастройки() Экспорт\r\n\tОбработки.ЗмрНастройки.Создать().ПолучитьФорму(\"Форма\").Открыть();\r\nКонецПроцедуры\r\n"
	}})
	open := func() *bsltest.Form {
		t.Helper()
		if _, err := b.Call("ТестНастройки"); err != nil {
			t.Fatal(err)
		}
		return b.Screen.Opened[len(b.Screen.Opened)-1].Form
	}
	token := b.seat(s)
	form := open()
	if form.Attr("Адрес") != "" || form.Attr("Токен") != "" || form.Attr("ОткрыватьСразу") != true {
		t.Errorf("before anything is typed: %v, %v, %v", form.Attr("Адрес"), form.Attr("Токен"), form.Attr("ОткрыватьСразу"))
	}
	form.SetField(nil, "Адрес", " "+strings.TrimPrefix(s.URL, "http://")+"/ ")
	form.SetField(nil, "Токен", token+"\n")
	form.SetField(nil, "ОткрыватьСразу", false)
	if err := b.FormCall(form, "СохранитьНажатие", nil); err != nil {
		t.Fatal(err)
	}
	b.until("the answer", func() bool {
		return slices.Contains(b.Screen.Messages, "Связь с сервисом звонков есть")
	})
	if form = open(); form.Attr("Адрес") != s.URL || form.Attr("Токен") != token || form.Attr("ОткрыватьСразу") != false {
		t.Errorf("afterwards: %v, %v, %v", form.Attr("Адрес"), form.Attr("Токен"), form.Attr("ОткрыватьСразу"))
	}
	if _, err := b.Call("змрОстановить"); err != nil {
		t.Fatal(err)
	}
	b.Screen.Opened = nil
	for range 2 { // the next start of the program; once more is harmless
		if err := b.Event("ПриНачалеРаботыСистемы"); err != nil {
			t.Fatal(err)
		}
	}
	s.call()
	b.until("window", func() bool { return buttons(b) == "Открыть Готово" })
	b.RunFast(time.Second, 4, nil)
	if b.windows() != "" {
		t.Errorf("opened %s", b.windows())
	}
	b.quiet()
}

// TestOrdinarySpread: clients that are started at the same moment do not ask at
// the same moment, nor do they come back so after a break.
func TestOrdinarySpread(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := newOrdinary(t, s, ordinaryKinds[2], p.URL)
	p.do(down)
	first, second := map[int]bool{}, map[int]bool{}
	for range 12 { // each with a session of its own
		for _, name := range []string{"змрОстановить", "змрНачать"} {
			if _, err := b.Call(name); err != nil {
				t.Fatal(err)
			}
		}
		p.forget()
		var asked []int // the seconds of its first requests
		for second := 1; len(asked) < 8 && second < 200; second++ {
			if b.Advance(time.Second); p.count("/v1/notifications?") > len(asked) {
				asked = append(asked, second)
			}
		}
		if len(asked) < 8 || asked[0] > 6 || asked[7]-asked[6] > 72 {
			t.Fatalf("asked at %v", asked)
		}
		first[asked[0]], second[asked[7]-asked[6]] = true, true
	}
	if len(first) < 2 || len(second) < 2 {
		t.Errorf("all ask after %v, and again after %v", first, second)
	}
	b.quiet()
}

// TestOrdinaryConnection: whatever order the constructor of HTTPСоединение has,
// a service that does not answer costs two seconds, over TLS too.
func TestOrdinaryConnection(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name         string
		kind         kind
		other, known bool
		secure       bool
	}{
		{"as in 8.3", ordinaryKinds[3], false, true, false},
		{"as in 8.3, TLS", ordinaryKinds[3], false, true, true},
		{"8.2, TLS", ordinaryKinds[2], false, true, true},
		{"8.2, the other order", ordinaryKinds[2], true, true, false},
		{"8.2, the other order, TLS", ordinaryKinds[2], true, true, true},
		{"8.2, the other order, and no word of the timeout", ordinaryKinds[2], true, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			p := newProxy(t, s.URL)
			b := ordinaryBase(t, c.kind)
			address := p.URL
			if c.secure {
				front := httptest.NewTLSServer(p)
				t.Cleanup(func() {
					front.CloseClientConnections()
					front.Close()
				})
				roots := x509.NewCertPool()
				roots.AddCert(front.Certificate())
				b.TLS, address = &tls.Config{RootCAs: roots}, front.URL
			}
			if c.other {
				b.SecureBeforeTimeout(c.known)
			}
			b.connectOrdinary(s, address, "")
			s.call()
			b.until("form", func() bool { return b.openedRef(interestID) })
			b.until("acknowledgement", func() bool { return !slices.Contains(s.pending(), "call.answered") })
			b.hurried()
			p.do(slow(15 * time.Second))
			b.until("a request in vain", func() bool { return b.LongestBlock() > 1500*time.Millisecond })
			if longest := b.LongestBlock(); longest > c.kind.promise+busy {
				t.Errorf("the window stood still for %v, promised is %v", longest, c.kind.promise)
			}
			b.quiet()
		})
	}
}
