package handlers

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"zummer/models"
)

// exactly puts the JSON value v into into, a pointer to a list or struct of texts,
// whole numbers, switches, lists, free objects and structs like it. Unlike
// encoding/json it takes a member only under its exact name and forgives no
// other type; whatever is wrong is noted with its path, such as
// "rules[2].when.event", all of it at once. A null is as good as absent.
func (f *fields) exactly(path string, v, into any) {
	f.fill(path, v, reflect.ValueOf(into).Elem())
}

func (f *fields) fill(path string, v any, to reflect.Value) {
	if v == nil {
		return
	}
	wrong := func(what string) { f.fail(path, "must be %s, not %s", what, jsonType(v)) }
	switch to.Kind() {
	case reflect.Pointer:
		p := reflect.New(to.Type().Elem())
		f.fill(path, v, p.Elem())
		to.Set(p)
	case reflect.Struct:
		m, ok := v.(map[string]any)
		if !ok {
			wrong("an object")
			return
		}
		f.fillStruct(path, m, to)
	case reflect.Slice:
		list, ok := v.([]any)
		if !ok {
			wrong("a list")
			return
		}
		out := reflect.MakeSlice(to.Type(), len(list), len(list))
		for i := range list {
			if list[i] == nil {
				f.fail(fmt.Sprintf("%s[%d]", path, i), "must not be null")
				continue
			}
			f.fill(fmt.Sprintf("%s[%d]", path, i), list[i], out.Index(i))
		}
		to.Set(out)
	case reflect.Map:
		m, ok := v.(map[string]any)
		if !ok {
			wrong("an object")
			return
		}
		to.Set(reflect.ValueOf(plainValues(m)))
	case reflect.String:
		s, ok := v.(string)
		if !ok {
			wrong("text")
			return
		}
		to.SetString(strings.TrimSpace(models.CleanText(s)))
	case reflect.Bool:
		b, ok := v.(bool)
		if !ok {
			wrong("true or false")
			return
		}
		to.SetBool(b)
	case reflect.Int, reflect.Int64:
		n, ok := v.(json.Number)
		if !ok {
			wrong("a whole number")
			return
		}
		i, err := n.Int64()
		if err != nil {
			f.fail(path, "must be a whole number")
			return
		}
		to.SetInt(i)
	default:
		panic("handlers: no way to fill a " + to.Type().String())
	}
}

func (f *fields) fillStruct(path string, m map[string]any, to reflect.Value) {
	names := memberNames(to.Type())
	f.unknown(path, m, slices.Collect(maps.Keys(names))...)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f.fill(path+"."+name, m[name], to.Field(names[name]))
	}
}

// unknown refuses the members of an object that are not listed.
func (f *fields) unknown(path string, m map[string]any, known ...string) {
	for _, name := range slices.Sorted(maps.Keys(m)) {
		if slices.Contains(known, name) {
			continue
		}
		field := models.CutText(name, 64)
		if path != "" {
			field = path + "." + field
		}
		slices.Sort(known)
		f.fail(field, "is not known; there are: %s", strings.Join(known, ", "))
	}
}

// memberNames are the JSON names of a struct's fields, with their places.
func memberNames(t reflect.Type) map[string]int {
	out := map[string]int{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		out[name] = i
	}
	return out
}

// jsonType names what v is, for the person who wrote it.
func jsonType(v any) string {
	switch v.(type) {
	case string:
		return "text"
	case json.Number:
		return "a number"
	case bool:
		return "true or false"
	case []any:
		return "a list"
	}
	return "an object"
}
