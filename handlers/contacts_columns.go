package handlers

import (
	"encoding/json"
	"fmt"
	"strings"

	"zummer/models"
)

// contactColumn is a column of the file: its name in both languages, and what
// else it is called by those who have such files.
type contactColumn struct {
	name, ru string
	other    []string
}

// contactColumnsCSV are the columns in the order in which they are exported.
// interest_… are read only: one interest in columns of its own.
var contactColumnsCSV = []contactColumn{
	{"external_id", "код", []string{"id", "ид", "идентификатор", "внешний код", "код контакта", "uid", "guid"}},
	{"name", "имя", []string{"название", "наименование", "фио", "контакт", "контрагент", "клиент", "contact", "full name", "title"}},
	{"phones", "телефоны", []string{"phone", "телефон", "номер", "номера", "номер телефона", "мобильный", "mobile", "tel", "phone number"}},
	{"responsible", "ответственный", []string{"менеджер", "логин ответственного", "manager", "owner"}},
	{"seq", "версия", []string{"номер версии", "version"}},
	{"client_type", "тип клиента", []string{"клиент тип"}},
	{"client_name", "вид клиента", []string{"клиент вид"}},
	{"client_uid", "uid клиента", []string{"клиент uid"}},
	{"client_title", "заголовок клиента", []string{"карточка клиента", "клиент заголовок"}},
	{"client_link", "ссылка клиента", nil},
	{"client_url", "адрес клиента", []string{"url клиента"}},
	{"client_app", "база клиента", nil},
	{"interests", "интересы", nil},
	{"interest_type", "тип интереса", nil},
	{"interest_name", "вид интереса", nil},
	{"interest_uid", "uid интереса", nil},
	{"interest_title", "интерес", []string{"interest", "заголовок интереса"}},
	{"interest_link", "ссылка интереса", nil},
	{"interest_url", "адрес интереса", nil},
	{"interest_app", "база интереса", nil},
}

// exportedColumns is how many of them are exported.
const exportedColumns = 13

// columnOf finds the column that a name stands for; "телефон 2" is another
// column of numbers.
func columnOf(name string) string {
	name = strings.ToLower(strings.Join(strings.FieldsFunc(strings.TrimPrefix(name, "\ufeff"), func(r rune) bool {
		return strings.ContainsRune(" _-.\u00a0\t\"«»", r)
	}), " "))
	bare := strings.TrimRight(name, " 0123456789")
	for _, c := range contactColumnsCSV {
		for _, known := range append([]string{strings.ReplaceAll(c.name, "_", " "), c.ru}, c.other...) {
			if name == known || c.name == "phones" && bare == known {
				return c.name
			}
		}
	}
	return ""
}

// contactCell makes a cell from which plainCell takes off what csvCell adds: a
// quote before what begins with one.
func contactCell(s string) string {
	if strings.HasPrefix(s, "'") {
		return "'" + s
	}
	return s
}

// plainCell takes off the quotes that csvCell and contactCell, or a spreadsheet's user, put
// before a text.
func plainCell(s string) string {
	if quotedFirst.MatchString(s) {
		s = s[1:]
	}
	return quotedInside.ReplaceAllString(s, "$1$2")
}

// contactRecord is a contact as a line for csvFile.
func contactRecord(c *models.Contact) ([]string, error) {
	client := models.Object{}
	if c.Client != nil {
		client = *c.Client
	}
	interests := ""
	if len(c.Interests) > 0 {
		text, err := json.Marshal(c.Interests)
		if err != nil {
			return nil, fmt.Errorf("write the interests of contact %d: %w", c.ID, err)
		}
		interests = string(text)
	}
	seq := ""
	if c.Seq != 0 {
		seq = fmt.Sprint(c.Seq)
	}
	out := []string{c.ExternalID, c.Name, strings.Join(c.Phones, ", "), c.RespLogin, seq, client.Type, client.Name, client.UID, client.Title, client.Link, client.URL, client.App, interests}
	for i := range out {
		out[i] = contactCell(out[i])
	}
	return out, nil
}

// contactLine is a contact as a line of NDJSON.
func contactLine(c *models.Contact) models.ContactInput {
	return models.ContactInput{ExternalID: c.ExternalID, Phones: c.Phones, Name: c.Name, Responsible: c.RespLogin, Client: c.Client, Interests: c.Interests, Seq: c.Seq}
}
