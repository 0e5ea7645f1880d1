package bsltest

// managers is Справочники, Документы, РегистрыСведений; manager is one of them.
type managers struct {
	meta *Metadata
	kind string
}

type manager struct{ t *Table }

func (*managers) TypeName() string { return "МенеджерыОбъектов" }
func (m *manager) TypeName() string {
	if m.t.Kind == "РегистрСведений" {
		return "МенеджерРегистра"
	}
	return m.t.Kind + "Менеджер." + m.t.Name
}

func (m *managers) Field(_ *Call, name string) (any, bool) {
	if t := m.meta.Find(m.kind + "." + name); t != nil {
		return &manager{t}, true
	}
	return nil, false
}

func (m *managers) all() (found []any) {
	for _, t := range m.meta.order {
		if t.Kind == m.kind {
			found = append(found, &manager{t})
		}
	}
	return found
}

// CallMethod is what managers of catalogs and documents can do.
func (m *manager) CallMethod(c *Call, name string) (any, bool) {
	t := m.t
	find := func(attr string, v any) any {
		for _, k := range t.keys {
			if equal(t.rows[k].data.get(attr), v) {
				return &Ref{t, t.rows[k].uid}
			}
		}
		return &Ref{t, emptyUUID}
	}
	switch fold(name) {
	case "получитьссылку", "getref":
		if !c.Given(0) {
			return &Ref{t, NewUUID()}, true
		}
		return &Ref{t, arg[UUID](c, 0)}, true
	case "пустаяссылка", "emptyref":
		return &Ref{t, emptyUUID}, true
	case "создатьэлемент", "createitem", "создатьдокумент", "createdocument":
		o := &object{ref: &Ref{t, NewUUID()}, data: t.fresh(), isNew: true}
		t.code++
		if t.Kind == "Документ" {
			o.data.set("Номер", "0000"+str(count(t.code)))
			o.data.set("Дата", emptyDate())
		} else {
			o.data.set("Код", "0000"+str(count(t.code)))
		}
		return o, true
	case "найтипонаименованию", "findbydescription":
		return find("Наименование", c.Arg(0)), true
	case "найтипокоду", "findbycode":
		return find("Код", c.Arg(0)), true
	case "найтипономеру", "findbynumber":
		return find("Номер", c.Arg(0)), true
	case "найтипореквизиту", "findbyattribute":
		return find(c.Str(0), c.Arg(1)), true
	case "выбрать", "select":
		s := &selection{at: -1}
		for _, r := range t.Rows() {
			row := newStructure()
			for _, n := range append(t.names(), "Ссылка") {
				row.set(n, Value(r[n]))
			}
			s.rows = append(s.rows, row)
		}
		return s, true
	case "получитьформунового", "получитьформуновогоэлемента", "getnewitemform", "получитьформуновогодокумента", "getnewdocumentform":
		f := c.W.newForm(t.full()+".Форма", newStructure())
		f.ref = &Ref{t, emptyUUID}
		for _, a := range t.Attrs {
			f.attrs.set(a, Undefined)
		}
		return f, true
	case "получитьформу", "getform", "получитьформусписка", "получитьформувыбора":
		full := t.full() + ".Форма"
		if c.Given(0) {
			full += "." + c.Str(0)
		}
		return c.W.newForm(full, newStructure()), true
	}
	return nil, false
}

// metaObject is an object of Метаданные.
type metaObject struct{ t *Table }

func (*metaObject) TypeName() string { return "ОбъектМетаданных" }

func metadataHost() Host {
	const since = "-thin -web"
	h := Host{
		Properties: []Property{{Names: "Метаданные Metadata", Since: since, Get: func(c *Call) any { return &metaRoot{c.W.Meta} }}},
		Types: []*Type{
			{Names: "МенеджерыОбъектов", Items: func(o Object) []any { return o.(*managers).all() }},
			{Names: "ОбъектМетаданных MetadataObject", Properties: []Property{
				get("Имя Name", func(m *metaObject) any { return m.t.Name }),
				get("Синоним Synonym", func(m *metaObject) any { return m.t.Name }),
				get("Иерархический Hierarchical", func(m *metaObject) any { return m.t.Kind == "Справочник" && !m.t.flat }),
				{Names: "ВидИерархии HierarchyType", Get: func(c *Call) any { return hierarchies.values[fold("ИерархияГруппИЭлементов")] }},
				get("Реквизиты Attributes", func(m *metaObject) any { return &metaNames{m.t} }),
			}, Methods: []Function{
				{Names: "ПолноеИмя FullName", Do: func(c *Call) any { return this[*metaObject](c).t.full() }},
				{Names: "Представление Presentation", Do: func(c *Call) any { return this[*metaObject](c).t.Name }},
			}},
			{Names: "РеквизитыМетаданных", Methods: []Function{{Names: "Найти Find", Since: since, Min: 1, Do: func(c *Call) any {
				if this[*metaNames](c).t.has(c.Str(0)) {
					return &column{c.Str(0)}
				}
				return Undefined
			}}}},
			{Names: "КоллекцияОбъектовМетаданных MetadataObjectCollection", Items: func(o Object) (all []any) {
				for _, m := range (&managers{o.(*metaKind).meta, o.(*metaKind).kind}).all() {
					all = append(all, &metaObject{m.(*manager).t})
				}
				return all
			}, Methods: []Function{
				{Names: "Найти Find", Since: since, Min: 1, Do: func(c *Call) any {
					k := this[*metaKind](c)
					if t := k.meta.Find(k.kind + "." + c.Str(0)); t != nil {
						return &metaObject{t}
					}
					if p := k.meta.processors[fold(c.Str(0))]; p != nil && k.kind == "Обработка" {
						return &metaObject{&Table{Kind: k.kind, Name: p.name}}
					}
					return Undefined
				}},
				{Names: "Содержит Contains", Since: since, Min: 1, Do: func(c *Call) any {
					m, ok := c.Arg(0).(*metaObject)
					return ok && m.t.Kind == this[*metaKind](c).kind
				}},
			}},
			{Names: "ОбъектМетаданныхКонфигурация", Properties: []Property{
				get("Имя Name", func(m *metaRoot) any { return m.meta.Name }),
				get("Версия Version", func(m *metaRoot) any { return m.meta.Version }),
			}, Methods: []Function{{Names: "НайтиПоПолномуИмени FindByFullName", Since: since, Min: 1, Do: func(c *Call) any {
				if t := this[*metaRoot](c).meta.Find(c.Str(0)); t != nil {
					return &metaObject{t}
				}
				return Undefined
			}}}},
		},
	}
	for names, kind := range map[string]string{"Справочники Catalogs": "Справочник", "Документы Documents": "Документ", "РегистрыСведений InformationRegisters": "РегистрСведений",
		"Задачи Tasks": "Задача", "БизнесПроцессы BusinessProcesses": "БизнесПроцесс"} {
		h.Properties = append(h.Properties, Property{Names: names, Since: since, Get: func(c *Call) any { return &managers{c.W.Meta, kind} }})
	}
	return h
}

type metaRoot struct{ meta *Metadata }

func (*metaRoot) TypeName() string { return "ОбъектМетаданныхКонфигурация" }

func (m *metaRoot) Field(_ *Call, name string) (any, bool) {
	if fold(name) == "свойстваобъектов" || fold(name) == "objectproperties" {
		return &metaProperties{}, true
	}
	kinds := map[string]string{"справочники": "Справочник", "документы": "Документ", "регистрысведений": "РегистрСведений", "catalogs": "Справочник", "documents": "Документ",
		"константы": "Константа", "обработки": "Обработка", "перечисления": "Перечисление", "общиемодули": "ОбщийМодуль", "бизнеспроцессы": "БизнесПроцесс", "задачи": "Задача"}
	if kind, ok := kinds[fold(name)]; ok {
		return &metaKind{m.meta, kind}, true
	}
	return nil, false
}

// hierarchies are the kinds of hierarchy that catalogs have.
var hierarchies = &enum{"ВидИерархии", map[string]*EnumValue{"иерархиягруппиэлементов": {"ВидИерархии", "ИерархияГруппИЭлементов"}, "иерархияэлементов": {"ВидИерархии", "ИерархияЭлементов"}}}

// metaProperties is Метаданные.СвойстваОбъектов.
type metaProperties struct{}

func (*metaProperties) TypeName() string {
	return "СвойстваОбъектовМетаданных"
}

func (*metaProperties) Field(_ *Call, name string) (any, bool) {
	if fold(name) == "видиерархии" || fold(name) == "hierarchytype" {
		return hierarchies, true
	}
	return nil, false
}

type metaKind struct {
	meta *Metadata
	kind string
}

func (*metaKind) TypeName() string { return "КоллекцияОбъектовМетаданных" }

func (k *metaKind) Field(_ *Call, name string) (any, bool) {
	if t := k.meta.Find(k.kind + "." + name); t != nil {
		return &metaObject{t}, true
	}
	return nil, false
}

type metaNames struct{ t *Table }

func (*metaNames) TypeName() string { return "РеквизитыМетаданных" }

// refHost are the functions of navigation links and the constants.
func refHost() Host {
	return Host{
		Functions: []Function{{Names: "ПолучитьНавигационнуюСсылку GetURL", Since: "8.2", Min: 1, Max: 2, Do: func(c *Call) any {
			r := arg[*Ref](c, 0)
			return r.Link()
		}}},
		Properties: []Property{{Names: "Константы Constants", Since: "-thin -web", Get: func(c *Call) any { return &constants{c.W.Meta} }}},
		Types: []*Type{{Names: "КонстантаМенеджер", Methods: []Function{
			{Names: "Получить Get", Since: "-thin -web", Do: func(c *Call) any { k := this[*constant](c); return k.meta.constants[k.name] }},
			{Names: "Установить Set", Since: "-thin -web", Min: 1, Procedure: true, Do: func(c *Call) any {
				k := this[*constant](c)
				k.meta.constants[k.name] = c.Arg(0)
				return nil
			}},
		}}},
	}
}

type constants struct{ meta *Metadata }

type constant struct {
	meta *Metadata
	name string
}

func (*constants) TypeName() string { return "КонстантыМенеджер" }
func (*constant) TypeName() string  { return "КонстантаМенеджер" }

func (k *constants) Field(_ *Call, name string) (any, bool) {
	if _, ok := k.meta.constants[fold(name)]; ok {
		return &constant{k.meta, fold(name)}, true
	}
	return nil, false
}
