package bsltest

import (
	"slices"
	"strings"
)

// Metadata is the configuration's data: catalogs, documents, registers and
// constants that the test declares and fills.
type Metadata struct {
	Name, Version string
	tables        map[string]*Table // by "Справочник.Контрагенты", lower-case
	order         []*Table
	constants     map[string]any
	enums         map[string]*EnumValue // "перечисление.имя.значение"
	processors    map[string]*processor
}

// Table is a catalog, a document kind or a register with its rows.
type Table struct {
	Kind, Name string          // "Справочник", "Контрагенты"
	Dims       []string        // of a register
	Attrs      []string        // attributes, or a register's resources
	Guarded    bool            // no role has a right to it: what a client asks for needs the privileged mode
	Hidden     func(*Ref) bool // what the user may not read: a query that meets it fails without РАЗРЕШЕННЫЕ, unless privileged
	rows       map[any]*row
	keys       []any
	code       int
	flat       bool
	initial    *structure
	tabs       map[string]*table // declared tabular sections, empty
}

type row struct {
	uid  UUID
	data *structure
	tabs map[string]*table // tabular sections
}

func newMetadata() *Metadata {
	return &Metadata{Name: "Тест", Version: "1.0.0.1", tables: map[string]*Table{}, constants: map[string]any{},
		enums: map[string]*EnumValue{}, processors: map[string]*processor{}}
}

// Catalog declares a catalog; Код and Наименование it has anyway.
func (m *Metadata) Catalog(name string, attrs ...string) *Table {
	return m.add(&Table{Kind: "Справочник", Name: name, Attrs: append([]string{"Код", "Наименование", "ПометкаУдаления", "Родитель", "Владелец", "ЭтоГруппа"}, attrs...)})
}

// Document declares a kind of documents; Номер and Дата it has anyway.
func (m *Metadata) Document(name string, attrs ...string) *Table {
	return m.add(&Table{Kind: "Документ", Name: name, Attrs: append([]string{"Номер", "Дата", "ПометкаУдаления", "Проведен"}, attrs...)})
}

// Register declares an information register.
func (m *Metadata) Register(name string, dims, resources []string) *Table {
	return m.add(&Table{Kind: "РегистрСведений", Name: name, Dims: dims, Attrs: resources})
}

// Task declares a kind of tasks.
func (m *Metadata) Task(name string, attrs ...string) *Table {
	return m.add(&Table{Kind: "Задача", Name: name, Attrs: append([]string{"Номер", "Дата", "ПометкаУдаления", "Выполнена"}, attrs...)})
}

// Enum declares an enumeration of the configuration.
func (m *Metadata) Enum(name string, values ...string) {
	for _, v := range values {
		m.enums[fold("Перечисление."+name+"."+v)] = &EnumValue{"ПеречислениеСсылка." + name, v}
	}
}

// EnumValue is a value of a declared enumeration.
func (m *Metadata) EnumValue(name, value string) *EnumValue {
	return m.enums[fold("Перечисление."+name+"."+value)]
}

// Processor declares a data processor with its attributes; its form is
// "Обработка.Имя.Форма".
func (m *Metadata) Processor(name string, attrs ...string) {
	m.processors[fold(name)] = &processor{name: name, attrs: attrs}
}

// Constant declares a constant.
func (m *Metadata) Constant(name string, v any) { m.constants[fold(name)] = Value(v) }

// ConstantValue is a constant's value, as a Go value.
func (m *Metadata) ConstantValue(name string) any { return Go(m.constants[fold(name)]) }

func (m *Metadata) add(t *Table) *Table {
	t.rows, t.tabs = map[any]*row{}, map[string]*table{}
	m.tables[fold(t.full())] = t
	m.order = append(m.order, t)
	return t
}

// Find finds a table by its full name, nil if there is none.
func (m *Metadata) Find(full string) *Table { return m.tables[fold(full)] }

func (m *Metadata) knowsType(name string) bool {
	for _, kind := range []string{"Справочник", "Документ"} {
		if rest, ok := strings.CutPrefix(name, kind+"Ссылка."); ok {
			return m.Find(kind+"."+rest) != nil
		}
	}
	return false
}

// predefined is ПредопределенноеЗначение: of values only the empty reference.
func (m *Metadata) predefined(name string) any {
	full, what, _ := cutLast(name)
	if t := m.Find(full); t != nil && strings.EqualFold(what, "ПустаяСсылка") {
		return &Ref{t, emptyUUID}
	}
	if v := m.enums[fold(name)]; v != nil {
		return v
	}
	throw("Предопределенное значение не существует (%s)", name)
	return nil
}

func (t *Table) full() string { return t.Kind + "." + t.Name }

func (t *Table) has(name string) bool {
	for _, n := range t.names() {
		if strings.EqualFold(n, name) {
			return true
		}
	}
	return false
}

func (t *Table) names() []string { return append(append([]string{}, t.Dims...), t.Attrs...) }

// Add stores an object with this identifier ("" makes one) and values.
func (t *Table) Add(uid string, values map[string]any) *Ref {
	id := UUID(fold(uid))
	if uid == "" {
		id = NewUUID()
	}
	r := &row{uid: id, data: t.fresh(), tabs: map[string]*table{}}
	for k, v := range values {
		r.data.set(k, Value(v))
	}
	t.put(id, r)
	return &Ref{t, id}
}

func (t *Table) put(key any, r *row) {
	if _, ok := t.rows[key]; !ok {
		t.keys = append(t.keys, key)
	}
	t.rows[key] = r
}

// Initial says what the fields hold before anything is written to them:
// Неопределено otherwise.
func (t *Table) Initial(values map[string]any) *Table {
	t.initial = Value(values).(*structure)
	return t
}

// fresh is a new row's data.
func (t *Table) fresh() *structure {
	s := newStructure()
	for _, n := range t.names() {
		v := any(Undefined)
		switch {
		case t.initial != nil:
			v = t.initial.get(n)
		case n == "ПометкаУдаления", n == "ЭтоГруппа", n == "Проведен", n == "Выполнена":
			v = false
		case n == "Код", n == "Наименование", n == "Номер":
			v = ""
		case n == "Дата":
			v = emptyDate()
		}
		s.set(n, v)
	}
	return s
}

// Section declares a tabular section.
func (t *Table) Section(name string, attrs ...string) *Table {
	t.tabs[fold(name)] = &table{cols: attrs}
	return t
}

// AddLine adds a line to a tabular section of an object.
func (t *Table) AddLine(of *Ref, section string, values map[string]any) {
	key := fold(section)
	r := t.rows[of.uid]
	if r.tabs[key] == nil {
		r.tabs[key] = &table{cols: t.tabs[key].cols}
	}
	line := r.tabs[key].add()
	for k, v := range values {
		line.SetField(nil, k, Value(v))
	}
}

// Flat makes a catalog one without hierarchy: it has no ЭтоГруппа to read.
func (t *Table) Flat() *Table {
	t.flat = true
	t.Attrs = slices.DeleteFunc(t.Attrs, func(a string) bool { return a == "ЭтоГруппа" || a == "Родитель" })
	return t
}

// Set changes a stored object, as somebody else's work would.
func (t *Table) Set(of *Ref, values map[string]any) {
	for k, v := range values {
		t.rows[of.uid].data.set(k, Value(v))
	}
}

// Delete removes an object: references to it stay, and are broken.
func (t *Table) Delete(r *Ref) { t.drop(r.uid) }

func (t *Table) drop(key any) {
	delete(t.rows, key)
	for i, k := range t.keys {
		if k == key {
			t.keys = append(t.keys[:i:i], t.keys[i+1:]...)
			return
		}
	}
}

// Rows are all rows as Go values, in the order they were written; objects
// have their reference under "Ссылка".
func (t *Table) Rows() []map[string]any {
	all := make([]map[string]any, 0, len(t.keys))
	for _, k := range t.keys {
		r := t.rows[k]
		m := map[string]any{}
		for _, n := range t.names() {
			m[n] = Go(r.data.get(n))
		}
		if r.uid != "" {
			m["Ссылка"] = &Ref{t, r.uid}
		}
		all = append(all, m)
	}
	return all
}

// Put writes a row of a register.
func (t *Table) Put(values map[string]any) {
	r := &row{data: newStructure()}
	for k, v := range values {
		r.data.set(k, Value(v))
	}
	t.put(t.dimKey(r.data), r)
}

func (t *Table) dimKey(s *structure) any {
	key := ""
	for _, d := range t.Dims {
		if k, ok := keyOf(s.get(d)).(string); ok {
			key += k + "\x00"
		} else {
			key += str(s.get(d)) + "\x00"
		}
	}
	return key
}
