package bsltest

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// world makes a World with modules; a text whose name ends in ":s" is a
// server module, ":c" a server call, ":g" a global client module, ":a" the
// application's, else a client module.
func world(t *testing.T, target Target, modules map[string]string) *World {
	t.Helper()
	w := New(target)
	t.Cleanup(w.Close)
	for name, text := range modules {
		name, kind, _ := strings.Cut(name, ":")
		k := map[string]Kind{"s": ServerModule, "c": ServerCallModule, "g": GlobalClientModule, "a": ManagedAppModule, "o": OrdinaryAppModule, "p": CachedModule}[kind]
		if err := w.Load(Module{Name: name, Kind: k, Text: text}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Link(); err != nil {
		t.Fatal(err)
	}
	return w
}

var (
	thin     = Target{Version: "8.3.22.1851", Context: ThinClient}
	old      = Target{Version: "8.3.6.1977", Context: ThinClient}
	web      = Target{Version: "8.3.15.1830", Context: WebClient}
	ordinary = Target{Version: "8.2.18.109", Context: ThickOrdinary}
)

// echo answers with what it was asked; what asks for /slow leaves first.
func echo(t *testing.T) (host, port string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if strings.HasPrefix(r.URL.Path, "/slow") {
			select {
			case <-time.After(time.Minute):
			case <-r.Context().Done():
			}
		}
		if r.URL.Path == "/503" {
			rw.Header().Set("Retry-After", "7")
			rw.WriteHeader(http.StatusServiceUnavailable)
		}
		if r.URL.Path == "/redirect" {
			http.Redirect(rw, r, "/elsewhere", http.StatusFound)
			return
		}
		fmt.Fprintf(rw, "%s %s %s [%s]", r.Method, r.URL.RequestURI(), r.Header.Get("Authorization"), body)
	}))
	t.Cleanup(s.Close)
	host, port, _ = strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	return host, port
}

func TestHTTPSync(t *testing.T) {
	host, port := echo(t)
	w := world(t, thin, map[string]string{"Сеть:s": `
		Функция Спросить(Адрес, Порт, Ресурс) Экспорт
			Соединение = Новый HTTPСоединение(Адрес, Порт, , , , ?(Ресурс = "/slow", 1, 30));
			Запрос = Новый HTTPЗапрос(Ресурс);
			Запрос.Заголовки.Вставить("Authorization", "Bearer т");
			Ответ = Соединение.Получить(Запрос);
			Возврат XMLСтрока(Ответ.КодСостояния) + " " + Ответ.ПолучитьТелоКакСтроку();
		КонецФункции
		Функция Отправить(Адрес, Порт) Экспорт
			Запрос = Новый HTTPЗапрос("/p");
			Запрос.УстановитьТелоИзСтроки("тело");
			Соединение = Новый HTTPСоединение(Адрес, Порт);
			Возврат Соединение.ВызватьHTTPМетод("PUT", Запрос).ПолучитьТелоКакСтроку();
		КонецФункции
		Функция Заголовок(Адрес, Порт, Имя) Экспорт
			Соединение = Новый HTTPСоединение(Адрес, Порт);
			Возврат Соединение.Получить(Новый HTTPЗапрос("/503")).Заголовки[Имя];
		КонецФункции`})
	number, _ := parseNum(port)
	call := func(name string, more ...any) any {
		v, err := w.CallServer("Сеть."+name, append([]any{host, number}, more...)...)
		if err != nil {
			return errAs(err).Text
		}
		return v
	}
	for _, c := range []struct {
		name string
		more []any
		want any
	}{
		{"Спросить", []any{"/a?b=1&c=%20д"}, "200 GET /a?b=1&c=%20%D0%B4 Bearer т []"},
		{"Спросить", []any{"/redirect"}, "302 <a href=\"/elsewhere\">Found</a>.\n\n"},
		{"Спросить", []any{"/503"}, "503 GET /503 Bearer т []"},
		{"Спросить", []any{"/slow"}, "Ошибка работы с Интернет: Превышено время ожидания"},
		{"Отправить", nil, "PUT /p  [тело]"},
		{"Заголовок", []any{"Retry-After"}, "7"},
		{"Заголовок", []any{"retry-after"}, any(Undefined)}, // the keys know case
	} {
		if got := call(c.name, c.more...); got != c.want {
			t.Errorf("%s %v gives %q, want %q", c.name, c.more, got, c.want)
		}
	}
}

// TestHTTPAsync: the window is free while the request waits, the procedure
// goes on when the answer is there.
func TestHTTPAsync(t *testing.T) {
	host, port := echo(t)
	w := world(t, thin, map[string]string{"Клиент": `
		Асинх Процедура Опросить(Адрес, Порт, Ресурс, Куда) Экспорт
			Куда.Добавить("начало");
			Попытка
				Соединение = Новый HTTPСоединение(Адрес, Порт, , , , ?(Ресурс = "/slow", 1, 30));
				Ответ = Ждать Соединение.ПолучитьАсинх(Новый HTTPЗапрос(Ресурс));
				Куда.Добавить(Ответ.КодСостояния);
			Исключение
				Куда.Добавить(КраткоеПредставлениеОшибки(ИнформацияОбОшибке()));
			КонецПопытки;
		КонецПроцедуры
		Асинх Функция Удвоить(Х) Экспорт
			Возврат Х * 2;
		КонецФункции
		Асинх Функция Четырежды(Х) Экспорт
			Возврат Ждать Удвоить(Ждать Удвоить(Х));
		КонецФункции
		Асинх Процедура Упасть() Экспорт
			ВызватьИсключение "никто не ждал";
		КонецПроцедуры`})
	number, _ := parseNum(port)
	for resource, want := range map[string]any{"/a": "200", "/slow": "Ошибка работы с Интернет: Превышено время ожидания"} {
		log := &array{}
		began := time.Now()
		if _, err := w.Call("Клиент.Опросить", host, number, resource, log); err != nil {
			t.Fatal(err)
		}
		if resource == "/slow" && len(log.items) != 1 && time.Since(began) < time.Second { // a quick answer may be there already
			t.Fatalf("the procedure went on before its answer: %v", log.items)
		}
		if !w.Settle(30*time.Second) || len(log.items) != 2 || str(log.items[1]) != want {
			t.Errorf("%s: %v, want %v", resource, log.items, want)
		}
	}
	if longest := w.LongestBlock(); longest != 0 {
		t.Errorf("the window stood still for %v", longest)
	}
	promise, err := w.Call("Клиент.Четырежды", 3)
	if err != nil {
		t.Fatal(err)
	}
	if v, err := w.Wait(promise, time.Second); err != nil || Go(v) != 12 {
		t.Errorf("%v, %v", v, err)
	}
	if _, err := w.Call("Клиент.Упасть"); err != nil {
		t.Fatal(err)
	}
	if errs := w.Errors(); len(errs) != 1 || errs[0].Text != "никто не ждал" {
		t.Errorf("the user saw %v", errs)
	}
}

// TestBlocking: a synchronous request and a server call stop the window, and
// how long is measured.
func TestBlocking(t *testing.T) {
	host, port := echo(t)
	w := world(t, old, map[string]string{"Клиент": `
		Процедура Спросить(Адрес, Порт) Экспорт
			Попытка
				НаСервере.Спросить(Адрес, Порт);
			Исключение
				Сообщить("нет");
			КонецПопытки;
		КонецПроцедуры`, "НаСервере:c": `
		Функция Спросить(Адрес, Порт) Экспорт
			Соединение = Новый HTTPСоединение(Адрес, Порт, , , , 1);
			Возврат Соединение.Получить(Новый HTTPЗапрос("/slow")).КодСостояния;
		КонецФункции`})
	number, _ := parseNum(port)
	if _, err := w.Call("Клиент.Спросить", host, number); err != nil {
		t.Fatal(err)
	}
	e := w.Entries()[0]
	if e.ServerCalls != 1 || e.Requests != 0 || e.Blocked < 900*time.Millisecond || e.Blocked > 30*time.Second {
		t.Errorf("%+v", e)
	}
}

// TestCOM is WinHttp as the ordinary application uses it.
func TestCOM(t *testing.T) {
	host, port := echo(t)
	w := world(t, ordinary, map[string]string{"Проба": `
		Функция Начать(Адрес) Экспорт
			Запрос = Новый COMОбъект("WinHttp.WinHttpRequest.5.1");
			Если Найти(Адрес, "/slow") > 0 Тогда
				Запрос.SetTimeouts(250, 250, 250, 250);
			КонецЕсли;
			Запрос.Open("GET", Адрес, Истина);
			Запрос.SetRequestHeader("Authorization", "Bearer т");
			Запрос.Send();
			Возврат Запрос;
		КонецФункции
		Функция Готово(Запрос) Экспорт
			Возврат Запрос.WaitForResponse(0);
		КонецФункции
		Функция Ответ(Запрос) Экспорт
			Возврат Строка(Запрос.Status) + " " + Запрос.ResponseText;
		КонецФункции`})
	ask := func(path string) (string, error) {
		x, err := w.Call("Проба.Начать", "http://"+host+":"+port+path)
		if err != nil {
			return "", err
		}
		if _, err := w.Call("Проба.Ответ", x); err == nil && path == "/slow" {
			t.Error("an answer before it came")
		}
		for range 6000 {
			ready, err := w.Call("Проба.Готово", x)
			if err != nil {
				return "", err
			}
			if ready == true {
				v, err := w.Call("Проба.Ответ", x)
				return str(v), err
			}
			<-time.After(10 * time.Millisecond)
		}
		return "", fmt.Errorf("no answer")
	}
	if got, err := ask("/a"); err != nil || got != "200 GET /a Bearer т []" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := ask("/slow"); err == nil || !strings.Contains(err.Error(), "Время ожидания операции истекло") {
		t.Errorf("%v", err)
	}
	if x, err := w.Call("Проба.Начать", "http://"+host+":"+port+"/a"); err != nil || !w.Settle(30*time.Second) {
		t.Error("Settle does not wait for a COM request", err)
	} else if ready, err := w.Call("Проба.Готово", x); err != nil || ready != true {
		t.Error(ready, err)
	}
	w.Target.NoCOM = true
	if _, err := w.Call("Проба.Начать", "http://x/"); err == nil {
		t.Error("a COM object without COM")
	}
}
