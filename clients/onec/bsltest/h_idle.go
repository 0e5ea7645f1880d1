package bsltest

import (
	"strings"
	"time"
)

// idleHost is ПодключитьОбработчикОжидания of the application: the procedure
// must be an export without parameters of the application's module or of a
// global common module.
func idleHost() Host {
	return Host{Functions: []Function{
		{Names: "ПодключитьОбработчикОжидания AttachIdleHandler", Since: "=client", Min: 2, Max: 3, Procedure: true, Do: func(c *Call) any {
			name := fold(c.Str(0))
			for _, d := range c.W.decls {
				u := d.units[c.W.Target.Context]
				if !d.flags.Global || u == nil {
					continue
				}
				if p := u.procs[name]; p != nil && p.export && !p.function && len(p.params) == 0 {
					c.W.attach(u.inst, p, interval(c), c.Bool(2))
					return nil
				}
			}
			throw("Неверное имя процедуры обработчика ожидания (%s): нет экспортной процедуры без параметров в модуле приложения или глобальном общем модуле", c.Str(0))
			return nil
		}},
		{Names: "ОтключитьОбработчикОжидания DetachIdleHandler", Since: "=client", Min: 1, Procedure: true, Do: func(c *Call) any {
			kept := c.W.idle[:0]
			for _, h := range c.W.idle {
				if !strings.EqualFold(h.name, c.Str(0)) || h.inst.this != nil {
					kept = append(kept, h)
				}
			}
			c.W.idle = kept
			return nil
		}},
	}}
}

// interval checks an idle handler's pause: a tenth of a second at least,
// below one second only once, and in 8.2 whole seconds from one.
func interval(c *Call) time.Duration {
	n := c.Num(1)
	once := c.Bool(2)
	if n.cmp(mustNum("0.1")) < 0 {
		throw("Недопустимое значение интервала обработчика ожидания (%s)", n)
	}
	if n.cmp(intNum(1)) < 0 && (!once || c.W.level.less(version{8, 3, 0, 0})) {
		throw("Интервал обработчика ожидания меньше секунды допустим только для однократного вызова (%s)", n)
	}
	return time.Duration(n.round(1, true).float() * float64(time.Second))
}
