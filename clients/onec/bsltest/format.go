package bsltest

import (
	"strings"
	"time"
)

type numFormat struct {
	group, point string
	digits       int // after the point; -1 as many as there are
	width        int // digits at most
	leadingZeros bool
	zero         *string // ЧН: what zero prints as
}

func formatNum(n Num, f numFormat) string {
	if f.digits >= 0 {
		n = n.round(f.digits, true)
	}
	if n.sign() == 0 && f.zero != nil {
		return *f.zero
	}
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(n.String(), "-"), ".")
	for f.digits > len(fraction) {
		fraction += "0"
	}
	for f.leadingZeros && len(whole)+max(f.digits, 0) < f.width {
		whole = "0" + whole
	}
	if f.group != "" {
		var parts []string
		for len(whole) > 3 {
			parts = append([]string{whole[len(whole)-3:]}, parts...)
			whole = whole[:len(whole)-3]
		}
		whole = strings.Join(append([]string{whole}, parts...), f.group)
	}
	if fraction != "" {
		whole += f.point + fraction
	}
	if n.sign() < 0 {
		whole = "-" + whole
	}
	return whole
}

// format is Формат(): the keys that programs use of numbers, dates, booleans.
func format(v any, spec string) string {
	keys := formatKeys(spec)
	for k := range keys {
		if !formatKnown[k] {
			throw("Неправильный или не поддерживаемый параметр форматной строки (%s)", k)
		}
	}
	get := func(ru, en string) (string, bool) {
		if s, ok := keys[ru]; ok {
			return s, true
		}
		s, ok := keys[en]
		return s, ok
	}
	switch x := v.(type) {
	case Num:
		f := numFormat{group: "\u00a0", point: ",", digits: -1}
		empty := ""
		f.zero = &empty // zero prints as nothing unless ЧН says otherwise
		if s, ok := get("чн", "nz"); ok {
			f.zero = &s
			if s == "" {
				f.zero = nil
			}
		}
		if s, ok := get("чг", "ng"); ok && (s == "0" || s == "") {
			f.group = ""
		}
		if s, ok := get("чрг", "ngs"); ok && f.group != "" {
			f.group = s
		}
		if s, ok := get("чрд", "nds"); ok {
			f.point = s
		}
		if s, ok := get("чдц", "nfd"); ok {
			f.digits = min(number(s).int(), 400)
		}
		if s, ok := get("чц", "nd"); ok {
			f.width = min(number(s).int(), 400)
			f.digits = max(f.digits, 0)
			if rest := x.round(f.digits, true); f.width > f.digits && len(rest.whole().Text(10)) > f.width-f.digits+signs(rest) {
				x = nines(f.width, f.digits, rest.sign())
			}
		}
		_, f.leadingZeros = get("чвн", "nlz")
		return formatNum(x, f)
	case Date:
		if x.empty() {
			s, _ := get("дп", "de")
			return s
		}
		if s, ok := get("дф", "df"); ok {
			return formatDate(x.t, s)
		}
		switch s, _ := get("длф", "dlf"); strings.ToUpper(s) {
		case "D", "Д":
			return x.t.Format("02.01.2006")
		case "T", "В":
			return strings.TrimPrefix(x.t.Format("15:04:05"), "0")
		case "", "DT", "ДВ":
			return str(x)
		}
		throw("Неправильный или не поддерживаемый формат даты (%s)", spec)
	case bool:
		ru, en := "бл", "bf"
		if x {
			ru, en = "би", "bt"
		}
		if s, ok := get(ru, en); ok {
			return s
		}
	}
	return str(v)
}

// formatKnown are the parameters of a format that are played.
var formatKnown = map[string]bool{"": true, "чн": true, "nz": true, "чг": true, "ng": true, "чрг": true, "ngs": true, "чрд": true, "nds": true, "чдц": true, "nfd": true,
	"чц": true, "nd": true, "чвн": true, "nlz": true, "дп": true, "de": true, "дф": true, "df": true, "длф": true, "dlf": true, "бл": true, "bf": true, "би": true, "bt": true}

func signs(n Num) int {
	if n.sign() < 0 {
		return 1
	}
	return 0
}

// nines is what stands for a number that has no room in its width.
func nines(width, digits, sign int) Num {
	n := mustNum(strings.Repeat("9", width))
	n.scale = digits
	if sign < 0 {
		return n.neg()
	}
	return n
}

// formatKeys reads "ЧГ=0; ДФ='dd.MM.yyyy'".
func formatKeys(spec string) map[string]string {
	keys := map[string]string{}
	for spec != "" {
		name, rest, ok := strings.Cut(spec, "=")
		if !ok {
			keys[fold(strings.TrimSpace(name))] = ""
			break
		}
		rest = strings.TrimLeft(rest, " ")
		var value string
		if rest != "" && (rest[0] == '\'' || rest[0] == '"') {
			value, rest, _ = strings.Cut(rest[1:], rest[:1])
			_, rest, _ = strings.Cut(rest, ";")
		} else {
			value, rest, _ = strings.Cut(rest, ";")
			value = strings.TrimRight(value, " ")
		}
		keys[fold(strings.TrimSpace(name))] = value
		spec = strings.TrimLeft(rest, " ")
	}
	return keys
}

var russianMonths = [...]string{"января", "февраля", "марта", "апреля", "мая", "июня", "июля", "августа", "сентября", "октября", "ноября", "декабря"}

// formatDate knows d M y г H h m s with their repetitions, the Russian letters too.
func formatDate(t time.Time, layout string) string {
	var b strings.Builder
	letters := []rune(layout)
	for i := 0; i < len(letters); {
		r := letters[i]
		n := 1
		for i+n < len(letters) && letters[i+n] == r {
			n++
		}
		switch {
		case strings.ContainsRune("'\"", r):
			j := i + 1
			for j < len(letters) && letters[j] != r {
				b.WriteRune(letters[j])
				j++
			}
			i = j + 1
			continue
		case strings.ContainsRune("dд", r) && n > 2 || strings.ContainsRune("MМ", r) && n == 3 || strings.ContainsRune("tвkк", r):
			throw("Неправильный или не поддерживаемый формат даты (%s)", layout)
		case strings.ContainsRune("dд", r):
			b.WriteString(t.Format(pick(n, "2", "02")))
		case strings.ContainsRune("MМ", r):
			if n == 4 {
				b.WriteString(russianMonths[t.Month()-1])
			} else {
				b.WriteString(t.Format(pick(n, "1", "01")))
			}
		case strings.ContainsRune("yг", r):
			b.WriteString(t.Format(map[bool]string{true: "06", false: "2006"}[n <= 2]))
		case strings.ContainsRune("hч", r): // twelve hours, the trap of a format in small letters
			b.WriteString(t.Format(pick(n, "3", "03")))
		case strings.ContainsRune("HЧ", r):
			s := t.Format("15")
			if n == 1 {
				s = strings.TrimPrefix(s, "0")
			}
			b.WriteString(s)
		case strings.ContainsRune("mм", r):
			b.WriteString(t.Format(pick(n, "4", "04")))
		case strings.ContainsRune("sс", r):
			b.WriteString(t.Format(pick(n, "5", "05")))
		default:
			b.WriteString(string(letters[i : i+n]))
		}
		i += n
	}
	return b.String()
}

func pick(n int, one, two string) string {
	if n == 1 {
		return one
	}
	return two
}
