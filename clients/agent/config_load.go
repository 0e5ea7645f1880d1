package agent

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
)

// ConfigError says where a configuration is wrong, and how, for its reader.
type ConfigError struct {
	Path string
	Line int // 0: none
	// Field is its name in the file, e.g. relay.port; "": the file as a whole.
	Field  string
	RU, EN string
}

// Error implements error, in English.
func (e *ConfigError) Error() string { return e.Words(false) }

// Words is the error in the reader's language.
func (e *ConfigError) Words(russian bool) string {
	var parts []string
	text, line := e.EN, "line %d"
	if russian {
		text, line = e.RU, "строка %d"
	}
	if e.Path != "" {
		parts = append(parts, e.Path)
	}
	if e.Line > 0 {
		parts = append(parts, fmt.Sprintf(line, e.Line))
	}
	if e.Field != "" {
		parts = append(parts, e.Field)
	}
	return strings.Join(append(parts, text), ": ")
}

func wrong(field, ru, en string) error { return &ConfigError{Field: field, RU: ru, EN: en} }

// Check refuses what cannot work, naming the field. Errors: *ConfigError.
func (c *Config) Check() error {
	u, err := url.Parse(c.URL)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return wrong("url", "адрес службы, https://УЗЕЛ или http://УЗЕЛ", "the address of the service, https://HOST or http://HOST")
	case c.Token == "" || strings.ContainsFunc(c.Token, notOfToken):
		return wrong("token", "одно слово, от администратора или из CRM", "one word, from the administrator or the CRM")
	case c.Relay.Port < 0 || c.Relay.Port > 65535:
		return wrong("relay.port", "от 1 до 65535, или 0 — свободный", "1 to 65535, or 0 for a free one")
	case c.UDP.Port < 0 || c.UDP.Port > 65535:
		return wrong("udp.port", "от 1 до 65535, или 0 — свободный", "1 to 65535, or 0 for a free one")
	case c.Relay.Enabled && c.Relay.Secret != "" && (len(c.Relay.Secret) < 16 || strings.ContainsFunc(c.Relay.Secret, notOfToken)):
		return wrong("relay.secret", "одно слово, 16 знаков или больше", "one word of 16 characters or more")
	case c.Infobase != "" && !plainInfobase(c.Infobase):
		return wrong("infobase", "e1c://… или адрес публикации; пробелы пишутся %20, кавычек, скобок и места после # быть не может", "e1c://… or the address of the publication; spaces are written %20, there are no quotes, brackets or a place after #")
	case c.Page != "" && !strings.HasPrefix(c.Page, "https://") && !strings.HasPrefix(c.Page, "http://"):
		return wrong("page", "адрес CRM, https://…", "the address of the CRM, https://…")
	case len(c.Command) > 0 && c.Command[0] == "":
		return wrong("command", "программа и её аргументы", "a program and its arguments")
	}
	if i := slices.IndexFunc(c.Links.Hosts, notAllowable); i >= 0 {
		field := fmt.Sprintf("links.hosts[%d]", i)
		return wrong(field, "узел, crm.example или .example, без https://; база 1С — server/srv1c/trade", "a host, crm.example or .example, without https://; an infobase is server/srv1c/trade")
	}
	return nil
}

// notOfToken finds what no token has, and no header can carry.
func notOfToken(r rune) bool { return r <= ' ' || r > '~' }

// plainInfobase reports whether links can be made of it: one to an object passes
// where its own host is on the list.
func plainInfobase(infobase string) bool {
	if strings.Contains(infobase, "#") {
		return false
	}
	l := Links{Hosts: []string{HostOf(infobase)}, HTTP: true}
	return l.Check(infobase+"#e1cib/data/x") == nil
}

// notAllowable finds entries that no link could ever match.
func notAllowable(host string) bool {
	return host == "" || strings.Contains(host, "://") || strings.ContainsAny(host, "\\\"#?@*") || strings.HasPrefix(host, "/") || host == "." || strings.TrimSpace(host) != host
}

// Load reads a file that only its owner can read. Errors: *ConfigError.
func Load(path string) (Config, error) {
	var c Config
	at := func(line int, field, ru, en string) (Config, error) {
		return Config{}, &ConfigError{Path: path, Line: line, Field: field, RU: ru, EN: en}
	}
	st, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return at(0, "", "файла нет: его делает zummer agent login", "it is not there: zummer agent login makes it")
	}
	if err == nil && runtime.GOOS != "windows" && st.Mode().Perm()&0o077 != 0 {
		return at(0, "", "в файле токен, а читать его могут другие: chmod 600 "+path, "it can be read by others and holds a token: chmod 600 "+path)
	}
	var text []byte
	if err == nil {
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return at(0, "", "прочесть не удалось: "+err.Error(), err.Error())
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	line := func(offset int64) int {
		return 1 + bytes.Count(text[:min(max(offset, 0), int64(len(text)))], []byte("\n"))
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		var syntax *json.SyntaxError
		var kind *json.UnmarshalTypeError
		field, unknown := strings.CutPrefix(err.Error(), "json: unknown field ")
		switch {
		case errors.As(err, &syntax):
			ru, en := syntaxWords(syntax)
			return at(line(syntax.Offset), "", "это не JSON: "+ru, "it is no JSON: "+en)
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
			return at(line(int64(len(text))), "", "файл обрывается: не хватает }", "it breaks off: a } is missing")
		case errors.As(err, &kind):
			return at(line(kind.Offset), kind.Field, "здесь должно быть другое: "+kindOf(kind, true), "something else belongs here: "+kindOf(kind, false))
		case unknown:
			names := placeOf(text, strings.Trim(field, `"`))
			return at(lineOfField(text, names...), strings.Join(names, "."), "такого поля нет: опечатка?", "there is no such field: is it mistyped?")
		}
		return at(0, "", err.Error(), err.Error())
	}
	if end := d.InputOffset(); len(bytes.TrimSpace(text[end:])) > 0 {
		return at(line(end), "", "после закрывающей } есть ещё что-то", "there is something after the last }")
	}
	if err := c.Check(); err != nil {
		var own *ConfigError
		if errors.As(err, &own) {
			name, _, _ := strings.Cut(own.Field, "[")
			own.Path, own.Line = path, lineOfField(text, strings.Split(name, ".")...)
		}
		return Config{}, err
	}
	return c, nil
}

// syntaxWords says in words what is usual to be wrong.
func syntaxWords(e *json.SyntaxError) (ru, en string) {
	switch text := e.Error(); {
	case strings.HasSuffix(text, "after object key:value pair"), strings.HasSuffix(text, "after array element"):
		return "перед этим местом не хватает запятой", "a comma is missing before this place"
	case strings.HasPrefix(text, "invalid character '}' looking for beginning of object key"), strings.HasPrefix(text, "invalid character ']' looking for beginning of value"):
		return "перед этой скобкой лишняя запятая", "there is a comma too many before this bracket"
	case strings.HasSuffix(text, "looking for beginning of object key string"):
		return "здесь должно быть имя поля в двойных кавычках", "the name of a field in double quotes belongs here"
	case strings.HasSuffix(text, "after object key"):
		return "после имени поля не хватает двоеточия", "a colon is missing after the name of a field"
	case strings.HasSuffix(text, "in string literal"), strings.HasSuffix(text, "in string escape code"):
		return "в тексте не хватает кавычки, или \\ записан не как \\\\", "a quote is missing, or a \\ is not written as \\\\"
	default:
		return text, text
	}
}

// placeOf is where a field is that the configuration does not have, e.g. relay,
// prot: the decoder names the last part only.
func placeOf(text []byte, name string) []string {
	var top map[string]json.RawMessage
	_ = json.Unmarshal(text, &top) // it was read as far as the field
	for _, section := range []struct {
		name string
		of   any
	}{{"links", &Links{}}, {"relay", &Relay{}}, {"udp", &Output{}}} {
		d := json.NewDecoder(bytes.NewReader(top[section.name]))
		d.DisallowUnknownFields()
		if err := d.Decode(section.of); err != nil && err.Error() == fmt.Sprintf("json: unknown field %q", name) {
			return []string{section.name, name}
		}
	}
	return []string{name}
}

// lineOfField finds where a field stands, looking for each name behind the one
// before; 0: nowhere.
func lineOfField(text []byte, names ...string) int {
	at := 0
	for _, name := range names {
		i := bytes.Index(text[at:], []byte(`"`+name+`"`))
		if i < 0 {
			return 0
		}
		at += i
	}
	return 1 + bytes.Count(text[:at], []byte("\n"))
}

// kindOf says what belongs in a field.
func kindOf(e *json.UnmarshalTypeError, russian bool) string {
	ru, en := "объект {…}", "an object {…}"
	switch e.Type.Kind().String() {
	case "string":
		ru, en = "строка в кавычках", "a text in quotes"
	case "int":
		ru, en = "целое число без кавычек", "a whole number without quotes"
	case "bool":
		ru, en = "true или false без кавычек", "true or false without quotes"
	case "slice":
		ru, en = "список […]", "a list […]"
	}
	if russian {
		return ru
	}
	return en
}
