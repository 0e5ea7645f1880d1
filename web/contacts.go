package web

import (
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// ContactsPage lists the contacts.
type ContactsPage struct {
	Frame
	Query string // what is looked for; "": all
	Total int    // of all; -1: not counted
	Rows  []ContactRow
	More  string // address of the next page; "": this is the last
	Later bool   // this is not the first page
}

// ContactRow is one line of the list.
type ContactRow struct {
	ID          int64
	ExternalID  string
	Name        string
	Phones      []string
	Responsible string // display name, else what the CRM wrote
	Client      string
	Interests   int
	Updated     time.Time
}

// ContactPage shows one contact, or the form for it.
type ContactPage struct {
	Frame
	ID        int64 // 0: a new one
	Row       ContactRow
	Client    *models.Object
	Interests []models.Object
	Seq       int64
	Opens     []OpensRow
	Edit      bool
	Form      Form
	Slots     []int // of interests in the form
	Users     []Option
}

// OpensRow says what a call from numbers would open.
type OpensRow struct {
	Phones []string
	Text   string
	Others []ContactRow // who has the number too
}

// ImportPage takes a file of contacts and tells what became of it.
type ImportPage struct {
	Frame
	Error  string        // why it stopped; "": it did not
	Report *ImportReport // nil: nothing was sent yet
}

// ImportReport is what became of a file.
type ImportReport struct {
	models.ImportReport
	File    string
	Took    time.Duration
	Refused []models.ImportError // those that are shown, refused or stored with something left out
	Noted   int                  // lines that were stored so
	All     string               // those that can be downloaded, as JSON; "": none
	Cut     bool                 // there were more than can be downloaded
	Full    bool
}

// Duration is how long the import took, in words.
func (r ImportReport) Duration(l Lang) string { return Lasted(l, r.Took) }

// Opens says in words what a call from a number opens, when contacts are all
// who have it: docs/contacts.md.
func Opens(l Lang, contacts []models.Contact) string {
	say := func(ru, en string) string { return said{ru, en}.in(l) }
	var interests, clients []models.Object
	for i := range contacts {
		c := &contacts[i]
		for _, o := range c.Interests {
			if !sameObject(interests, o) {
				interests = append(interests, o)
			}
		}
		if c.Client != nil && !sameObject(clients, *c.Client) {
			clients = append(clients, *c.Client)
		}
	}
	switch {
	case len(interests) == 1:
		return say("откроется интерес ", "the interest opens: ") + quoted(l, ObjectIn(l, interests[0]))
	case len(interests) > 1:
		return say("предложит выбрать интерес, их ", "a choice of interests: ") + strconv.Itoa(len(interests))
	case len(clients) > 1:
		return say("предложит выбрать клиента, их ", "a choice of clients: ") + strconv.Itoa(len(clients))
	}
	return say("откроется новый интерес этого клиента: открытых нет", "a new interest of the client opens: there is no open one")
}

func sameObject(list []models.Object, o models.Object) bool {
	for i := range list {
		if x := &list[i]; o.UID != "" && x.UID == o.UID && x.Type == o.Type && x.Name == o.Name && x.App == o.App {
			return true
		}
	}
	return false
}

// ObjectIn names a thing of the CRM.
func ObjectIn(l Lang, o models.Object) string {
	for _, s := range []string{o.Title, strings.Trim(o.Type+" "+o.Name, " "), o.Link, o.URL, o.UID} {
		if s != "" {
			return s
		}
	}
	return said{"без названия", "without a title"}.in(l)
}

func quoted(l Lang, s string) string { return said{"«" + s + "»", `"` + s + `"`}.in(l) }

// Object names a thing of the CRM in the page's language.
func (f Frame) Object(o models.Object) string { return ObjectIn(f.Lang, o) }

// contactErrors are what the import and the form of a contact refuse.
func contactErrors() []said {
	return []said{
		{"файл пуст", "the file is empty"},
		{"файл передан не до конца; отправьте его снова: сохранённое остаётся, повтор безвреден", "the file broke off"},
		{"первая строка, в которой стоят названия столбцов, не читается", "the first line, which names the columns, cannot be read"},
		{"в первой строке нет столбца с кодами или номерами: напишите там «код;имя;телефоны»", "the first line names no column of ids or numbers: write external_id;name;phones there"},
		{"в первой строке нет ни имён, ни номеров: напишите там «код;имя;телефоны»", "the first line names neither names nor numbers: write external_id;name;phones there"},
		{"в строке % открыта кавычка, которая не закрыта: за ней могли пропасть следующие строки. Из контактов ничего не удалено", "line %: a quote is opened here and not closed"},
		{"строка % длиннее % байт", "line % is longer than % bytes"},
		{"здесь открыта кавычка, которая не закрыта: следующие строки попали внутрь неё", "a quote is opened here and not closed"},
		{"строка не читается как CSV", "cannot be read as CSV"},
		{"строка не читается", "cannot be read"},
		{"в строке нет ни кода, ни номера", "there is no number in it, and no id"},
		{"не список JSON", "are no JSON list"},
		{"строка — не объект JSON", "is no JSON object"},
		{"код: обязательное поле", "external_id: must not be empty"},
		{"сохранён, но номеров не понято: %", "stored, but numbers were not understood: %"},
		{"сохранён, но его интерес не открыть: нужны «тип интереса», «вид интереса» и «uid интереса», либо «ссылка интереса», либо «адрес интереса»", "stored, but an interest of it cannot be opened: it needs interest_type, interest_name and interest_uid, or interest_link, or interest_url"},
		{"версия: должно быть целое число", "seq: must be a whole number"},
		{"строка длиннее % байт", "longer than % bytes"},
		{"строки оборвались после строки %", "the lines broke off after line %"},
		{"выберите файл", "choose a file"},
		{"файл больше % МБ", "the file is larger than % MB"},
		{"вам номера показаны со скрытой серединой: изменять и выгружать контакты нельзя", "your account shows numbers without their middle: contacts cannot be changed or exported"},
		{"такого контакта нет", "no such contact"},
		{"контакт с этим кодом уже есть", "there is a contact with this id already"},
		{"CRM за это время прислала более новую версию этого контакта: откройте его заново", "the CRM has sent a newer version of this contact meanwhile: open it again"},
		{"здесь нет номера, который можно прочитать: %", "there is no number to be read in: %"},
	}
}
