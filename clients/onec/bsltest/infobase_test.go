package bsltest

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// infobase is a World with some data.
func infobase(t *testing.T, target Target, text string) (*World, *Ref, *Ref) {
	t.Helper()
	w := New(target)
	t.Cleanup(w.Close)
	w.Meta.Enum("Виды", "Телефон", "Почта")
	clients := w.Meta.Catalog("Контрагенты", "Ответственный").Section("Контакты", "Вид", "Номер")
	interests := w.Meta.Document("Интерес", "Клиент", "Закрыт")
	w.Meta.Register("Настройки", []string{"Ключ"}, []string{"Значение"}).Initial(map[string]any{"Ключ": "", "Значение": ""})
	w.Meta.Constant("Адрес", "http://x")
	w.Meta.Processor("Мастер", "Телефон", "Клиент")
	romashka := clients.Add("51012ccc-397d-11de-b595-00055d80a2b9", map[string]any{"Наименование": "Ромашка"})
	other := clients.Add("", map[string]any{"Наименование": "Лютик", "ПометкаУдаления": true})
	clients.AddLine(romashka, "Контакты", map[string]any{"Вид": w.Meta.EnumValue("Виды", "Телефон"), "Номер": "79031234567"})
	clients.AddLine(romashka, "Контакты", map[string]any{"Вид": w.Meta.EnumValue("Виды", "Почта"), "Номер": "a@b"})
	for i, closed := range []bool{false, true, false} {
		interests.Add("", map[string]any{"Номер": string(rune('1' + i)), "Дата": Value(emptyDate().addSeconds(intNum(int64(i)))), "Клиент": romashka, "Закрыт": closed})
	}
	kind := ServerModule
	if target.ordinary() {
		kind = ClientModule
	}
	if err := w.Load(Module{Name: "Проба", Kind: kind, Text: text}); err != nil {
		t.Fatal(err)
	}
	return w, romashka, other
}

// TestQueries is what the infobase answers.
func TestQueries(t *testing.T) {
	w, romashka, _ := infobase(t, thin, `
		Функция Спросить(Текст, Параметры) Экспорт
			Запрос = Новый Запрос(Текст);
			Для Каждого Пара Из Параметры Цикл
				Запрос.УстановитьПараметр(Пара.Ключ, Пара.Значение);
			КонецЦикла;
			Результат = "";
			Выборка = Запрос.Выполнить().Выбрать();
			Пока Выборка.Следующий() Цикл
				Результат = Результат + "[" + Выборка.К + "]";
			КонецЦикла;
			Возврат Результат;
		КонецФункции`)
	for _, c := range []struct {
		text   string
		params map[string]any
		want   string
	}{
		{"ВЫБРАТЬ К.Наименование КАК К ИЗ Справочник.Контрагенты КАК К УПОРЯДОЧИТЬ ПО К", nil, "[Лютик][Ромашка]"},
		{"ВЫБРАТЬ К.Наименование КАК К ИЗ Справочник.Контрагенты КАК К ГДЕ НЕ К.ПометкаУдаления", nil, "[Ромашка]"},
		{"ВЫБРАТЬ РАЗРЕШЕННЫЕ ПЕРВЫЕ 1 Т.Ссылка КАК К ИЗ Справочник.Контрагенты КАК Т ГДЕ Т.Ссылка = &С", map[string]any{"С": romashka}, "[Ромашка]"},
		{"ВЫБРАТЬ И.Номер КАК К ИЗ Документ.Интерес КАК И ГДЕ И.Клиент В(&Все) И НЕ И.Закрыт УПОРЯДОЧИТЬ ПО И.Дата УБЫВ", map[string]any{"Все": []any{romashka}}, "[3][1]"},
		{"ВЫБРАТЬ ПЕРВЫЕ 2\n\tИ.Номер КАК К\nИЗ\n\tДокумент.Интерес КАК И\nГДЕ\n\t(И.Закрыт = ИСТИНА ИЛИ И.Номер <> \"1\")\n", nil, "[2][3]"},
		{"ВЫБРАТЬ И.Клиент.Наименование КАК К ИЗ Документ.Интерес КАК И ГДЕ И.Номер МЕЖДУ \"2\" И \"3\"", nil, "[Ромашка][Ромашка]"},
		{"ВЫБРАТЬ РАЗЛИЧНЫЕ И.Клиент КАК К ИЗ Документ.Интерес КАК И", nil, "[Ромашка]"},
		{"ВЫБРАТЬ Т.Номер КАК К ИЗ Справочник.Контрагенты.Контакты КАК Т ГДЕ Т.Вид = ЗНАЧЕНИЕ(Перечисление.Виды.Телефон)", nil, "[79031234567]"},
		{"ВЫБРАТЬ Т.Ссылка.Наименование КАК К ИЗ Справочник.Контрагенты.Контакты КАК Т ГДЕ Т.Номер ПОДОБНО &Н", map[string]any{"Н": "%9031234567"}, "[Ромашка]"},
		{"ВЫБРАТЬ К.Наименование КАК К ИЗ Справочник.Контрагенты КАК К ГДЕ К.Ссылка > &П И К.Наименование НЕ ПОДОБНО \"Л%\"", map[string]any{"П": &Ref{romashka.Table(), emptyUUID}}, "[Ромашка]"},
	} {
		v, err := w.CallServer("Проба.Спросить", c.text, Map(c.params))
		if err != nil || v != c.want {
			t.Errorf("%s\n gives %v (%v), want %s", c.text, v, err, c.want)
		}
	}
	for text, want := range map[string]string{
		"ВЫБРАТЬ К.Нет КАК К ИЗ Справочник.Контрагенты КАК К":                                          "Поле не найдено \"Нет\"",
		"ВЫБРАТЬ Н.А КАК К ИЗ Справочник.Нет КАК Н":                                                    "Таблица не найдена \"Справочник.Нет\"",
		"ВЫБРАТЬ К.Код КАК К ИЗ Справочник.Контрагенты КАК К ГДЕ К.Код = &Нет":                         "Не задано значение параметра \"Нет\"",
		"ВЫБРАТЬ К.Код КАК К ИЗ Справочник.Контрагенты КАК К ЛЕВОЕ СОЕДИНЕНИЕ Документ.Интерес ПО 1=1": "не поддерживается: ЛЕВОЕ",
		"ВЫБРАТЬ К.Код + 1 КАК К ИЗ Справочник.Контрагенты КАК К":                                      "не поддерживается: +",
		"ВЫБРАТЬ К.Код КАК К ПОМЕСТИТЬ ВТ ИЗ Справочник.Контрагенты КАК К":                             "не поддерживается: ПОМЕСТИТЬ",
		"ВЫБРАТЬ * ИЗ Справочник.Контрагенты КАК К":                                                    "ожидается имя",
		"ВЫБРАТЬ КОЛИЧЕСТВО(*) КАК К ИЗ Справочник.Контрагенты КАК К":                                  "Поле не найдено \"КОЛИЧЕСТВО\"",
		"ВЫБРАТЬ СУММА(К.Код) КАК К ИЗ Справочник.Контрагенты КАК К":                                   "Поле не найдено \"СУММА\"",
		"ВЫБРАТЬ ВЫБОР КОГДА ИСТИНА ТОГДА 1 КОНЕЦ КАК К ИЗ Справочник.Контрагенты КАК К":               "Поле не найдено \"ВЫБОР\"",
		"ВЫБРАТЬ К.Код КАК К ИЗ Справочник.Контрагенты КАК К СГРУППИРОВАТЬ ПО К.Код":                   "не поддерживается: СГРУППИРОВАТЬ",
		"ВЫБРАТЬ К.Код КАК К ИЗ Справочник.Контрагенты КАК К ОБЪЕДИНИТЬ ВСЕ ВЫБРАТЬ 1":                 "не поддерживается: ОБЪЕДИНИТЬ",
		"ВЫБРАТЬ К.Код КАК К ИЗ Справочник.Контрагенты КАК К; ВЫБРАТЬ 1":                               "не поддерживается: ВЫБРАТЬ",
		"ВЫБРАТЬ К.Код КАК К ИЗ Справочник.Контрагенты КАК К, Документ.Интерес КАК И":                  "не поддерживается: ,",
		"ВЫБРАТЬ К.Код КАК К ИЗ Справочник.Контрагенты КАК К ДЛЯ ИЗМЕНЕНИЯ":                            "не поддерживается: ДЛЯ",
		"ВЫБРАТЬ К.Код КАК К ИЗ Справочник.Контрагенты КАК К УПОРЯДОЧИТЬ ПО К ИТОГИ ПО ОБЩИЕ":          "не поддерживается: ИТОГИ",
		"ВЫБРАТЬ К.Код КАК К ИЗ Справочник.Контрагенты КАК К ГДЕ К.Ссылка В ИЕРАРХИИ(&Г)":              "ожидается (",
		"ВЫБРАТЬ К.Код КАК К ИЗ Справочник.Контрагенты КАК К ГДЕ К.Ссылка В (ВЫБРАТЬ 1)":               "Поле не найдено \"ВЫБРАТЬ\"",
		"ВЫБРАТЬ К.Код КАК К ИЗ Справочник.Контрагенты КАК К ГДЕ К.Код":                                "не является логическим выражением",
		"ВЫБРАТЬ К.Код КАК К ИЗ Справочник.Контрагенты КАК К ГДЕ К.Код ПОДОБНО \"[0-9]%\"":             "наборы символов",
		"ВЫБРАТЬ Н.Значение КАК К ИЗ РегистрСведений.Настройки.СрезПоследних КАК Н":                    "Таблица не найдена",
	} {
		if _, err := w.CallServer("Проба.Спросить", text, Map(nil)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	w.OnQuery = func(text string, params map[string]any) ([]map[string]any, error) {
		if params["П"] == 1 {
			return []map[string]any{{"К": "от теста"}}, nil
		}
		if params["П"] == 2 {
			return nil, errors.New("нет прав")
		}
		return nil, ErrInfobase
	}
	ask := func(p int) string {
		v, err := w.CallServer("Проба.Спросить", "ВЫБРАТЬ К.Наименование КАК К ИЗ Справочник.Контрагенты КАК К ГДЕ НЕ К.ПометкаУдаления", Map(map[string]any{"П": p}))
		if err != nil {
			return errAs(err).Text
		}
		return str(v)
	}
	if got := []string{ask(1), ask(2), ask(3)}; !reflect.DeepEqual(got, []string{"[от теста]", "нет прав", "[Ромашка]"}) {
		t.Error(got)
	}
}

// TestObjects: references, objects, registers, constants, metadata.
func TestObjects(t *testing.T) {
	for _, c := range []struct {
		body string
		want any
	}{
		{`Возврат ПолучитьНавигационнуюСсылку(Р);`, "e1cib/data/Справочник.Контрагенты?ref=b59500055d80a2b911de397d51012ccc"},
		{`Возврат Строка(Р) + Р.Наименование + Р.Метаданные().ПолноеИмя();`, "РомашкаРомашкаСправочник.Контрагенты"},
		{`Возврат Справочники.Контрагенты.ПолучитьСсылку(Р.УникальныйИдентификатор()) = Р;`, true},
		{`Возврат Справочники["Контрагенты"].ПолучитьСсылку(Новый УникальныйИдентификатор).ПолучитьОбъект() = Неопределено;`, true},
		{`Возврат Справочники.Контрагенты.ПустаяСсылка().Пустая() И Не Р.Пустая() И ЗначениеЗаполнено(Р);`, true},
		{`Возврат Справочники.Контрагенты.НайтиПоНаименованию("Ромашка") = Р;`, true},
		{`О = Р.ПолучитьОбъект(); О.Ответственный = "и"; Было = Р.Ответственный; О.Записать(); Возврат Строка(Было) + Р.Ответственный;`, "и"},
		{`Д = Документы.Интерес.СоздатьДокумент(); Д.Клиент = Р; Новый_ = Д.ЭтоНовый(); Д.Записать(); Возврат Новый_ И Не Д.ЭтоНовый() И Д.Ссылка.Клиент = Р;`, true},
		{`З = РегистрыСведений.Настройки.СоздатьМенеджерЗаписи(); З.Ключ = "а"; З.Прочитать(); Нет = З.Выбран(); З.Ключ = "а"; З.Значение = "б"; З.Записать();
			Х = РегистрыСведений.Настройки.СоздатьМенеджерЗаписи(); Х.Ключ = "а"; Х.Прочитать(); Возврат Строка(Нет) + Строка(Х.Выбран()) + Х.Значение;`, "НетДаб"},
		{`Н = РегистрыСведений.Настройки.СоздатьНаборЗаписей(); Н.Отбор.Ключ.Установить("а"); З = Н.Добавить(); З.Значение = "1"; Н.Записать(); Н.Очистить(); Н.Прочитать(); Возврат Н.Количество() + Н[0].Значение;`, 2},
		{`Константы.Адрес.Установить("y"); Возврат Константы.Адрес.Получить();`, "y"},
		{`Возврат Метаданные.Справочники.Найти("Нет") = Неопределено И Метаданные.Обработки.Найти("Мастер") <> Неопределено;`, true},
		{`Возврат Перечисления.Виды.Телефон = ПредопределенноеЗначение("Перечисление.Виды.Телефон");`, true},
		{`П = ПользователиИнформационнойБазы.ТекущийПользователь(); Возврат П.Имя + Строка(П.УникальныйИдентификатор = Новый УникальныйИдентификатор("11111111-1111-1111-1111-111111111111"));`, "ИвановДа"},
		{`ХранилищеОбщихНастроек.Сохранить("О", "К", 5); Возврат ХранилищеОбщихНастроек.Загрузить("О", "К") + ?(ХранилищеОбщихНастроек.Загрузить("О", "Н") = Неопределено, 1, 0);`, 6},
		{`ЗаписьЖурналаРегистрации("З", УровеньЖурналаРегистрации.Ошибка, , , "беда"); Возврат 1;`, 1},
	} {
		w, romashka, _ := infobase(t, thin, "Функция Тест(Р) Экспорт\n"+c.body+"\nКонецФункции")
		got, err := w.CallServer("Проба.Тест", romashka)
		if err != nil || Go(got) != c.want {
			t.Errorf("%s\n gives %v (%v), want %v", c.body, got, err, c.want)
		}
		if strings.Contains(c.body, "Журнала") && (len(w.Log) != 1 || w.Log[0].Comment != "беда" || !w.Log[0].Server) {
			t.Errorf("%+v", w.Log)
		}
		if w.Meta.RefOfLink(romashka.Link()).UID() != romashka.UID() {
			t.Error("a link does not lead back")
		}
	}
}

// TestOrdinaryObjects: forms of objects and of data processors in the ordinary
// application.
func TestOrdinaryObjects(t *testing.T) {
	w, romashka, _ := infobase(t, ordinary, `
		Функция Открыть(Р) Экспорт
			Форма = Р.ПолучитьФорму();
			Если Форма <> Неопределено Тогда
				Форма.Открыть();
			КонецЕсли;
			М = Обработки.Мастер.Создать();
			М.Телефон = "+7";
			М.ПолучитьФорму("Форма").Открыть();
			ОткрытьЗначение(Р);
			Возврат Форма <> Неопределено;
		КонецФункции`)
	if v, err := w.Call("Проба.Открыть", romashka); err != nil || v != true {
		t.Fatal(v, err)
	}
	o := w.Screen.Opened
	if len(o) != 3 || o[0].Ref.UID() != romashka.UID() || o[1].Name != "Обработка.Мастер.Форма" || o[1].Params["Телефон"] != "+7" || o[2].How != "значение" {
		t.Errorf("%+v", o)
	}
	romashka.Table().Delete(romashka)
	if v, err := w.Call("Проба.Открыть", romashka); err != nil || v != false {
		t.Error("the form of an object that is gone", v, err)
	}
}

// TestJobs: background jobs, scheduled ones, and the push to clients.
func TestJobs(t *testing.T) {
	w := world(t, Target{Version: "8.3.27.1935", Context: ThinClient}, map[string]string{"С:s": `
		Процедура Работа(Х) Экспорт
			Если Х = 0 Тогда
				ВызватьИсключение "плохо";
			КонецЕсли;
			Номера = Новый Массив;
			Номера.Добавить(Х);
			УведомленияКлиента.ОтправитьУведомление("К", Новый Структура("Х", Х), Номера);
		КонецПроцедуры
		Процедура Запустить(Х) Экспорт
			П = Новый Массив;
			П.Добавить(Х);
			З = ФоновыеЗадания.Выполнить("С.Работа", П, "ключ" + Х);
			Если З.Состояние <> СостояниеФоновогоЗадания.Активно Тогда
				ВызватьИсключение "оно уже кончилось";
			КонецЕсли;
		КонецПроцедуры
		Процедура ПоРасписанию() Экспорт
			РегламентныеЗадания.НайтиПредопределенное("Обмен").Использование = Истина;
		КонецПроцедуры`, "К": `
		Процедура Начать() Экспорт
			УведомленияКлиента.ПодключитьОбработчик("К", Новый ОписаниеОповещения("Пришло", К));
		КонецПроцедуры
		Процедура Пришло(Данные, Доп) Экспорт
			Сообщить(Данные.Х);
		КонецПроцедуры`})
	if _, err := w.Call("К.Начать"); err != nil {
		t.Fatal(err)
	}
	for _, x := range []int{1, 2, 0} { // the World is session 1
		if _, err := w.CallServer("С.Запустить", x); err != nil {
			t.Fatal(err)
		}
	}
	if got := strings.Join(w.Screen.Messages, ","); got != "1" || len(w.Pushed) != 2 {
		t.Errorf("%s, %+v", got, w.Pushed)
	}
	if errs := w.JobErrors(); len(errs) != 1 || errs[0].Text != "плохо" {
		t.Errorf("%v", errs)
	}
	w.ScheduledJob("Обмен", "С.ПоРасписанию")
	if err := w.RunScheduled("Обмен"); err != nil || !w.Scheduled("Обмен") {
		t.Error(err, w.Scheduled("Обмен"))
	}
}

// TestLoadDump loads a small dump of the Configurator.
func TestLoadDump(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte("\ufeff"+strings.ReplaceAll(text, "\n", "\r\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	module := func(folder, name, flags, text string) {
		write(folder+"/CommonModules/"+name+".xml", "<MetaDataObject><CommonModule><Properties><Name>"+name+"</Name>"+flags+"</Properties></CommonModule></MetaDataObject>")
		write(folder+"/CommonModules/"+name+"/Ext/Module.bsl", text)
	}
	client := "<ClientManagedApplication>true</ClientManagedApplication>"
	module("a", "Кл", client, "Функция Кто() Экспорт\n\tВозврат \"первый\";\nКонецФункции\n")
	module("a", "Лишний", client, "Процедура А()\n\tНетТакой();\nКонецПроцедуры\n")
	module("a", "Гл", client+"<Global>true</Global>", "Функция Тут() Экспорт\n\tВозврат Кл.Кто() + Ср.Оттуда() + Строка(Мое);\nКонецФункции\n")
	module("a", "Ср", "<Server>true</Server><ServerCall>true</ServerCall>", "Функция Оттуда() Экспорт\n\tВозврат РегистрыСведений.Рег.СоздатьМенеджерЗаписи().Значение + \"!\";\nКонецФункции\n")
	module("b", "Кл", client, "Функция Кто() Экспорт\n\tВозврат \"второй\";\nКонецФункции\n")
	write("a/Ext/ManagedApplicationModule.bsl", "Перем Мое Экспорт;\n\n&После(\"ПриНачалеРаботыСистемы\")\nПроцедура ТлфНачало()\n\tМое = 5;\nКонецПроцедуры\n")
	write("a/InformationRegisters/Рег.xml", `<MetaDataObject xmlns:v8="http://v8.1c.ru/8.1/data/core"><InformationRegister><Properties><Name>Рег</Name></Properties><ChildObjects>
		<Dimension><Properties><Name>Ключ</Name><Type><v8:Type>xs:string</v8:Type></Type></Properties></Dimension>
		<Resource><Properties><Name>Значение</Name><Type><v8:Type>xs:string</v8:Type></Type></Properties></Resource></ChildObjects></InformationRegister></MetaDataObject>`)
	write("a/CommonForms/Ф/Ext/Form.xml", `<Form xmlns:v8="x"><Attributes><Attribute name="Сколько"><Type><v8:Type>xs:decimal</v8:Type></Type></Attribute></Attributes></Form>`)
	write("a/CommonForms/Ф/Ext/Form/Module.bsl", "&НаКлиенте\nПроцедура ПриОткрытии(Отказ)\n\tСколько = Сколько + 1;\nКонецПроцедуры\n")
	write("a/ScheduledJobs/Обмен.xml", "<MetaDataObject><ScheduledJob><Properties><Name>Обмен</Name><MethodName>CommonModule.Ср.Оттуда</MethodName></Properties></ScheduledJob></MetaDataObject>")
	write("b/Configuration.xml", "<MetaDataObject><Configuration><ChildObjects><CommonModule>Кл</CommonModule><CommonModule>Гл</CommonModule><CommonModule>Ср</CommonModule></ChildObjects></Configuration></MetaDataObject>")

	w := New(thin)
	defer w.Close()
	if err := w.LoadDump(filepath.Join(dir, "a"), filepath.Join(dir, "b")); err != nil {
		t.Fatal(err)
	}
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	if v, err := w.Call("Тут"); err != nil || v != "второй!5" {
		t.Errorf("%v, %v", v, err)
	}
	if err := w.RunScheduled("Обмен"); err != nil {
		t.Error(err)
	}
	f := w.newForm("ОбщаяФорма.Ф", newStructure())
	w.show(f, "форма")
	if f.Attr("Сколько") != 1 {
		t.Errorf("%v", f.Attr("Сколько"))
	}
}
