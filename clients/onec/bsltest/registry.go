package bsltest

import (
	"maps"
	"slices"
	"strings"
	"sync"
)

// Host is what a test, or this package, adds to the language: types, global
// functions and global properties. Names are "Русское English", the second
// one optional. Since is read by available: "8.3.6 -web".
type Host struct {
	Types      []*Type
	Functions  []Function
	Properties []Property
}

// Type describes what the objects of one TypeName can do.
type Type struct {
	Names, Since string
	Min, Max     int                     // arguments of Новый
	New          func(*Call) any         // nil: cannot be made by Новый
	Methods      []Function              // This is the object
	Properties   []Property              // This is the object
	Index        func(*Call, any) any    // x[i]
	SetIndex     func(*Call, any, any)   // x[i] = v
	Items        func(this Object) []any // Для Каждого
}

// Function is a global function, or a method of a Type.
type Function struct {
	Names, Since string
	Min, Max     int // arguments; Max -1: any number
	Do           func(*Call) any
	// EarlyMax is how many arguments there were before the version Grew,
	// when later ones brought more.
	EarlyMax int
	Grew     string
	// Procedure says that it returns nothing, Modal that it stops the
	// program until the user answers.
	Procedure, Modal bool
	// FirstFree says that the first argument may be left out although Min
	// counts it.
	FirstFree bool
}

// Property is a global property, or one of a Type. Without Set it is
// read-only.
type Property struct {
	Names, Since string
	Get          func(*Call) any
	Set          func(*Call, any)
}

// registry finds what a Host holds by lower-case name.
type registry struct {
	types     map[string]*hostType
	functions map[string]*function
	props     map[string]*property
	methods   map[string][]*function // by name, of all types: what the static check asks
}

type hostType struct {
	*Type
	name      string
	avail     availability
	functions map[string]*function
	props     map[string]*property
}

type function struct {
	Function
	name  string
	avail availability
}

type property struct {
	Property
	name  string
	avail availability
}

func newRegistry() *registry {
	return &registry{types: map[string]*hostType{}, functions: map[string]*function{}, props: map[string]*property{}, methods: map[string][]*function{}}
}

// platform is the registry of builtins, made once: nothing in it changes or
// knows a World.
var platform = sync.OnceValue(func() *registry {
	r := newRegistry()
	for _, h := range builtins() {
		r.add(h)
	}
	return r
})

// clone is a registry that can be added to without changing this one.
func (r *registry) clone() *registry {
	return &registry{maps.Clone(r.types), maps.Clone(r.functions), maps.Clone(r.props), maps.Clone(r.methods)}
}

func spellings(names string) []string { return strings.Fields(strings.ToLower(names)) }

func firstName(names string) string { return strings.Fields(names)[0] }

// add takes everything of h; what has a name already is replaced.
func (r *registry) add(h Host) {
	for _, t := range h.Types {
		ht := &hostType{Type: t, name: firstName(t.Names), avail: available(t.Since), functions: map[string]*function{}, props: map[string]*property{}}
		for _, m := range t.Methods {
			f := newFunction(m, t.Since)
			for _, name := range spellings(m.Names) {
				ht.functions[name] = f
				r.methods[name] = append(slices.Clip(r.methods[name]), f)
			}
		}
		for _, p := range t.Properties {
			prop := newProperty(p, t.Since)
			for _, name := range spellings(p.Names) {
				ht.props[name] = prop
			}
		}
		for _, name := range spellings(t.Names) {
			r.types[name] = ht
		}
	}
	for _, g := range h.Functions {
		f := newFunction(g, "")
		for _, name := range spellings(g.Names) {
			r.functions[name] = f
		}
	}
	for _, p := range h.Properties {
		prop := newProperty(p, "")
		for _, name := range spellings(p.Names) {
			r.props[name] = prop
		}
	}
}

func newFunction(f Function, since string) *function {
	if f.Since == "" {
		f.Since = since
	}
	if f.Max == 0 {
		f.Max = f.Min
	}
	return &function{Function: f, name: firstName(f.Names), avail: available(f.Since)}
}

// most is how many arguments a function takes at a version.
func (f *function) most(at version) int {
	if f.Grew != "" && at.less(since4(f.Grew)) {
		return f.EarlyMax
	}
	return f.Max
}

func newProperty(p Property, since string) *property {
	if p.Since == "" {
		p.Since = since
	}
	return &property{Property: p, name: firstName(p.Names), avail: available(p.Since)}
}

// builtins is everything of the platform that this package knows, one Host an
// idea. Adding one more object to the language is one Type in such a Host.
func builtins() []Host {
	return []Host{
		basicTypes(), conversions(), mathematics(), stringFunctions(), newStringFunctions(), dateFunctions(), errorFunctions(), miscFunctions(),
		structureHost(), mapHost(), arrayHost(), valueListHost(), tableHost(), callbackHost(), binaryHost(),
		enumHost(), screenHost(), formHost(), idleHost(), logHost(), sessionHost(),
		httpTypes(), comHost(), xmlHost(), xmlWriterHost(), jsonHost(),
		metadataHost(), refHost(), registerHost(), queryHost(), jobHost(), systemHost(), processorHost(), scheduleHost(), hashHost(),
	}
}

// get makes a read-only property of an object of Go type T.
func get[T any](names string, read func(T) any) Property {
	return Property{Names: names, Get: func(c *Call) any { return read(this[T](c)) }}
}

// getSet makes a property that can be assigned.
func getSet[T any](names string, read func(T) any, write func(T, any)) Property {
	return Property{Names: names, Get: func(c *Call) any { return read(this[T](c)) }, Set: func(c *Call, v any) { write(this[T](c), v) }}
}
