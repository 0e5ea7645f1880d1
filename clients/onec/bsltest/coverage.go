package bsltest

import (
	"cmp"
	"fmt"
	"slices"
)

// Coverage counts how often statements were run: by module (its File, or its
// title if it has none), then by line. A line that was never reached is there
// with 0.
type Coverage map[string]map[int]int

// Cover adds what this World has run so far to a Coverage, so that a test of
// many Worlds can say which lines of the shipped modules none of them reached.
func (w *World) Cover(into Coverage) {
	for _, d := range w.decls {
		name := d.File
		if name == "" {
			name = d.title
		}
		if into[name] == nil {
			into[name] = map[int]int{}
		}
		for side, u := range d.units {
			if side == ExternalConnection { // nothing runs there
				continue
			}
			u.count(into[name], u.mod.body)
			for _, p := range u.mod.procs {
				u.count(into[name], p.body)
			}
		}
	}
}

func (u *unit) count(lines map[int]int, body []stmt) {
	for _, s := range body {
		lines[s.at().Line] += u.hits[s]
		switch s := s.(type) {
		case *ifStmt:
			for _, b := range s.branches {
				u.count(lines, b.body)
			}
			u.count(lines, s.els)
		case *whileStmt:
			u.count(lines, s.body)
		case *forStmt:
			u.count(lines, s.body)
		case *eachStmt:
			u.count(lines, s.body)
		case *tryStmt:
			u.count(lines, s.body)
			u.count(lines, s.handler)
		}
	}
}

// Missed are the places never reached, "module:line", in order.
func (c Coverage) Missed() (places []string) {
	for _, name := range sortedKeys(c) {
		for _, line := range sortedKeys(c[name]) {
			if c[name][line] == 0 {
				places = append(places, fmt.Sprintf("%s:%d", name, line))
			}
		}
	}
	return places
}

// Share is how many of a module's lines were reached, of how many.
func (c Coverage) Share(name string) (reached, all int) {
	for _, n := range c[name] {
		all++
		if n > 0 {
			reached++
		}
	}
	return reached, all
}

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
