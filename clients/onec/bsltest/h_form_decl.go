package bsltest

import "strings"

// mustKnowForm is an exception if there is no form of that name: none that was
// declared or has a module, nor one of a declared table or data processor. A
// short name like "Обработка.Имя" is the test's own affair.
func (w *World) mustKnowForm(name string) {
	if w.forms[fold(name)] != nil || w.formModule(name) != nil {
		return
	}
	part := strings.Split(name, ".")
	switch {
	case len(part) == 2 && !strings.EqualFold(part[0], "ОбщаяФорма"):
		return
	case len(part) > 2:
		if w.Meta.Find(part[0]+"."+part[1]) != nil || strings.EqualFold(part[0], "Обработка") && w.Meta.processors[fold(part[1])] != nil {
			return
		}
	}
	throw("Форма не обнаружена (%s)", name)
}

// formDecl is what a form has besides its module: nil params are any, and so
// are nil items.
type formDecl struct {
	attrs, params *structure
	items         map[string]bool
}

// standardParams are parameters that every managed form takes.
var standardParams = map[string]bool{"ключ": true, "key": true, "отбор": true, "filter": true, "значениязаполнения": true, "fillingvalues": true, "основание": true, "basis": true,
	"режимвыбора": true, "choicemode": true, "закрыватьпривыборе": true, "closeonchoice": true, "текущаястрока": true, "currentrow": true}

// DeclareForm says which attributes and parameters the form of this name has,
// with their values before anything is written. The module of a declared form
// is checked for names that are none of its own. Parameters that it has not
// do not reach it, unless params is nil.
func (w *World) DeclareForm(name string, attrs, params map[string]any) {
	d := &formDecl{attrs: structOf(attrs)}
	if params != nil {
		d.params = structOf(params)
	}
	w.forms[fold(name)] = d
}

func structOf(m map[string]any) *structure {
	if m == nil {
		return newStructure()
	}
	return Value(m).(*structure)
}
