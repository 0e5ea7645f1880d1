package onectest_test

import (
	"slices"
	"testing"

	"zummer/clients/onec/bsltest"
)

// refusing gives the form of interests a module that refuses to open one of
// them, as a configuration does that checks rights or state: Отказ, and no
// exception.
func (b *base) refusing(uid string) {
	b.module(bsltest.Module{Name: "Документ.Интерес.ФормаОбъекта", Kind: bsltest.FormModule, Text: `
&НаСервере
Процедура ПриСозданииНаСервере(Отказ, СтандартнаяОбработка)
	Если Строка(Параметры.Ключ.УникальныйИдентификатор()) = "` + uid + `" Тогда
		Отказ = Истина;
	КонецЕсли;
КонецПроцедуры
`})
}

// TestFormRefuses: only a form that did open is told as opened, in every kind of
// managed client; of one that refuses the service learns that it failed, and the
// number stays on the screen.
func TestFormRefuses(t *testing.T) {
	t.Parallel()
	const card = "ОбщаяФорма.ЗмрКарточка"
	cases := []actionCase{
		{"open", `"action":"open","object":` + interestOf(interestID), nil, card, "failed", ""},
		{"open by a link", `"action":"open","object":{"link":"` + interestLink + `"}`, nil, card, "failed", ""},
		{"resolve", `"action":"resolve","phone":"+79031234567"`, func(b *base) { b.close(secondID) }, card, "failed", ""},
		{"choose", `"action":"choose","candidates":[` + interestOf(interestID) + "," + interestOf(secondID) + `]`, func(b *base) { b.Screen.Choose = func(string, []string) int { return 0 } }, card, "failed", ""},
		{"one that does not refuse", `"action":"open","object":` + interestOf(secondID), nil, "e1cib/data/Документ.Интерес?ref=a2b100155d0a0b0c11ee64ab8c1f3a52", "opened", ""},
		{"the same again, open already", `"action":"open","object":` + interestOf(secondID), nil, "e1cib/data/Документ.Интерес?ref=a2b100155d0a0b0c11ee64ab8c1f3a52", "opened", ""},
	}
	for _, k := range []kind{managedKinds[0], managedKinds[2], managedKinds[4], managedKinds[5]} {
		t.Run(k.name, func(t *testing.T) {
			t.Parallel()
			s := newService(t)
			b := newBase(t, k, false)
			b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
			b.interests.Add(secondID, map[string]any{"Клиент": b.clients.Rows()[0]["Ссылка"], "Закрыт": false, "ПометкаУдаления": false, "Номер": "18", "Дата": b.Now(), "Телефон": ""})
			b.refusing(interestID)
			b.run(s, s.URL)
			for _, c := range cases {
				t.Run(c.name, func(t *testing.T) { c.run(t, s, b) })
			}
			same := func(f *bsltest.Form) bool {
				return f.Name == "Документ.Интерес.ФормаОбъекта"
			}
			if first := slices.IndexFunc(b.Screen.Forms, same); first < 0 || slices.ContainsFunc(b.Screen.Forms[first+1:], same) {
				t.Error("the form of an interest is not one")
			}
		})
	}
}

// TestFormOfKind: which form opens what: an object's own, a group's that of
// groups; of what is not there, or is no object, none.
func TestFormOfKind(t *testing.T) {
	t.Parallel()
	const id = "33333333-4444-5555-6666-777777777777"
	b := newBase(t, managedKinds[0], false)
	b.client(clientID, "ООО Ромашка", "+79031234567", interestID)
	b.clients.Add(id, map[string]any{"Наименование": "Группа", "ПометкаУдаления": false, "ЭтоГруппа": true})
	b.Meta.Catalog("Валюты").Flat().Add(id, nil)
	b.Meta.Task("ЗадачаИсполнителя").Add(id, nil)
	for _, c := range []struct{ kind, name, uid, form string }{
		{"Документ", "Интерес", interestID, "Документ.Интерес.ФормаОбъекта"},
		{"Справочник", "Контрагенты", clientID, "Справочник.Контрагенты.ФормаОбъекта"},
		{"Справочник", "контрагенты", clientID, "Справочник.Контрагенты.ФормаОбъекта"},
		{"Справочник", "Контрагенты", id, "Справочник.Контрагенты.ФормаГруппы"},
		{"Справочник", "Валюты", id, "Справочник.Валюты.ФормаОбъекта"},
		{"Задача", "ЗадачаИсполнителя", id, "Задача.ЗадачаИсполнителя.ФормаОбъекта"},
		{"Справочник", "Контрагенты", "99999999-9999-9999-9999-999999999999", ""},
		{"РегистрСведений", "ЗмрСостояние", id, ""},
		{"Отчет", "Продажи", id, ""},
	} {
		v, err := b.Call("ЗмрВызовСервера.ОткрываемыйОбъект", c.kind, c.name, c.uid)
		if err != nil {
			t.Fatal(err)
		}
		m, _ := bsltest.Go(v).(map[string]any)
		if form, _ := m["Форма"].(string); form != c.form {
			t.Errorf("%s %s %s: %q, want %q", c.kind, c.name, c.uid, form, c.form)
		}
		if ref, ok := m["Ссылка"].(*bsltest.Ref); ok != (c.form != "") || ok && ref.UID() != c.uid {
			t.Errorf("%s %s %s: the reference is %v", c.kind, c.name, c.uid, m["Ссылка"])
		}
	}
}

// TestContactsWithoutGroups: a catalogue of clients without groups is sent too.
func TestContactsWithoutGroups(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := serverBase(t, s.URL, s.key)
	b.clients.Flat()
	ref := b.clients.Add(clientID, map[string]any{"Наименование": "ООО Ромашка", "ПометкаУдаления": false})
	b.clients.AddLine(ref, "КонтактнаяИнформация", map[string]any{"Тип": b.Meta.EnumValue("ТипыКонтактнойИнформации", "Телефон"), "Представление": "+79031234567"})
	b.exchange()
	if c := s.contact("+79031234567"); c["name"] != "ООО Ромашка" {
		t.Errorf("the contact is %v, log %v", c, b.Log)
	}
	b.quiet()
}
