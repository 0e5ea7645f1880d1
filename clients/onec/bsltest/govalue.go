package bsltest

import (
	"fmt"
	"reflect"
	"sort"
	"time"
)

// Value makes a value of the language of a Go value: numbers, strings,
// booleans, time.Time, nil (Неопределено), slices (Массив), map[string]any
// (Структура), []byte (ДвоичныеДанные). Values of the language stay.
func Value(v any) any {
	switch x := v.(type) {
	case nil:
		return Undefined
	case undefinedType, nullType, bool, Num, string, Date, UUID, TypeValue, *EnumValue, Object:
		return v
	case time.Time:
		return wallDate(x)
	case []byte:
		return &blob{x}
	case float64:
		return floatNum(x)
	case map[string]any:
		s := newStructure()
		names := make([]string, 0, len(x))
		for k := range x {
			names = append(names, k)
		}
		sort.Strings(names)
		for _, k := range names {
			s.set(k, Value(x[k]))
		}
		return s
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return intNum(r.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32:
		return intNum(int64(r.Uint()))
	case reflect.String:
		return r.String()
	case reflect.Slice, reflect.Array:
		a := &array{}
		for i := range r.Len() {
			a.items = append(a.items, Value(r.Index(i).Interface()))
		}
		return a
	}
	panic(fmt.Sprintf("bsltest: no value of the language for %T", v))
}

// Map makes a Соответствие of Go values.
func Map(m map[string]any) any {
	out := newMapping()
	names := make([]string, 0, len(m))
	for k := range m {
		names = append(names, k)
	}
	sort.Strings(names)
	for _, k := range names {
		out.set(k, Value(m[k]))
	}
	return out
}

// Go makes a Go value of a value of the language: Неопределено and Null are
// nil, numbers int or float64, dates time.Time, Структура and Соответствие
// map[string]any, Массив []any, UUIDs and enumerations' values strings,
// ДвоичныеДанные []byte, ХранилищеЗначения what it holds. What has no counterpart stays what it is.
func Go(v any) any {
	switch x := v.(type) {
	case undefinedType, nullType, skippedType, nil:
		return nil
	case Num:
		if x.scale == 0 && x.n.IsInt64() {
			return int(x.n.Int64())
		}
		return x.float()
	case Date:
		return x.t
	case UUID:
		return string(x)
	case TypeValue:
		return string(x)
	case *EnumValue:
		return x.Name
	case *blob:
		return x.data
	case *valueStore:
		return Go(x.v)
	case *structure:
		return goMap(x)
	case *mapping:
		m := map[string]any{}
		for _, k := range x.keys {
			m[str(k)] = Go(x.get(k))
		}
		return m
	case *array:
		all := make([]any, len(x.items))
		for i, item := range x.items {
			all[i] = Go(item)
		}
		return all
	case *valueList:
		all := make([]any, len(x.items))
		for i, item := range x.items {
			all[i] = Go(item.value)
		}
		return all
	case *table:
		all := make([]any, len(x.rows))
		for i, r := range x.rows {
			m := map[string]any{}
			for _, c := range x.cols {
				f, _ := r.Field(nil, c)
				m[c] = Go(f)
			}
			all[i] = m
		}
		return all
	}
	return v
}

func goMap(s *structure) map[string]any {
	m := map[string]any{}
	for _, n := range s.names {
		m[n] = Go(s.get(n))
	}
	return m
}
