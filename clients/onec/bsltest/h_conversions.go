package bsltest

import (
	"encoding/base64"
	"net/url"
	"strconv"
	"strings"
)

// conversions between types, to XML's way of writing, to URLs.
func conversions() Host {
	return Host{Functions: []Function{
		{Names: "Строка String", Min: 1, Do: func(c *Call) any { return c.Str(0) }},
		{Names: "Число Number", Min: 1, Do: func(c *Call) any { return number(c.Arg(0)) }},
		{Names: "Булево Boolean", Min: 1, Do: func(c *Call) any {
			if s, ok := c.Arg(0).(string); ok {
				switch strings.ToLower(s) {
				case "да", "истина", "true", "yes":
					return true
				case "нет", "ложь", "false", "no":
					return false
				}
			}
			return truth(c.Arg(0))
		}},
		{Names: "Дата Date", Min: 1, Max: 6, Do: func(c *Call) any {
			if d, ok := c.Arg(0).(Date); ok {
				return d
			}
			if s, ok := c.Arg(0).(string); ok {
				for _, r := range s {
					if !digit(r) {
						throw("Преобразование значения к типу Дата не может быть выполнено")
					}
				}
				d, ok := dateOf(s)
				if !ok {
					throw("Преобразование значения к типу Дата не может быть выполнено")
				}
				return d
			}
			pad := func(i, n int) string {
				s := strconv.Itoa(c.Int(i))
				return strings.Repeat("0", max(0, n-len(s))) + s
			}
			d, ok := dateOf(pad(0, 4) + pad(1, 2) + pad(2, 2) + pad(3, 2) + pad(4, 2) + pad(5, 2))
			if !ok {
				throw("Преобразование значения к типу Дата не может быть выполнено")
			}
			return d
		}},
		{Names: "Формат Format", Min: 2, Do: func(c *Call) any { return format(c.Arg(0), c.Str(1)) }},
		{Names: "ЧислоПрописью NumberInWords", Min: 1, Max: 3, Do: func(c *Call) any { return c.Str(0) }},
		{Names: "ЗначениеЗаполнено ValueIsFilled", Min: 1, Do: func(c *Call) any { return filled(c.Arg(0)) }},
		{Names: "XMLСтрока XMLString", Since: "-web", Min: 1, Do: func(c *Call) any { return xmlString(c.Arg(0)) }},
		{Names: "XMLЗначение XMLValue", Since: "-web", Min: 2, Do: func(c *Call) any { return xmlValue(c.Arg(0), c.Str(1)) }},
		{Names: "КодироватьСтроку EncodeString", Since: "8.3.5 -thin -web", Min: 2, Max: 3, Do: func(c *Call) any {
			if arg[*EnumValue](c, 1).Name == "URLВКодировкеURL" {
				return encodeResource(c.Str(0))
			}
			return strings.ReplaceAll(url.QueryEscape(c.Str(0)), "+", "%20")
		}},
		{Names: "РаскодироватьСтроку DecodeString", Since: "8.3.5 -thin -web", Min: 2, Max: 3, Do: func(c *Call) any {
			s, err := url.PathUnescape(c.Str(0))
			if err != nil {
				throw("Неправильная кодировка строки")
			}
			return s
		}},
		{Names: "Base64Строка Base64String", Min: 1, Do: func(c *Call) any { return base64Lines(arg[*blob](c, 0).data) }},
		{Names: "Base64Значение Base64Value", Min: 1, Do: func(c *Call) any {
			data, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(c.Str(0)), ""))
			if err != nil {
				throw("Ошибка преобразования из Base64")
			}
			return &blob{data}
		}},
	}}
}

// base64Lines is the text of Base64Строка: in lines, which is the trap of every
// 1C program that puts it into a header.
func base64Lines(data []byte) string {
	s := base64.StdEncoding.EncodeToString(data)
	var b strings.Builder
	for len(s) > 76 {
		b.WriteString(s[:76] + "\r\n")
		s = s[76:]
	}
	return b.String() + s
}

// filled is ЗначениеЗаполнено: the platform refuses the types it does not know.
func filled(v any) bool {
	switch x := v.(type) {
	case undefinedType, nullType, skippedType:
		return false
	case bool:
		return true
	case string:
		return strings.TrimSpace(x) != ""
	case Num:
		return x.sign() != 0
	case Date:
		return !x.empty()
	case UUID:
		return strings.Trim(string(x), "0-") != ""
	case *Ref:
		return !x.empty()
	case *array:
		return len(x.items) > 0
	case *mapping:
		return len(x.keys) > 0
	case *structure:
		return len(x.names) > 0
	case *valueList:
		return len(x.items) > 0
	}
	return true
}

func xmlString(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case bool:
		return strconv.FormatBool(x)
	case Num:
		return x.String()
	case Date:
		return x.xml()
	case UUID:
		return string(x)
	case *Ref:
		return string(x.uid)
	case *EnumValue:
		return x.Name
	case undefinedType, nullType:
		return ""
	}
	throw("Значение не может быть представлено в формате XML (%s)", typeName(v))
	return ""
}

func xmlValue(t any, s string) any {
	name, _ := t.(TypeValue)
	switch name {
	case "Строка":
		return s
	case "Число":
		return mustNum(s)
	case "Булево":
		switch s {
		case "true", "1":
			return true
		case "false", "0":
			return false
		}
	case "Дата":
		if d, ok := dateOf(strings.SplitN(s, "+", 2)[0]); ok {
			return d
		}
	case "УникальныйИдентификатор":
		if uuidShape.MatchString(strings.ToLower(s)) {
			return UUID(strings.ToLower(s))
		}
	}
	throw("Несоответствие типа XML данных")
	return nil
}
