package bsltest

import (
	"strings"
)

// newStringFunctions came with 8.3.6 or later.
func newStringFunctions() Host {
	return Host{Functions: []Function{
		{Names: "СтрНайти StrFind", Since: "8.3.6", Min: 2, Max: 5, Do: func(c *Call) any {
			s, what := c.Str(0), c.Str(1)
			from, nth := 1, 1
			backwards := c.Given(2) && arg[*EnumValue](c, 2).Name == "СКонца"
			if s == "" || what == "" {
				return count(0)
			}
			if backwards {
				from = len(units(s))
			}
			if c.Given(3) {
				from = c.Int(3)
			}
			if from < 1 || from > len(units(s)) {
				throw("Недопустимое значение параметра (параметр номер '4')")
			}
			if c.Given(4) {
				nth = c.Int(4)
			}
			if backwards {
				for i := from; i >= 1; i-- {
					if at := find(s, what, i); at == i {
						if nth--; nth == 0 {
							return count(i)
						}
					}
				}
				return count(0)
			}
			for {
				at := find(s, what, from)
				if at == 0 {
					return count(0)
				}
				if nth--; nth == 0 {
					return count(at)
				}
				from = at + 1
			}
		}},
		{Names: "СтрНачинаетсяС StrStartsWith", Since: "8.3.6", Min: 2, Do: func(c *Call) any { return mustSearch(c) && strings.HasPrefix(c.Str(0), c.Str(1)) }},
		{Names: "СтрЗаканчиваетсяНа StrEndsWith", Since: "8.3.6", Min: 2, Do: func(c *Call) any { return mustSearch(c) && strings.HasSuffix(c.Str(0), c.Str(1)) }},
		{Names: "СтрРазделить StrSplit", Since: "8.3.6", Min: 2, Max: 3, Do: func(c *Call) any {
			a := &array{}
			pieces := strings.FieldsFunc(c.Str(0), func(r rune) bool { return strings.ContainsRune(c.Str(1), r) })
			if !c.Has(2) || c.Bool(2) { // empty ones count
				pieces = []string{""}
				for _, r := range c.Str(0) {
					if strings.ContainsRune(c.Str(1), r) {
						pieces = append(pieces, "")
					} else {
						pieces[len(pieces)-1] += string(r)
					}
				}
			}
			for _, p := range pieces {
				a.items = append(a.items, p)
			}
			return a
		}},
		{Names: "СтрСоединить StrConcat", Since: "8.3.6", Min: 1, Max: 2, Do: func(c *Call) any {
			var all []string
			for _, v := range arg[*array](c, 0).items {
				all = append(all, str(v))
			}
			return strings.Join(all, c.Str(1))
		}},
		{Names: "СтрСравнить StrCompare", Since: "8.3.6", Min: 2, Do: func(c *Call) any {
			return count(strings.Compare(strings.ToLower(c.Str(0)), strings.ToLower(c.Str(1))))
		}},
		{Names: "СтрШаблон StrTemplate", Since: "8.3.6", Min: 1, Max: 11, Do: func(c *Call) any { return template(c) }},
		{Names: "СтрЗаменитьПоРегулярномуВыражению StrReplaceByRegularExpression", Since: "8.3.23", Min: 3, Max: 5, Do: func(*Call) any {
			throw("Регулярные выражения не поддерживаются")
			return nil
		}},
	}}
}

// mustSearch refuses an empty text to look for; false means that there is
// nothing to look in.
func mustSearch(c *Call) bool {
	if c.Str(0) != "" && c.Str(1) == "" {
		throw("Недопустимое значение параметра (параметр номер '2')")
	}
	return c.Str(0) != ""
}

// template fills %1 … %10 and %(1) … of СтрШаблон; %% is a percent sign. A
// place without its value is an exception.
func template(c *Call) any {
	var b strings.Builder
	letters := []rune(c.Str(0))
	most := 0
	for i := 0; i < len(letters); i++ {
		if letters[i] != '%' {
			b.WriteRune(letters[i])
			continue
		}
		if i+1 >= len(letters) {
			throw("Неверный формат строки шаблона (СтрШаблон)")
		}
		j, bracket := i+1, false
		if letters[j] == '%' {
			b.WriteByte('%')
			i++
			continue
		}
		if letters[j] == '(' {
			bracket = true
			j++
		}
		n, digits := 0, 0
		for j < len(letters) && digit(letters[j]) && digits < 2 && n*10+int(letters[j]-'0') <= 10 {
			n = n*10 + int(letters[j]-'0')
			j++
			digits++
		}
		if digits == 0 || n == 0 || bracket && (j >= len(letters) || letters[j] != ')') {
			throw("Неверный формат строки шаблона (СтрШаблон)")
		}
		if bracket {
			j++
		}
		if !c.Has(n) {
			throw("Недостаточно значений для подстановки в шаблон (СтрШаблон, %%%d)", n)
		}
		b.WriteString(str(c.Arg(n)))
		most = max(most, n)
		i = j - 1
	}
	for i := most + 1; i < len(c.Args); i++ {
		if c.Given(i) {
			throw("Слишком много фактических параметров (СтрШаблон)")
		}
	}
	return b.String()
}
