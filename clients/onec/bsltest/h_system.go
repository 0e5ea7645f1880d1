package bsltest

// systemHost is what a program asks of its surroundings, and the platform's
// push from the server to its clients.
func systemHost() Host {
	platform := func(c *Call) any {
		if c.W.Target.NoCOM {
			return c.W.enumOf("ТипПлатформы", "Linux_x86_64")
		}
		return c.W.enumOf("ТипПлатформы", "Windows_x86_64")
	}
	return Host{
		Types: []*Type{
			{Names: "СистемнаяИнформация SystemInfo", New: func(*Call) any { return &systemInfo{} }, Properties: []Property{
				{Names: "ВерсияПриложения AppVersion", Get: func(c *Call) any { return c.W.Target.Version }},
				{Names: "ТипПлатформы PlatformType", Get: platform},
				{Names: "ИдентификаторКлиента ClientID", Get: func(c *Call) any { return c.W.client }},
				{Names: "ВерсияОС OSVersion", Get: func(*Call) any { return "Microsoft Windows 10" }},
			}},
			{Names: "СеансИнформационнойБазы InfoBaseSession", Properties: []Property{
				get("НомерСеанса SessionNumber", func(s *infobaseSession) any { return count(s.number) }),
				get("ИмяПриложения ApplicationName", func(s *infobaseSession) any { return s.app }),
				get("Пользователь User", func(s *infobaseSession) any { return &ibUser{s.u} }),
			}},
			{Names: "МенеджерУведомленийКлиента ClientNotificationManager", Since: pushSince, Methods: []Function{
				{Names: "ПодключитьОбработчик AttachHandler", Since: pushSince + " -server", Min: 2, Procedure: true, Do: func(c *Call) any {
					c.W.push[c.Str(0)] = arg[*callback](c, 1)
					return nil
				}},
				{Names: "ОтключитьОбработчик DetachHandler", Since: pushSince + " -server", Min: 1, Max: 2, Procedure: true, Do: func(c *Call) any {
					delete(c.W.push, c.Str(0))
					return nil
				}},
				{Names: "ОтправитьУведомление SendNotification", Since: pushSince + " -client", Min: 2, Max: 3, Procedure: true, Do: func(c *Call) any { return push(c) }},
			}},
			{Names: "ОбщегоНазначенияБСП", Methods: []Function{
				{Names: "ПрочитатьДанныеИзБезопасногоХранилища", Since: "=server,thick", Min: 1, Max: 3, Do: func(c *Call) any {
					if v, ok := c.W.secrets[str(c.Arg(0))+"/"+c.Str(1)]; ok {
						return v
					}
					return Undefined
				}},
				{Names: "ЗаписатьДанныеВБезопасноеХранилище", Since: "=server,thick", Min: 2, Max: 3, Procedure: true, Do: func(c *Call) any {
					key := "Пароль"
					if c.Given(2) {
						key = c.Str(2)
					}
					c.W.secrets[str(c.Arg(0))+"/"+key] = c.Arg(1)
					return nil
				}},
				{Names: "УдалитьДанныеИзБезопасногоХранилища", Since: "=server,thick", Min: 1, Max: 2, Procedure: true, Do: func(c *Call) any {
					delete(c.W.secrets, str(c.Arg(0))+"/"+c.Str(1))
					return nil
				}},
			}},
		},
		Properties: []Property{
			{Names: "УведомленияКлиента ClientNotifications", Since: pushSince, Get: func(*Call) any { return &pushManager{} }},
		},
	}
}

// pushSince is where БСП trusts the mechanism; it exists from 8.3.26.
const pushSince = "8.3.26"

type systemInfo struct{}

func (*systemInfo) TypeName() string { return "СистемнаяИнформация" }

type pushManager struct{}

func (*pushManager) TypeName() string { return "МенеджерУведомленийКлиента" }

// push sends to this World's client if its session is meant, and notes what
// was sent for the test to hand to others.
func push(c *Call) any {
	w := c.W
	sent := Push{Key: c.Str(0), Data: Go(c.Arg(1))}
	data := w.transfer(c.Arg(1))
	mine := !c.Given(2)
	if a, ok := c.Arg(2).(*array); ok {
		for _, n := range a.items {
			sent.Sessions = append(sent.Sessions, number(n).int())
			mine = mine || number(n).int() == w.SessionNumber
		}
	}
	w.Pushed = append(w.Pushed, sent)
	if mine {
		w.deliver(sent.Key, data)
	}
	return nil
}

func (w *World) deliver(key string, data any) {
	if b := w.push[key]; b != nil {
		w.ready = append(w.ready, func() { w.notify(b, data) })
	}
}

// Push is one УведомленияКлиента.ОтправитьУведомление.
type Push struct {
	Key      string
	Data     any
	Sessions []int // none: all
}

// Deliver hands a push of another World's server to this client.
func (w *World) Deliver(p Push) {
	w.deliver(p.Key, Value(p.Data))
	w.Pump()
}

// Secret puts something into the secure storage of БСП; the module
// ОбщегоНазначения must be loaded by the test or UseBSP called.
func (w *World) Secret(owner, key string, v any) { w.secrets[owner+"/"+key] = Value(v) }

// UseBSP gives the server's code the parts of БСП that this package has: the
// secure storage of ОбщегоНазначения.
func (w *World) UseBSP() {
	w.Add(Host{Properties: []Property{{Names: "ОбщегоНазначения Common", Since: "=server,thick", Get: func(*Call) any { return &bsp{} }}}})
}

type bsp struct{}

func (*bsp) TypeName() string { return "ОбщегоНазначенияБСП" }
