package bsltest

import "testing"

// TestFormRefused: a form that sets Отказ at its making is not opened, throws
// nothing, and gives Неопределено; the form of an object is one, which comes to
// the front again; of an object that is gone there is none.
func TestFormRefused(t *testing.T) {
	for _, target := range []Target{thin, {Version: "8.3.6.1977", Context: ThinClient}, {Version: "8.3.27.2342", Context: WebClient}} {
		w := world(t, target, map[string]string{"К": `
		Функция Открыть(Ссылка) Экспорт
			Возврат ОткрытьФорму("Документ.Заказ.ФормаОбъекта", Новый Структура("Ключ", Ссылка)) <> Неопределено;
		КонецФункции`})
		orders := w.Meta.Document("Заказ")
		yes, no := orders.Add("", map[string]any{"Проведен": false}), orders.Add("", map[string]any{"Проведен": true})
		if err := w.Load(Module{Name: "Документ.Заказ.ФормаОбъекта", Kind: FormModule, Text: `
&НаСервере
Процедура ПриСозданииНаСервере(Отказ, СтандартнаяОбработка)
	Отказ = Параметры.Ключ.Проведен;
КонецПроцедуры
`}); err != nil {
			t.Fatal(err)
		}
		for i, c := range []struct {
			ref            *Ref
			opened         bool
			forms, brought int
		}{{no, false, 0, 0}, {yes, true, 1, 1}, {yes, true, 1, 2}, {no, false, 1, 2}} {
			v, err := w.Call("К.Открыть", c.ref)
			if err != nil || Go(v) != c.opened || len(w.Screen.Forms) != c.forms || len(w.Screen.Opened) != c.brought {
				t.Errorf("%d: opened %v (%v), %d forms, brought to the front %d times", i, v, err, len(w.Screen.Forms), len(w.Screen.Opened))
			}
		}
		orders.Delete(yes)
		w.CloseForm(w.Screen.Forms[0], nil)
		if _, err := w.Call("К.Открыть", yes); err == nil {
			t.Error("the form of an object that is gone opened")
		}
	}
}

// TestFlatCatalog: a catalog without hierarchy says so, and has no ЭтоГруппа.
func TestFlatCatalog(t *testing.T) {
	w := world(t, thin, map[string]string{})
	if err := w.Load(Module{Name: "С", Kind: ServerModule, Text: `
Функция Группы(Имя) Экспорт
	Описание = Метаданные.Справочники[Имя];
	Возврат Описание.Иерархический И Описание.ВидИерархии = Метаданные.СвойстваОбъектов.ВидИерархии.ИерархияГруппИЭлементов;
КонецФункции
Функция Всего(Имя) Экспорт
	Запрос = Новый Запрос("ВЫБРАТЬ Т.Ссылка КАК Ссылка ИЗ Справочник." + Имя + " КАК Т ГДЕ НЕ Т.ЭтоГруппа");
	Возврат Запрос.Выполнить().Выбрать().Количество();
КонецФункции
`}); err != nil {
		t.Fatal(err)
	}
	w.Meta.Catalog("Валюты").Flat().Add("", nil)
	w.Meta.Catalog("Клиенты").Add("", nil)
	for name, groups := range map[string]bool{"Валюты": false, "Клиенты": true} {
		if v, err := w.CallServer("С.Группы", name); err != nil || v != groups {
			t.Errorf("%s: groups %v (%v)", name, v, err)
		}
		if v, err := w.CallServer("С.Всего", name); (err == nil) != groups {
			t.Errorf("%s: %v %v", name, v, err)
		}
	}
}
