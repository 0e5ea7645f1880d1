package bsltest

import (
	"os"
	"strings"

	"golang.org/x/text/encoding/htmlindex"
)

// httpMethods are the methods of HTTPСоединение and their verbs; ВызватьHTTPМетод
// names its own.
var httpMethods = [][3]string{
	{"Получить", "Get", "GET"}, {"ПолучитьЗаголовки", "Head", "HEAD"}, {"ОтправитьДляОбработки", "Post", "POST"},
	{"Записать", "Put", "PUT"}, {"Изменить", "Patch", "PATCH"}, {"Удалить", "Delete", "DELETE"},
}

const (
	httpSince  = "8.2.18 web:8.3.21"
	asyncSince = "8.3.21 -server"
)

func httpTypes() Host {
	conn := &Type{Names: "HTTPСоединение HTTPConnection", Since: httpSince, Min: 1, Max: 9, New: newConnection, Properties: []Property{
		get("Сервер Host", func(x *connection) any { return x.host }),
		get("Порт Port", func(x *connection) any { return count(x.port) }),
		get("Таймаут Timeout", func(x *connection) any { return floatNum(x.timeout.Seconds()) }),
		get("Защищенное Secure", func(x *connection) any { return x.secure }),
	}}
	for _, m := range httpMethods {
		since := "8.2.18 -web" // in the web client only the asynchronous ones
		if m[2] == "PATCH" {
			since = "8.3.5 -web"
		}
		conn.Methods = append(conn.Methods, Function{Names: m[0] + " " + m[1], Since: since, Min: 1, Max: intoFile(m[2]), Do: func(c *Call) any {
			return this[*connection](c).send(c, m[2], arg[*request](c, 0), c.Str(1))
		}})
	}
	conn.Methods = append(conn.Methods, Function{Names: "ВызватьHTTPМетод CallHTTPMethod", Since: "8.3.6 -web", Min: 2, Max: 3, Do: func(c *Call) any {
		return this[*connection](c).send(c, strings.ToUpper(c.Str(0)), arg[*request](c, 1), c.Str(2))
	}})
	conn.Methods = append(conn.Methods, httpAsync()...)
	return Host{Types: []*Type{conn, requestType(), responseType(),
		{Names: "ЗащищенноеСоединениеOpenSSL OpenSSLSecureConnection", Since: "8.3.1 -web", Max: 2, New: func(*Call) any { return &openSSL{} }},
		{Names: "СертификатыУдостоверяющихЦентровОС OSCertificationAuthorityCertificates", Since: "8.3.7 -web", New: func(*Call) any { return &osCertificates{} }},
		{Names: "ИнтернетПрокси InternetProxy", Since: "-web", Max: 1, New: func(*Call) any { return newStructure() }},
	}}
}

// intoFile is how many arguments a method has: the answer of two of them can
// go into a file.
func intoFile(verb string) int {
	if verb == "GET" || verb == "POST" {
		return 2
	}
	return 1
}

// httpAsync are the methods that return an Обещание; they are for clients.
func httpAsync() (methods []Function) {
	for _, m := range httpMethods {
		methods = append(methods, Function{Names: m[0] + "Асинх " + m[1] + "Async", Since: asyncSince, Min: 1, Max: intoFile(m[2]), Do: func(c *Call) any {
			return this[*connection](c).sendAsync(c, m[2], arg[*request](c, 0), c.Str(1))
		}})
	}
	return append(methods, Function{Names: "ВызватьHTTPМетодАсинх CallHTTPMethodAsync", Since: asyncSince, Min: 2, Max: 3, Do: func(c *Call) any {
		return this[*connection](c).sendAsync(c, strings.ToUpper(c.Str(0)), arg[*request](c, 1), c.Str(2))
	}})
}

func requestType() *Type {
	return &Type{Names: "HTTPЗапрос HTTPRequest", Since: httpSince, Max: 2,
		New: func(c *Call) any {
			r := &request{resource: c.Str(0), headers: newMapping()}
			if c.Given(1) {
				r.headers = arg[*mapping](c, 1)
			}
			return r
		},
		Properties: []Property{
			getSet("АдресРесурса ResourceAddress", func(r *request) any { return r.resource }, func(r *request, v any) { r.resource = str(v) }),
			getSet("Заголовки Headers", func(r *request) any { return r.headers }, func(r *request, v any) {
				h, ok := v.(*mapping)
				if !ok {
					throw("Несоответствие типов (Заголовки)")
				}
				r.headers = h
			}),
		},
		Methods: []Function{
			{Names: "УстановитьТелоИзСтроки SetBodyFromString", Min: 1, Max: 3, Procedure: true, Do: func(c *Call) any {
				this[*request](c).body = encodeBody(c)
				return nil
			}},
			{Names: "ПолучитьТелоКакСтроку GetBodyAsString", Do: func(c *Call) any { return string(this[*request](c).body) }},
			{Names: "УстановитьТелоИзДвоичныхДанных SetBodyFromBinaryData", Min: 1, Procedure: true, Do: func(c *Call) any {
				this[*request](c).body = arg[*blob](c, 0).data
				return nil
			}},
			{Names: "УстановитьИмяФайлаТела SetBodyFileName", Min: 1, Procedure: true, Do: func(c *Call) any {
				data, err := os.ReadFile(c.Str(0))
				if err != nil {
					throw("Файл не обнаружен (%s)", c.Str(0))
				}
				this[*request](c).body = data
				return nil
			}},
		}}
}

func responseType() *Type {
	return &Type{Names: "HTTPОтвет HTTPResponse", Since: httpSince,
		Properties: []Property{
			get("КодСостояния StatusCode", func(r *response) any { return count(r.code) }),
			get("Заголовки Headers", func(r *response) any { return r.headers }),
		},
		Methods: []Function{
			{Names: "ПолучитьТелоКакСтроку GetBodyAsString", Max: 1, Do: func(c *Call) any {
				r := this[*response](c)
				if r.file != "" {
					return Undefined
				}
				if c.Given(0) {
					return decode(r.body, "charset="+encodingName(c.Arg(0)))
				}
				return decode(r.body, str(r.headers.get("Content-Type")))
			}},
			{Names: "ПолучитьТелоКакДвоичныеДанные GetBodyAsBinaryData", Since: "8.2.18 -web", Do: func(c *Call) any { return &blob{this[*response](c).body} }},
			{Names: "ПолучитьИмяФайлаТела GetBodyFileName", Since: "8.2.18 -web", Do: func(c *Call) any {
				if f := this[*response](c).file; f != "" {
					return f
				}
				return Undefined
			}},
		}}
}

// encodingName is what a КодировкаТекста, or its name, is called elsewhere; one
// that this package does not know is an exception.
func encodingName(v any) string {
	name := map[string]string{"UTF8": "utf-8", "ANSI": "windows-1251", "OEM": "ibm866", "UTF16": "utf-16le", "Системная": "windows-1251"}[str(v)]
	if e, ok := v.(*EnumValue); !ok || e.Enum != "КодировкаТекста" {
		name = str(v)
	}
	if _, err := htmlindex.Get(name); err != nil {
		throw("Неизвестная кодировка (%s)", str(v))
	}
	return strings.ToLower(name)
}

// bomSince is from when on this package leaves the mark out of a body whose
// program does not say. The help says «Авто», and «Использовать» in a mode of
// compatibility without telling which: a server must take both, so the older
// targets here send it and the newer do not.
var bomSince = version{8, 3, 21, 0}

// encodeBody is УстановитьТелоИзСтроки(Строка, Кодировка, ИспользованиеByteOrderMark).
func encodeBody(c *Call) []byte {
	name := "utf-8"
	if c.Given(1) {
		name = encodingName(c.Arg(1))
	}
	enc, err := htmlindex.Get(name)
	if err != nil {
		throw("Неизвестная кодировка (%s)", name)
	}
	body, err := enc.NewEncoder().Bytes([]byte(c.Str(0)))
	if err != nil {
		throw("Строка не может быть записана в кодировке %s", name)
	}
	mark := "Авто"
	if c.Given(2) {
		mark = arg[*EnumValue](c, 2).Name
	}
	if name == "utf-8" && (mark == "Использовать" || mark == "Авто" && c.W.level.less(bomSince)) {
		body = append([]byte("\xef\xbb\xbf"), body...)
	}
	return body
}

// decode reads text in the encoding that a Content-Type names, else UTF-8.
func decode(body []byte, contentType string) string {
	body = []byte(strings.TrimPrefix(string(body), "\ufeff"))
	_, charset, ok := strings.Cut(strings.ToLower(contentType), "charset=")
	if ok {
		if enc, err := htmlindex.Get(strings.Trim(charset, `" ;`)); err == nil {
			if out, err := enc.NewDecoder().Bytes(body); err == nil {
				return string(out)
			}
		}
	}
	return strings.ToValidUTF8(string(body), "\ufffd")
}

type openSSL struct{}

func (*openSSL) TypeName() string { return "ЗащищенноеСоединениеOpenSSL" }

type osCertificates struct{}

func (*osCertificates) TypeName() string {
	return "СертификатыУдостоверяющихЦентровОС"
}
