package handlers

import "strings"

// only refuses what the body names beside names.
func (f *fields) only(names ...string) {
	f.unknown("", f.m, names...)
	form := map[string]any{}
	for name := range f.form {
		if i := strings.IndexAny(name, ".["); i > 0 { // a part of an object, or of a list
			name = name[:i]
		}
		form[name] = nil
	}
	f.unknown("", form, names...)
}
