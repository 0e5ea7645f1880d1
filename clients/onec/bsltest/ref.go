package bsltest

import "strings"

const emptyUUID = UUID("00000000-0000-0000-0000-000000000000")

// Ref is a reference to an object of the infobase. What it refers to may not
// exist.
type Ref struct {
	table *Table
	uid   UUID
}

// TypeName is the name of its type: СправочникСсылка.Контрагенты.
func (r *Ref) TypeName() string { return r.table.Kind + "Ссылка." + r.table.Name }

// UID is the identifier.
func (r *Ref) UID() string { return string(r.uid) }

// Table is where it belongs.
func (r *Ref) Table() *Table { return r.table }

func (r *Ref) empty() bool { return r.uid == emptyUUID }

func (r *Ref) cross(*World) any { return r }

func (r *Ref) row() *row { return r.table.rows[r.uid] }

// String is the presentation.
func (r *Ref) String() string {
	x := r.row()
	switch {
	case r.empty():
		return ""
	case x == nil:
		return "<Объект не найден> (" + string(r.uid) + ")"
	case r.table.Kind == "Документ":
		return r.table.Name + " " + str(x.data.get("Номер")) + " от " + str(x.data.get("Дата"))
	}
	return str(x.data.get("Наименование"))
}

// Link is the internal navigation link of the object.
func (r *Ref) Link() string {
	u := string(r.uid)
	return "e1cib/data/" + r.table.full() + "?ref=" + u[19:23] + u[24:36] + u[14:18] + u[9:13] + u[0:8]
}

// RefOfLink is what a navigation link e1cib/data/… leads to; nil if that is
// nothing of this infobase.
func (m *Metadata) RefOfLink(link string) *Ref {
	rest, ok := strings.CutPrefix(link, "e1cib/data/")
	full, hex, ok2 := strings.Cut(rest, "?ref=")
	t := m.Find(full)
	if !ok || !ok2 || t == nil || len(hex) != 32 {
		return nil
	}
	return &Ref{t, UUID(hex[24:32] + "-" + hex[20:24] + "-" + hex[16:20] + "-" + hex[0:4] + "-" + hex[4:16])}
}

// Field reads an attribute through the reference.
func (r *Ref) Field(_ *Call, name string) (any, bool) {
	switch fold(name) {
	case "ссылка", "ref":
		return r, true
	}
	x := r.row()
	if x != nil {
		if tab, ok := x.tabs[fold(name)]; ok {
			return tab, true
		}
	}
	if !r.table.has(name) {
		return nil, false
	}
	if x == nil {
		return Undefined, true
	}
	return x.data.get(name), true
}

// object is СправочникОбъект, ДокументОбъект: a row being written.
type object struct {
	ref   *Ref
	data  *structure
	isNew bool
}

func (o *object) TypeName() string { return o.ref.table.Kind + "Объект." + o.ref.table.Name }

func (o *object) Field(_ *Call, name string) (any, bool) {
	switch fold(name) {
	case "ссылка", "ref":
		return o.ref, true
	case "обменданными", "дополнительныесвойства":
		if _, ok := o.data.data[fold(name)]; !ok {
			o.data.data[fold(name)] = &userMessage{newStructure()}
		}
		return o.data.data[fold(name)], true
	}
	if !o.ref.table.has(name) {
		return nil, false
	}
	return o.data.get(name), true
}

func (o *object) SetField(_ *Call, name string, v any) bool {
	if !o.ref.table.has(name) {
		return false
	}
	o.data.set(name, v)
	return true
}

func (o *object) fields() []string { return o.ref.table.Attrs }

func (o *object) write() {
	stored := newStructure()
	for _, n := range o.data.names {
		stored.set(n, o.data.get(n))
	}
	o.ref.table.put(o.ref.uid, &row{uid: o.ref.uid, data: stored, tabs: map[string]*table{}})
	o.isNew = false
}

// CallMethod is what objects of the infobase can do.
func (o *object) CallMethod(c *Call, name string) (any, bool) {
	switch fold(name) {
	case "записать", "write":
		o.write()
	case "удалить", "delete":
		o.ref.table.drop(o.ref.uid)
	case "этоновый", "isnew":
		return o.isNew, true
	case "заблокировать", "lock", "разблокировать", "unlock", "установитьновыйномер", "установитьновыйкод", "заполнить", "прочитать":
	case "установитьссылкунового", "setnewobjectref":
		o.ref = arg[*Ref](c, 0)
	case "получитьформу", "getform":
		return c.W.refForm(o.ref, c.Str(0)), true
	case "метаданные", "metadata":
		return &metaObject{o.ref.table}, true
	default:
		return nil, false
	}
	return Undefined, true
}

// CallMethod is what references can do.
func (r *Ref) CallMethod(c *Call, name string) (any, bool) {
	switch fold(name) {
	case "уникальныйидентификатор", "uuid":
		return r.uid, true
	case "пустая", "isempty":
		return r.empty(), true
	case "метаданные", "metadata":
		return &metaObject{r.table}, true
	case "полноеимя":
		return r.table.full(), true
	case "получитьобъект", "getobject":
		c.W.mustHave(available("-thin -web"), c.f.here(), "ПолучитьОбъект")
		x := r.row()
		if x == nil {
			return Undefined, true
		}
		o := &object{ref: r, data: newStructure()}
		for _, n := range x.data.names {
			o.data.set(n, x.data.get(n))
		}
		return o, true
	case "получитьформу", "getform":
		c.W.mustHave(available("=ordinary"), c.f.here(), "ПолучитьФорму")
		return c.W.refForm(r, c.Str(0)), true
	}
	return nil, false
}

// refForm is the form of an object in the ordinary application; of an object
// that is gone there is none.
func (w *World) refForm(r *Ref, name string) any {
	if r.row() == nil && !r.empty() {
		return Undefined
	}
	full := r.table.full() + ".Форма"
	if name != "" {
		full += "." + name
	}
	f := w.newForm(full, newStructure())
	f.ref = r
	return f
}
