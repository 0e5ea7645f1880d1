package bsltest

import (
	"strings"
	"unicode"
	"unicode/utf16"
)

// Strings of 1C count in 16-bit units: a smile is two characters.

func units(s string) []uint16 { return utf16.Encode([]rune(s)) }

func text(u []uint16) string { return string(utf16.Decode(u)) }

func part(s string, from, n int) string {
	u := units(s)
	from = max(1, from) - 1
	if from >= len(u) || n <= 0 {
		return ""
	}
	return text(u[from:min(len(u), from+n)])
}

// find is the number of the first unit of what in s at or after from, 0 if none.
func find(s, what string, from int) int {
	u := units(s)
	if from < 1 || from > len(u) || what == "" {
		return 0
	}
	i := strings.Index(text(u[from-1:]), what)
	if i < 0 {
		return 0
	}
	return from + len(units(text(u[from-1:])[:i]))
}

func count(n int) any { return intNum(int64(n)) }

func trimmed(left, right bool) func(*Call) any {
	return func(c *Call) any {
		s := c.Str(0)
		if left {
			s = strings.TrimLeftFunc(s, unicode.IsSpace)
		}
		if right {
			s = strings.TrimRightFunc(s, unicode.IsSpace)
		}
		return s
	}
}

func lines(s string) []string { return strings.Split(strings.ReplaceAll(s, "\r\n", "\n"), "\n") }

// stringFunctions are those that every version and every client has.
func stringFunctions() Host {
	return Host{Functions: []Function{
		{Names: "СтрДлина StrLen", Min: 1, Do: func(c *Call) any { return count(len(units(c.Str(0)))) }},
		{Names: "СокрЛ TrimL", Min: 1, Do: trimmed(true, false)},
		{Names: "СокрП TrimR", Min: 1, Do: trimmed(false, true)},
		{Names: "СокрЛП TrimAll", Min: 1, Do: trimmed(true, true)},
		{Names: "Лев Left", Min: 2, Do: func(c *Call) any { return part(c.Str(0), 1, c.Int(1)) }},
		{Names: "Прав Right", Min: 2, Do: func(c *Call) any {
			n := len(units(c.Str(0)))
			return part(c.Str(0), max(1, n-c.Int(1)+1), c.Int(1))
		}},
		{Names: "Сред Mid", Min: 2, Max: 3, Do: func(c *Call) any {
			if !c.Has(2) {
				return part(c.Str(0), c.Int(1), 1<<30)
			}
			return part(c.Str(0), c.Int(1), c.Int(2))
		}},
		{Names: "Найти Find", Min: 2, Do: func(c *Call) any { return count(find(c.Str(0), c.Str(1), 1)) }},
		{Names: "ВРег Upper", Min: 1, Do: func(c *Call) any { return strings.ToUpper(c.Str(0)) }},
		{Names: "НРег Lower", Min: 1, Do: func(c *Call) any { return strings.ToLower(c.Str(0)) }},
		{Names: "ТРег Title", Min: 1, Do: func(c *Call) any {
			start := true
			return strings.Map(func(r rune) rune {
				was := start
				start = !unicode.IsLetter(r)
				if was {
					return unicode.ToUpper(r)
				}
				return unicode.ToLower(r)
			}, c.Str(0))
		}},
		{Names: "Символ Char", Min: 1, Do: func(c *Call) any { return text([]uint16{uint16(c.Int(0))}) }},
		{Names: "КодСимвола CharCode", Min: 1, Max: 2, Do: func(c *Call) any {
			u, i := units(c.Str(0)), 1
			if c.Given(1) {
				i = c.Int(1)
			}
			if i < 1 || i > len(u) {
				return intNum(-1)
			}
			return count(int(u[i-1]))
		}},
		{Names: "ПустаяСтрока IsBlankString", Min: 1, Do: func(c *Call) any { return strings.TrimSpace(c.Str(0)) == "" }},
		{Names: "СтрЗаменить StrReplace", Min: 3, Do: func(c *Call) any {
			if c.Str(1) == "" {
				return c.Str(0)
			}
			return strings.ReplaceAll(c.Str(0), c.Str(1), c.Str(2))
		}},
		{Names: "СтрЧислоСтрок StrLineCount", Min: 1, Do: func(c *Call) any { return count(len(lines(c.Str(0)))) }},
		{Names: "СтрПолучитьСтроку StrGetLine", Min: 2, Do: func(c *Call) any {
			all, i := lines(c.Str(0)), c.Int(1)
			if i < 1 || i > len(all) {
				return ""
			}
			return all[i-1]
		}},
		{Names: "СтрЧислоВхождений StrOccurrenceCount", Min: 2, Do: func(c *Call) any {
			if c.Str(1) == "" {
				return count(0)
			}
			return count(strings.Count(c.Str(0), c.Str(1)))
		}},
		{Names: "НСтр NStr", Min: 1, Max: 2, Do: func(c *Call) any {
			lang := "ru"
			if c.Given(1) {
				lang = c.Str(1)
			}
			return nstr(c.Str(0), lang)
		}},
	}, Properties: []Property{{Names: "Символы Chars", Get: func(*Call) any { return &chars{} }}},
		Types: []*Type{{Names: "Символы Chars", Properties: []Property{
			char("ПС LF", "\n"), char("ВК CR", "\r"), char("Таб Tab", "\t"), char("НПП NBSp", "\u00a0"), char("ВТаб VTab", "\v"), char("ПФ FF", "\f"),
		}}}}
}

type chars struct{}

func (*chars) TypeName() string { return "Символы" }

func char(names, value string) Property {
	return Property{Names: names, Get: func(*Call) any { return value }}
}

// nstr picks a language of "ru = '…'; en = '…'"; a doubled apostrophe is one.
func nstr(source, lang string) string {
	found := map[string]string{}
	rest := source
	for {
		name, after, ok := strings.Cut(rest, "=")
		if !ok {
			break
		}
		after = strings.TrimLeft(after, " \t\r\n")
		if after == "" || after[0] != '\'' && after[0] != '"' {
			break
		}
		quote := after[0]
		var b strings.Builder
		i := 1
		for ; i < len(after); i++ {
			if after[i] == quote {
				if i+1 < len(after) && after[i+1] == quote {
					i++
				} else {
					break
				}
			}
			b.WriteByte(after[i])
		}
		found[fold(strings.Trim(name, " \t\r\n;"))] = b.String()
		rest = after[min(len(after), i+1):]
	}
	if s, ok := found[fold(lang)]; ok {
		return s
	}
	return ""
}
