package bsltest

import "slices"

// valueList is СписокЗначений.
type valueList struct{ items []*listItem }

type listItem struct {
	value        any
	presentation string
	mark         bool
	picture      any
}

func (*valueList) TypeName() string { return "СписокЗначений" }
func (*listItem) TypeName() string  { return "ЭлементСпискаЗначений" }

func (l *valueList) cross(w *World) any {
	n := &valueList{}
	for _, i := range l.items {
		n.items = append(n.items, &listItem{w.transfer(i.value), i.presentation, i.mark, Undefined})
	}
	return n
}

func (l *valueList) at(i any) *listItem {
	n := number(i)
	if n.sign() < 0 || n.int() >= len(l.items) {
		throw("Индекс находится за границами списка")
	}
	return l.items[n.int()]
}

func valueListHost() Host {
	return Host{Types: []*Type{
		{Names: "СписокЗначений ValueList", New: func(*Call) any { return &valueList{} },
			Index: func(c *Call, i any) any { return this[*valueList](c).at(i) },
			Items: func(o Object) (all []any) {
				for _, i := range o.(*valueList).items {
					all = append(all, i)
				}
				return all
			},
			Methods: []Function{
				{Names: "Добавить Add", Max: 4, Do: func(c *Call) any {
					l := this[*valueList](c)
					i := &listItem{c.Arg(0), c.Str(1), c.Bool(2), c.Arg(3)}
					l.items = append(l.items, i)
					return i
				}},
				{Names: "Количество Count", Do: func(c *Call) any { return intNum(int64(len(this[*valueList](c).items))) }},
				{Names: "Получить Get", Min: 1, Do: func(c *Call) any { return this[*valueList](c).at(c.Arg(0)) }},
				{Names: "Очистить Clear", Procedure: true, Do: func(c *Call) any { this[*valueList](c).items = nil; return nil }},
				{Names: "Удалить Delete", Min: 1, Procedure: true, Do: func(c *Call) any {
					l := this[*valueList](c)
					gone, ok := c.Arg(0).(*listItem)
					if !ok {
						gone = l.at(c.Arg(0))
					}
					l.items = slices.DeleteFunc(l.items, func(i *listItem) bool { return i == gone })
					return nil
				}},
				{Names: "НайтиПоЗначению FindByValue", Min: 1, Do: func(c *Call) any {
					for _, i := range this[*valueList](c).items {
						if equal(i.value, c.Arg(0)) {
							return i
						}
					}
					return Undefined
				}},
				{Names: "ВыгрузитьЗначения UnloadValues", Do: func(c *Call) any {
					a := &array{}
					for _, i := range this[*valueList](c).items {
						a.items = append(a.items, i.value)
					}
					return a
				}},
				{Names: "ЗагрузитьЗначения LoadValues", Min: 1, Procedure: true, Do: func(c *Call) any {
					l := this[*valueList](c)
					l.items = nil
					for _, v := range arg[*array](c, 0).items {
						l.items = append(l.items, &listItem{value: v, picture: Undefined})
					}
					return nil
				}},
				{Names: "СортироватьПоПредставлению SortByPresentation", Max: 1, Procedure: true, Do: func(c *Call) any {
					slices.SortStableFunc(this[*valueList](c).items, func(a, b *listItem) int { return compareStrings(a.presentation, b.presentation) })
					return nil
				}},
				{Names: "ПоказатьВыборЭлемента ShowChooseItem", Since: "8.3.3 =client", Min: 1, Max: 3, Procedure: true, Do: func(c *Call) any {
					c.W.Screen.choice(c, this[*valueList](c), c.Arg(0), c.Str(1))
					return nil
				}},
				{Names: "ВыбратьЭлемент ChooseItem", Since: "=client", Max: 2, Modal: true, Do: func(c *Call) any { return c.W.Screen.chooseNow(this[*valueList](c), c.Str(0)) }},
			}},
		{Names: "ЭлементСпискаЗначений ValueListItem", Properties: []Property{
			getSet("Значение Value", func(i *listItem) any { return i.value }, func(i *listItem, v any) { i.value = v }),
			getSet("Представление Presentation", func(i *listItem) any { return i.presentation }, func(i *listItem, v any) { i.presentation = str(v) }),
			getSet("Пометка Check", func(i *listItem) any { return i.mark }, func(i *listItem, v any) { i.mark = truth(v) }),
			getSet("Картинка Picture", func(i *listItem) any { return i.picture }, func(i *listItem, v any) { i.picture = v }),
		}},
	}}
}
