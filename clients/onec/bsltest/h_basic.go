package bsltest

import (
	"crypto/rand"
	"encoding/hex"
	"regexp"
)

var uuidShape = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// NewUUID makes a random identifier.
func NewUUID() UUID {
	var b [16]byte
	if _, err := rand.Read(b[:]); err != nil {
		panic(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:])
	return UUID(h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:])
}

// basicTypes are the primitive types: ТипЗнч and Тип know them by these names.
func basicTypes() Host {
	none := func(names string) *Type { return &Type{Names: names} }
	return Host{
		Types: []*Type{
			none("Строка String"), none("Число Number"), none("Дата Date"), none("Булево Boolean"), none("Неопределено Undefined"), none("Null"), none("Тип Type"),
			none("Обещание Promise"), none("ОбщийМодуль CommonModule"),
			{Names: "УникальныйИдентификатор UUID", Max: 1, New: func(c *Call) any {
				if !c.Given(0) {
					return NewUUID()
				}
				s := fold(c.Str(0))
				if !uuidShape.MatchString(s) {
					throw("Параметр 1 конструктора УникальныйИдентификатор имеет неправильное значение")
				}
				return UUID(s)
			}},
			{Names: "ОписаниеТипов TypeDescription", Min: 1, Max: 7, New: func(c *Call) any { return &typeDescription{c.Arg(0)} }},
		},
		Functions: []Function{
			{Names: "ТипЗнч TypeOf", Min: 1, Do: func(c *Call) any { return TypeValue(typeName(c.Arg(0))) }},
			{Names: "Тип Type", Min: 1, Do: func(c *Call) any {
				if t, ok := c.W.reg.types[fold(c.Str(0))]; ok {
					return TypeValue(t.name)
				}
				if c.W.Meta.knowsType(c.Str(0)) {
					return TypeValue(c.Str(0))
				}
				throw("Тип не определен (%s)", c.Str(0))
				return nil
			}},
		},
	}
}

type typeDescription struct{ types any }

func (*typeDescription) TypeName() string { return "ОписаниеТипов" }
