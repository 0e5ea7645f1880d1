package bsltest

// miscFunctions are the rest of the global context.
func miscFunctions() Host {
	return Host{Functions: []Function{
		{Names: "ЗаполнитьЗначенияСвойств FillPropertyValues", Min: 2, Max: 4, Procedure: true, Do: fillProperties},
		{Names: "ПродолжитьВызов ProceedWithCall", Max: -1, Since: "8.3.6", Do: func(c *Call) any {
			if len(c.W.runs) == 0 {
				throw("ПродолжитьВызов может использоваться только в процедуре с аннотацией &Вместо")
			}
			return c.W.runs[len(c.W.runs)-1](c.Args, c.refs)
		}},
		{Names: "Вычислить Eval", Since: "-thin -web", Min: 1, Do: func(*Call) any { throw("Вычислить не поддерживается"); return nil }},
		{Names: "ПредопределенноеЗначение PredefinedValue", Min: 1, Do: func(c *Call) any { return c.W.Meta.predefined(c.Str(0)) }},
		{Names: "УстановитьПривилегированныйРежим SetPrivilegedMode", Since: "=server,thick", Min: 1, Procedure: true, Do: func(c *Call) any { c.W.unguarded = c.Bool(0); return nil }},
		{Names: "ПривилегированныйРежим PrivilegedMode", Since: "=server,thick", Do: func(*Call) any { return true }},
		{Names: "УстановитьБезопасныйРежим SetSafeMode", Since: "=server,thick", Min: 1, Procedure: true, Do: func(*Call) any { return nil }},
		{Names: "НачатьТранзакцию BeginTransaction", Since: "=server,thick", Max: 1, Procedure: true, Do: func(*Call) any { return nil }},
		{Names: "ЗафиксироватьТранзакцию CommitTransaction", Since: "=server,thick", Procedure: true, Do: func(*Call) any { return nil }},
		{Names: "ОтменитьТранзакцию RollbackTransaction", Since: "=server,thick", Procedure: true, Do: func(*Call) any { return nil }},
		{Names: "ТранзакцияАктивна TransactionActive", Since: "=server,thick", Do: func(*Call) any { return false }},
		{Names: "ОбновитьПовторноИспользуемыеЗначения RefreshReusableValues", Procedure: true, Do: func(c *Call) any { clear(c.W.cache); return nil }},
		{Names: "ПравоДоступа AccessRight", Since: "=server,thick", Min: 2, Max: 4, Do: func(c *Call) any {
			if m, ok := c.Arg(1).(*metaObject); ok && m.t.Guarded && c.W.asUser() {
				return false
			}
			return !c.W.NotAdmin || c.Str(0) != "Администрирование"
		}},
		{Names: "РольДоступна IsInRole", Since: "=server,thick", Min: 1, Do: func(*Call) any { return true }},
		{Names: "МонопольныйРежим ExclusiveMode", Since: "=server,thick", Do: func(*Call) any { return false }},
		{Names: "ТекущийЯзык CurrentLanguage", Do: func(*Call) any { return "ru" }},
		{Names: "ТекущийКодЛокализации CurrentLocaleCode", Since: "-thin -web", Do: func(*Call) any { return "ru_RU" }},
	}}
}

func fillProperties(c *Call) any {
	only, but := lowered(c.Str(2)), lowered(c.Str(3))
	to, from := c.Arg(0), c.Arg(1)
	for _, name := range c.W.names(from) {
		key := fold(name)
		if len(only) > 0 && !only[key] || but[key] {
			continue
		}
		if v, ok := c.W.field(c.f, from, name); ok {
			c.W.setMember(c.f, to, name, v, true)
		}
	}
	for name := range only {
		if _, ok := c.W.field(c.f, from, name); !ok {
			throw("Поле объекта не обнаружено (%s)", name)
		}
	}
	return nil
}

func lowered(names string) map[string]bool {
	set := map[string]bool{}
	for _, n := range splitNames(names) {
		set[fold(n)] = true
	}
	return set
}

// names are the properties of an object that ЗаполнитьЗначенияСвойств copies.
func (w *World) names(x any) []string {
	switch o := x.(type) {
	case *structure:
		return o.names
	case *tableRow:
		return o.t.cols
	case interface{ fields() []string }:
		return o.fields()
	}
	var all []string
	if t := w.typeOf(x); t != nil {
		for _, p := range t.Properties {
			all = append(all, firstName(p.Names))
		}
	}
	return all
}
