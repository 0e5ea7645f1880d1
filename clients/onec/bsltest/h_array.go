package bsltest

// array is Массив and ФиксированныйМассив.
type array struct {
	items []any
	fixed bool
}

func (a *array) TypeName() string {
	if a.fixed {
		return "ФиксированныйМассив"
	}
	return "Массив"
}

func (a *array) cross(w *World) any { return &array{w.transferAll(a.items), a.fixed} }

func (a *array) at(i any) int {
	n, ok := i.(Num)
	if !ok {
		throw("Индекс должен быть числом")
	}
	if n.sign() < 0 || n.int() >= len(a.items) {
		throw("Индекс находится за границами массива")
	}
	return n.int()
}

func arrayHost() Host {
	items := func(o Object) []any { return append([]any(nil), o.(*array).items...) }
	at := func(c *Call, i any) any {
		a := this[*array](c)
		return a.items[a.at(i)]
	}
	read := []Function{
		{Names: "Количество Count", Do: func(c *Call) any { return intNum(int64(len(this[*array](c).items))) }},
		{Names: "ВГраница UBound", Do: func(c *Call) any { return intNum(int64(len(this[*array](c).items) - 1)) }},
		{Names: "Найти Find", Min: 1, Do: func(c *Call) any {
			for i, v := range this[*array](c).items {
				if equal(v, c.Arg(0)) {
					return intNum(int64(i))
				}
			}
			return Undefined
		}},
		{Names: "Получить Get", Min: 1, Do: func(c *Call) any { return at(c, c.Arg(0)) }},
	}
	return Host{Types: []*Type{
		{Names: "Массив Array", Max: 8, Items: items, Index: at,
			SetIndex: func(c *Call, i, v any) {
				a := this[*array](c)
				a.items[a.at(i)] = v
			},
			New: func(c *Call) any {
				a := &array{}
				switch x := c.Arg(0).(type) {
				case Num:
					if x.int() > 1<<20 {
						throw("Недостаточно памяти")
					}
					for range x.int() {
						a.items = append(a.items, Undefined)
					}
				case *array:
					a.items = append(a.items, x.items...)
				case undefinedType:
				default:
					c.Mismatch(0)
				}
				if len(c.Args) > 1 {
					throw("Многомерные массивы не поддерживаются")
				}
				return a
			},
			Methods: append([]Function{
				{Names: "Добавить Add", Max: 1, Procedure: true, Do: func(c *Call) any {
					a := this[*array](c)
					a.items = append(a.items, c.Arg(0))
					return nil
				}},
				{Names: "Вставить Insert", Min: 1, Max: 2, Procedure: true, Do: func(c *Call) any {
					a, i := this[*array](c), c.Int(0)
					if i < 0 || i > len(a.items) {
						throw("Индекс находится за границами массива")
					}
					a.items = append(a.items[:i:i], append([]any{c.Arg(1)}, a.items[i:]...)...)
					return nil
				}},
				{Names: "Удалить Delete", Min: 1, Procedure: true, Do: func(c *Call) any {
					a := this[*array](c)
					i := a.at(c.Arg(0))
					a.items = append(a.items[:i:i], a.items[i+1:]...)
					return nil
				}},
				{Names: "Установить Set", Min: 2, Procedure: true, Do: func(c *Call) any {
					a := this[*array](c)
					a.items[a.at(c.Arg(0))] = c.Arg(1)
					return nil
				}},
				{Names: "Очистить Clear", Procedure: true, Do: func(c *Call) any {
					this[*array](c).items = nil
					return nil
				}},
			}, read...)},
		{Names: "ФиксированныйМассив FixedArray", Min: 1, Items: items, Index: at, Methods: read, New: func(c *Call) any {
			return &array{append([]any(nil), arg[*array](c, 0).items...), true}
		}},
	}}
}
