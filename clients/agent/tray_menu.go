package agent

import (
	"strings"

	"github.com/godbus/dbus/v5"
)

// menu is what a panel asks of the icon's menu. Its root has the number 0, and
// a line the number of its place: two lines between may look alike.
type menu struct{ b *busTray }

// layout is a line with those beneath it.
type layout struct {
	ID       int32
	Props    map[string]dbus.Variant
	Children []dbus.Variant
}

type lineProps struct {
	ID    int32
	Props map[string]dbus.Variant
}

type menuEvent struct {
	ID   int32
	Name string
	Data dbus.Variant
	Time uint32
}

func (m menu) items() ([]TrayItem, uint32) {
	m.b.mu.Lock()
	defer m.b.mu.Unlock()
	return m.b.view.Items, m.b.version
}

func properties(i TrayItem) map[string]dbus.Variant {
	if i.ID == 0 {
		return map[string]dbus.Variant{"type": dbus.MakeVariant("separator"), "visible": dbus.MakeVariant(true)}
	}
	p := map[string]dbus.Variant{"label": dbus.MakeVariant(strings.ReplaceAll(i.Label, "_", "__")), "enabled": dbus.MakeVariant(!i.Plain), "visible": dbus.MakeVariant(true)}
	if i.Check {
		state := int32(0)
		if i.Checked {
			state = 1
		}
		p["toggle-type"], p["toggle-state"] = dbus.MakeVariant("checkmark"), dbus.MakeVariant(state)
	}
	return p
}

func (m menu) find(id int32) (TrayItem, bool) {
	items, _ := m.items()
	if id < 1 || int(id) > len(items) {
		return TrayItem{}, false
	}
	return items[id-1], true
}

// GetLayout gives the menu, or one line.
func (m menu) GetLayout(parent, depth int32, _ []string) (uint32, layout, *dbus.Error) {
	items, version := m.items()
	if parent != 0 {
		i, ok := m.find(parent)
		if !ok {
			return 0, layout{}, errNoLine
		}
		return version, layout{parent, properties(i), []dbus.Variant{}}, nil
	}
	root := layout{0, map[string]dbus.Variant{"children-display": dbus.MakeVariant("submenu")}, []dbus.Variant{}}
	if depth != 0 {
		for n, i := range items {
			root.Children = append(root.Children, dbus.MakeVariant(layout{int32(n + 1), properties(i), []dbus.Variant{}}))
		}
	}
	return version, root, nil
}

var errNoLine = dbus.NewError("com.canonical.dbusmenu.Error", []any{"the menu has no such line"})

// GetGroupProperties gives lines; those that are not there are left out.
func (m menu) GetGroupProperties(ids []int32, _ []string) ([]lineProps, *dbus.Error) {
	out := []lineProps{}
	for _, id := range ids {
		if i, ok := m.find(id); ok {
			out = append(out, lineProps{id, properties(i)})
		}
	}
	return out, nil
}

// GetProperty gives one property of a line.
func (m menu) GetProperty(id int32, name string) (dbus.Variant, *dbus.Error) {
	i, ok := m.find(id)
	v, has := properties(i)[name]
	if !ok || !has {
		return dbus.Variant{}, errNoLine
	}
	return v, nil
}

// Event is what the user does.
func (m menu) Event(id int32, name string, _ dbus.Variant, _ uint32) *dbus.Error {
	i, ok := m.find(id)
	if ok && name == "clicked" && i.ID != 0 && !i.Plain {
		m.b.chosen(i.ID)
	}
	return nil
}

// EventGroup is several; none of ours is unknown.
func (m menu) EventGroup(events []menuEvent) ([]int32, *dbus.Error) {
	for _, e := range events {
		_ = m.Event(e.ID, e.Name, e.Data, e.Time) // never one
	}
	return []int32{}, nil
}

// AboutToShow: the menu is always as it shall be.
func (m menu) AboutToShow(int32) (bool, *dbus.Error) { return false, nil }

// AboutToShowGroup is the same of several.
func (m menu) AboutToShowGroup([]int32) (update, missing []int32, err *dbus.Error) {
	return []int32{}, []int32{}, nil
}
