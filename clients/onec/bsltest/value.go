package bsltest

import (
	"fmt"
	"strings"
)

// The values of the language are Go values: Undefined, Null, bool, Num,
// string, Date, UUID, TypeValue, *EnumValue and objects (Object).

type undefinedType struct{}
type nullType struct{}
type skippedType struct{}

// Undefined is Неопределено.
var Undefined = undefinedType{}

// Null is Null.
var Null = nullType{}

// skipped stands for an argument that was left out between commas.
var skipped = skippedType{}

// UUID is a УникальныйИдентификатор, lower-case with dashes.
type UUID string

// TypeValue is a value of the type Тип: the type's Russian name.
type TypeValue string

// EnumValue is one value of a system enumeration: СтатусОповещенияПользователя.Важное.
type EnumValue struct{ Enum, Name string }

// Object is a value with properties or methods. What it can do stands in the
// registry under the name of its type; see hostType.
type Object interface {
	TypeName() string // Russian, as ТипЗнч shows it
}

// typeName is the Russian name of a value's type.
func typeName(v any) string {
	switch x := v.(type) {
	case undefinedType, skippedType:
		return "Неопределено"
	case nullType:
		return "Null"
	case bool:
		return "Булево"
	case Num:
		return "Число"
	case string:
		return "Строка"
	case Date:
		return "Дата"
	case UUID:
		return "УникальныйИдентификатор"
	case TypeValue:
		return "Тип"
	case *EnumValue:
		return x.Enum
	case Object:
		return x.TypeName()
	}
	return fmt.Sprintf("%T", v)
}

// equal is the operator =: values of different types differ, objects are
// equal to themselves only, references by what they refer to.
func equal(a, b any) bool {
	switch x := a.(type) {
	case Num:
		y, ok := b.(Num)
		return ok && x.cmp(y) == 0
	case Date:
		y, ok := b.(Date)
		return ok && x.t.Equal(y.t)
	case *Ref:
		y, ok := b.(*Ref)
		return ok && x.table == y.table && x.uid == y.uid
	}
	switch b.(type) {
	case Num, Date, *Ref:
		return false
	}
	return a == b
}

// keyOf is a value as the key of a Go map: equal values, equal keys.
func keyOf(v any) any {
	switch x := v.(type) {
	case Num:
		return "n" + x.String()
	case string:
		return "s" + x
	case Date:
		return "d" + x.xml()
	case *Ref:
		return "r" + x.table.full() + string(x.uid)
	}
	return v
}

// str is the conversion to a string: the number's groups are parted by an
// unbreakable space, which is the trap of every 1C program that talks HTTP.
func str(v any) string {
	switch x := v.(type) {
	case string:
		return x
	case undefinedType, nullType, skippedType:
		return ""
	case bool:
		if x {
			return "Да"
		}
		return "Нет"
	case Num:
		return formatNum(x, numFormat{group: "\u00a0", point: ",", digits: -1})
	case Date:
		return x.t.Format("02.01.2006 ") + strings.TrimPrefix(x.t.Format("15:04:05"), "0")
	case UUID:
		return string(x)
	case TypeValue:
		return string(x)
	case *EnumValue:
		return x.Name
	case fmt.Stringer:
		return x.String()
	}
	return typeName(v)
}

func truth(v any) bool {
	switch x := v.(type) {
	case bool:
		return x
	case Num:
		return x.sign() != 0
	}
	throw("Преобразование значения к типу Булево не может быть выполнено")
	return false
}

func number(v any) Num {
	switch x := v.(type) {
	case Num:
		return x
	case bool:
		if x {
			return intNum(1)
		}
		return intNum(0)
	case string:
		if n, ok := parseNum(x); ok {
			return n
		}
	}
	throw("Преобразование значения к типу Число не может быть выполнено")
	return Num{}
}
