package onec_test

import (
	"encoding/xml"
	"flag"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the tables of README.md that are made of the metadata")

// TestByHand: where no extension can be loaded the objects are made by hand, by
// tables of README.md; these say what the metadata say. -update writes them.
func TestByHand(t *testing.T) {
	const from, to = "<!-- таблицы из метаданных -->\n\n", "<!-- конец таблиц -->\n"
	old := readme(t)
	before, rest, found := strings.Cut(old, from)
	_, after, closed := strings.Cut(rest, to)
	if !found || !closed {
		t.Fatal("README.md has no place for the tables")
	}
	if want := before + from + byHand(t) + to + after; want != old {
		if *update {
			if err := os.WriteFile("README.md", []byte(want), 0o600); err != nil {
				t.Fatal(err)
			}
			return
		}
		t.Errorf("README.md differs from the metadata: go test ./clients/onec -run TestByHand -update\n%s", byHand(t))
	}
}

// byHand are the tables of what the sets for old platforms consist of.
func byHand(t *testing.T) string {
	t.Helper()
	var modules, registers, others, forms strings.Builder
	files := slices.DeleteFunc(sources(t, ".xml"), func(f string) bool { return !strings.HasPrefix(f, "server/") && !strings.HasPrefix(f, "managed/") })
	slices.SortFunc(files, func(a, b string) int { return strings.Compare(path.Base(a), path.Base(b)) })
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".xml")
		switch parts := strings.Split(file, "/"); {
		case name == "ЗмрКлиентАсинх": // it needs the syntax of a newer platform
		case parts[1] == "CommonModules":
			fmt.Fprintf(&modules, "| `%s` | %s |\n", name, strings.Join(flags(t, file), ", "))
		case parts[1] == "InformationRegisters":
			registers.WriteString(register(t, file, name))
		case parts[1] == "CommonForms" && len(parts) == 3:
			forms.WriteString(form(t, path.Join(parts[0], parts[1], name, "Ext/Form.xml"), name))
		case len(parts) == 3 && parts[1] != "Languages" || name == "Rights":
			others.WriteString(other(t, file, name))
		}
	}
	return "| общий модуль | флажки, остальные сняты |\n| --- | --- |\n" + modules.String() +
		"\n| регистр сведений и его поле | вид | тип |\n| --- | --- | --- |\n" + registers.String() +
		"\n| объект | вид | свойства |\n| --- | --- | --- |\n" + others.String() +
		"\n| общая форма и что в ней | вид | данные, событие, действие |\n| --- | --- | --- |\n" + forms.String() + "\n"
}

// flags are the names of the switches of a common module that are on.
func flags(t *testing.T, file string) (on []string) {
	body := text(t, file)
	for _, f := range [][2]string{{"Global", "Глобальный"}, {"ClientManagedApplication", "Клиент (управляемое приложение)"}, {"Server", "Сервер"}, {"ExternalConnection", "Внешнее соединение"},
		{"ClientOrdinaryApplication", "Клиент (обычное приложение)"}, {"ServerCall", "Вызов сервера"}, {"Privileged", "Привилегированный"}} {
		if strings.Contains(body, "<"+f[0]+">true<") {
			on = append(on, f[1])
		}
	}
	if !strings.Contains(body, "<ReturnValuesReuse>DontUse<") {
		t.Errorf("%s: the table has no column for its reuse of values", file)
	}
	return on
}

// kindXML is a type as forms and registers write it.
type kindXML struct {
	Types  []string `xml:"Type"`
	Length int      `xml:"StringQualifiers>Length"`
}

func (k kindXML) in(t *testing.T, file string) string {
	name := strings.Join(k.Types, ", ")
	switch {
	case name == "xs:string" && k.Length == 0:
		return "строка неограниченной длины"
	case name == "xs:string":
		return fmt.Sprintf("строка, длина %d", k.Length)
	case name == "xs:boolean":
		return "булево"
	case name == "v8:ValueStorage":
		return "ХранилищеЗначения"
	case name == "": // any
		return "произвольный"
	}
	t.Errorf("%s: the tables have no word for the type %s", file, name)
	return name
}

func register(t *testing.T, file, name string) string {
	type field struct {
		Name string  `xml:"Properties>Name"`
		Type kindXML `xml:"Properties>Type"`
	}
	var x struct {
		Dimensions []field `xml:"InformationRegister>ChildObjects>Dimension"`
		Resources  []field `xml:"InformationRegister>ChildObjects>Resource"`
		Attributes []field `xml:"InformationRegister>ChildObjects>Attribute"`
	}
	parse(t, file, &x)
	for _, want := range []string{"Periodicity>Nonperiodical<", "<WriteMode>Independent<", "<DataLockControlMode>Managed<", "<UseStandardCommands>false<"} {
		if !strings.Contains(text(t, file), want) {
			t.Errorf("%s: the table says %s", file, want)
		}
	}
	rows := fmt.Sprintf("| `%s` | регистр | непериодический, независимый; «Режим управления блокировкой» управляемый; «Использовать стандартные команды» снять |\n", name)
	for _, group := range []struct {
		kind   string
		fields []field
	}{{"измерение", x.Dimensions}, {"ресурс", x.Resources}, {"реквизит", x.Attributes}} {
		for _, f := range group.fields {
			rows += fmt.Sprintf("| `%s` | %s | %s |\n", f.Name, group.kind, f.Type.in(t, file))
		}
	}
	return rows
}

func form(t *testing.T, file, name string) string {
	type named struct {
		Name  string  `xml:"name,attr"`
		Title string  `xml:"Title>item>content"`
		Type  kindXML `xml:"Type"`
	}
	var x struct {
		Title  string `xml:"Title>item>content"`
		Events []struct {
			Name    string `xml:"name,attr"`
			Handler string `xml:",chardata"`
		} `xml:"Events>Event"`
		Items struct {
			All []struct {
				XMLName  xml.Name
				Name     string `xml:"name,attr"`
				Path     string `xml:"DataPath"`
				Command  string `xml:"CommandName"`
				Password bool   `xml:"PasswordMode"`
				Default  bool   `xml:"DefaultButton"`
			} `xml:",any"`
		} `xml:"ChildItems"`
		Attributes []named `xml:"Attributes>Attribute"`
		Parameters []named `xml:"Parameters>Parameter"`
		Commands   []struct {
			named
			Action string `xml:"Action"`
		} `xml:"Commands>Command"`
	}
	parse(t, file, &x)
	word := func(of map[string]string, key string) string {
		if of[key] == "" {
			t.Errorf("%s: the tables have no word for %s", file, key)
		}
		return of[key]
	}
	rows := fmt.Sprintf("| `%s` | форма | заголовок «%s», «Автозаголовок» снять |\n", name, x.Title)
	for _, e := range x.Events {
		rows += fmt.Sprintf("| форма `%s` | событие | «%s» → `%s` |\n", name, word(map[string]string{"OnCreateAtServer": "При создании на сервере"}, e.Name), e.Handler)
	}
	for _, p := range x.Parameters {
		rows += fmt.Sprintf("| `%s` | параметр | %s |\n", p.Name, p.Type.in(t, file))
	}
	for _, a := range x.Attributes {
		rows += fmt.Sprintf("| `%s` | реквизит | %s; заголовок «%s» |\n", a.Name, a.Type.in(t, file), a.Title)
	}
	for _, c := range x.Commands {
		rows += fmt.Sprintf("| `%s` | команда | действие `%s`; заголовок «%s» |\n", c.Name, c.Action, c.Title)
	}
	for _, i := range x.Items.All {
		what := "данные `" + i.Path + "`"
		if i.Command != "" {
			what = "команда `" + strings.TrimPrefix(i.Command, "Form.Command.") + "`"
		}
		if i.Password {
			what += "; «Режим пароля»"
		}
		if i.Default {
			what += "; «Кнопка по умолчанию»"
		}
		rows += fmt.Sprintf("| `%s` | %s | %s |\n", i.Name, word(map[string]string{"InputField": "поле ввода", "CheckBoxField": "поле флажка", "LabelField": "поле надписи", "Button": "кнопка"}, i.XMLName.Local), what)
	}
	return rows
}

// other are the objects of which there is one each.
func other(t *testing.T, file, name string) string {
	body := text(t, file)
	value := func(tag string) string {
		_, rest, _ := strings.Cut(body, "<"+tag+">")
		v, _, _ := strings.Cut(rest, "<")
		return v
	}
	objects := func(tag string) string {
		var all []string
		for _, part := range strings.Split(body, tag)[1:] {
			object, _, _ := strings.Cut(part, "<")
			kind, of, _ := strings.Cut(object, ".")
			all = append(all, map[string]string{"CommonForm": "общая форма", "CommonCommand": "общая команда", "Subsystem": "подсистема"}[kind]+" `"+of+"`")
		}
		return strings.Join(all, ", ")
	}
	title := "синоним «" + value("v8:content") + "»; "
	switch strings.Split(file, "/")[1] {
	case "CommonCommands":
		if value("Group") != "ActionsPanelTools" {
			t.Errorf("%s is in the group %s", file, value("Group"))
		}
		return fmt.Sprintf("| `%s` | общая команда | %sгруппа «Панель действий.Сервис» |\n", name, title)
	case "ScheduledJobs":
		if value("Predefined") != "true" || value("Use") != "false" {
			t.Errorf("%s: the table says predefined and off", file)
		}
		return fmt.Sprintf("| `%s` | регламентное задание | %sметод `%s`, ключ `%s`; «Предопределенное» поставить, «Использование» снять: его включит «Проверить» |\n", name, title, strings.TrimPrefix(value("MethodName"), "CommonModule."), value("Key"))
	case "Subsystems":
		return fmt.Sprintf("| `%s` | подсистема | %s«Включать в командный интерфейс»; состав: %s. Или включите команду в свою подсистему |\n", name, title, objects(`xsi:type="xr:MDObjectRef">`))
	case "Roles":
		if name == "Rights" {
			return fmt.Sprintf("| `%s` | роль | «Просмотр»: %s. Других прав нет, на регистры тоже |\n", strings.Split(file, "/")[2], objects("\t<object>\n\t\t<name>"))
		}
		return ""
	}
	if name != "Configuration" {
		t.Errorf("%s is in no table", file)
	}
	return ""
}

func parse(t *testing.T, file string, into any) {
	t.Helper()
	if err := xml.Unmarshal([]byte(text(t, file)), into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}
