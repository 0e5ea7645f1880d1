package bsltest

// screenHost is what a program shows and asks; see Screen.
func screenHost() Host {
	answer := func(c *Call) any {
		name := c.W.Screen.Answer
		if name == "" {
			name = "Да"
		}
		return c.W.enumOf("КодВозвратаДиалога", name)
	}
	later := func(c *Call, i int, v func() any) any {
		if b, ok := c.Arg(i).(*callback); ok {
			w := c.W
			w.ready = append(w.ready, func() { w.notify(b, v()) })
		}
		return nil
	}
	promised := func(c *Call, v any) any {
		p := &Promise{}
		c.W.settle(p, v, nil)
		return p
	}
	say := func(c *Call, i int) { c.W.Screen.Messages = append(c.W.Screen.Messages, c.Str(i)) }
	return Host{Functions: []Function{
		{Names: "ПоказатьОповещениеПользователя ShowUserNotification", Since: "8.2 =thin,web,thick", Max: 6, EarlyMax: 4, Grew: "8.3.11", Procedure: true, Do: showToast},
		{Names: "ПерейтиПоНавигационнойСсылке GotoURL", Since: "=managed", Min: 1, Procedure: true, Do: func(c *Call) any {
			c.W.follow(c.Str(0))
			return nil
		}},
		{Names: "Сообщить Message", Min: 1, Max: 2, Procedure: true, Do: func(c *Call) any { say(c, 0); return nil }},
		{Names: "Состояние Status", Since: "=client", Max: 4, Procedure: true, Do: func(c *Call) any {
			c.W.Screen.Status = append(c.W.Screen.Status, c.Str(0))
			return nil
		}},
		{Names: "Сигнал Beep", Since: "=thin,thick", Procedure: true, Do: func(*Call) any { return nil }},
		{Names: "ПоказатьПредупреждение ShowMessageBox", Since: "8.3.3 =client", Min: 2, Max: 4, FirstFree: true, Procedure: true, Do: func(c *Call) any {
			say(c, 1)
			if b, ok := c.Arg(0).(*callback); ok {
				w := c.W
				w.ready = append(w.ready, func() { w.notifyBare(b) })
			}
			return nil
		}},
		{Names: "ПредупреждениеАсинх DoMessageBoxAsync", Since: "8.3.18 =client", Min: 1, Max: 3, Do: func(c *Call) any { say(c, 0); return promised(c, Undefined) }},
		{Names: "Предупреждение DoMessageBox", Since: "=client", Min: 1, Max: 3, Modal: true, Procedure: true, Do: func(c *Call) any { say(c, 0); return nil }},
		{Names: "ПоказатьВопрос ShowQueryBox", Since: "8.3.3 =client", Min: 3, Max: 7, Procedure: true, Do: func(c *Call) any {
			say(c, 1)
			return later(c, 0, func() any { return answer(c) })
		}},
		{Names: "ВопросАсинх DoQueryBoxAsync", Since: "8.3.18 =client", Min: 2, Max: 6, Do: func(c *Call) any { say(c, 0); return promised(c, answer(c)) }},
		{Names: "Вопрос DoQueryBox", Since: "=thin,thick", Min: 2, Max: 6, Modal: true, Do: func(c *Call) any { say(c, 0); return answer(c) }},
		{Names: "ПоказатьВводСтроки ShowInputString", Since: "8.3.3 =client", Min: 1, Max: 5, Procedure: true, Do: func(c *Call) any {
			return later(c, 0, func() any {
				if c.W.Screen.Input == nil {
					return Undefined
				}
				if s, ok := c.W.Screen.Input(c.Str(2)); ok {
					return s
				}
				return Undefined
			})
		}},
		{Names: "ВвестиСтроку InputString", Since: "=client", Min: 1, Max: 4, Modal: true, Do: func(c *Call) any {
			if c.W.Screen.Input == nil {
				return false
			}
			s, ok := c.W.Screen.Input(c.Str(1))
			if ok {
				c.Set(0, s)
			}
			return ok
		}},
		{Names: "ОткрытьЗначение OpenValue", Since: "=thick", Min: 1, Procedure: true, Do: func(c *Call) any { return openValue(c, c.Arg(0)) }},
		{Names: "ПоказатьЗначение ShowValue", Since: "8.3.3 =client", Min: 2, FirstFree: true, Procedure: true, Do: func(c *Call) any { return openValue(c, c.Arg(1)) }},
		{Names: "ЗавершитьРаботуСистемы Exit", Since: "=client", Max: 3, Procedure: true, Do: func(*Call) any { return nil }},
		{Names: "ОбновитьИнтерфейс RefreshInterface", Since: "=client", Procedure: true, Do: func(*Call) any { return nil }},
		{Names: "ПоказатьИнформациюОбОшибке ShowErrorInfo", Since: "=client", Min: 1, Procedure: true, Do: func(c *Call) any {
			c.W.Screen.Messages = append(c.W.Screen.Messages, arg[*errorInfo](c, 0).e.Text)
			return nil
		}},
	}, Properties: []Property{
		{Names: "БиблиотекаКартинок PictureLib", Get: func(*Call) any { return &pictures{} }},
	}, Types: []*Type{{Names: "БиблиотекаКартинок PictureLib"}, {Names: "Картинка Picture", Max: 2, New: func(c *Call) any { return &picture{c.Str(0)} }},
		{Names: "СообщениеПользователю UserMessage", Since: "8.2", New: func(*Call) any { s := &userMessage{newStructure()}; return s },
			Methods: []Function{{Names: "Сообщить Message", Procedure: true, Do: func(c *Call) any {
				c.W.Screen.Messages = append(c.W.Screen.Messages, str(this[*userMessage](c).get("Текст")))
				return nil
			}}}},
	}}
}

func openValue(c *Call, v any) any {
	o := Opening{How: "значение", Name: str(v)}
	if r, ok := v.(*Ref); ok {
		o.Ref, o.Name = r, r.table.full()
	}
	c.W.open(o)
	return nil
}

func showToast(c *Call) any {
	t := Toast{Text: c.Str(0), Explanation: c.Str(2), At: c.W.now}
	switch x := c.Arg(1).(type) {
	case string:
		t.Link = x
	case *callback:
		t.action = x
	case undefinedType:
	default:
		c.Mismatch(1)
	}
	if c.Given(3) {
		arg[*picture](c, 3)
	}
	if c.Given(4) {
		t.Important = arg[*EnumValue](c, 4).Name == "Важное"
	}
	t.Key = c.Str(5)
	c.W.Screen.toast(t)
	return nil
}

type pictures struct{}

func (*pictures) TypeName() string { return "БиблиотекаКартинок" }

func (*pictures) Field(_ *Call, name string) (any, bool) { return &picture{name}, true }

type picture struct{ name string }

func (*picture) TypeName() string { return "Картинка" }

type userMessage struct{ *structure }

func (*userMessage) TypeName() string { return "СообщениеПользователю" }

func (m *userMessage) cross(w *World) any { return &userMessage{m.structure.cross(w).(*structure)} }

func (m *userMessage) SetField(_ *Call, name string, v any) bool {
	m.set(name, v)
	return true
}
