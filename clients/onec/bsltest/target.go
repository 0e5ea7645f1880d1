package bsltest

import (
	"strconv"
	"strings"
	"time"
)

// Context is a set of kinds of programs a module is compiled for.
type Context uint16

// The contexts of the platform.
const (
	ThinClient Context = 1 << iota
	WebClient
	ThickManaged
	ThickOrdinary
	Server
	ExternalConnection
)

const (
	anyClient     = ThinClient | WebClient | ThickManaged | ThickOrdinary
	managedClient = ThinClient | WebClient | ThickManaged
	everywhere    = anyClient | Server | ExternalConnection
)

// String names the contexts as 1C's help does.
func (c Context) String() string {
	var all []string
	for i, name := range []string{"тонкий клиент", "веб-клиент", "толстый клиент (управляемое приложение)", "толстый клиент (обычное приложение)", "сервер", "внешнее соединение"} {
		if c&(1<<i) != 0 {
			all = append(all, name)
		}
	}
	return strings.Join(all, ", ")
}

// Target is the platform a World plays.
type Target struct {
	Version string  // of the platform: "8.3.22.1851"
	Compat  string  // mode of compatibility of the configuration; "" means none
	Context Context // the kind of client; exactly one of the clients
	// Modal says that the configuration allows modal and synchronous calls.
	// Ordinary applications always do, the others do not unless told.
	Modal bool
	// Execute allows Выполнить and Вычислить, which are refused otherwise.
	Execute bool
	// FileMode says that there is no server: its code runs in the client's
	// process, and its calls block the window like any others.
	FileMode bool
	// NoCOM says that there are no COM objects (Linux, or forbidden).
	NoCOM bool
	// Now is where the fake clock begins; zero means the real time.
	Now time.Time
}

func (t Target) ordinary() bool { return t.Context == ThickOrdinary }

func (t Target) level() version {
	v := parseVersion(t.Version)
	if c := parseVersion(t.Compat); t.Compat != "" && c.less(v) {
		return c
	}
	return v
}

// version is a version of the platform; a missing part is 0, but of a mode of
// compatibility like "8.3.20", which means the last build of it.
type version [4]int

func parseVersion(text string) (v version) {
	for i, part := range strings.SplitN(text, ".", 4) {
		v[i], _ = strconv.Atoi(part)
	}
	if strings.Count(text, ".") == 2 {
		v[3] = 1<<31 - 1
	}
	return v
}

func (v version) less(w version) bool {
	for i := range v {
		if v[i] != w[i] {
			return v[i] < w[i]
		}
	}
	return false
}

// availability says since when something exists, in each context.
type availability map[Context]version

// available reads "8.3.6 -web server:8.2": since 8.3.6 everywhere but in the
// web client, on the server since 8.2. "" is everywhere and always. "=client"
// leaves only what it names.
func available(spec string) availability {
	a := availability{}
	names := map[string]Context{"thin": ThinClient, "web": WebClient, "thick": ThickManaged | ThickOrdinary, "managed": managedClient, "ordinary": ThickOrdinary,
		"client": anyClient, "server": Server | ExternalConnection, "onlyserver": Server}
	each := func(set Context, do func(Context)) {
		for c := ThinClient; c <= ExternalConnection; c <<= 1 {
			if set&c != 0 {
				do(c)
			}
		}
	}
	each(everywhere, func(c Context) { a[c] = version{} })
	for _, word := range strings.Fields(spec) {
		name, since, timed := strings.Cut(word, ":")
		switch {
		case word[0] == '-':
			each(names[word[1:]], func(c Context) { delete(a, c) })
		case word[0] == '=':
			var keep Context
			for _, one := range strings.Split(word[1:], ",") {
				keep |= names[one]
			}
			each(everywhere&^keep, func(c Context) { delete(a, c) })
		case timed:
			each(names[name], func(c Context) { a[c] = since4(since) })
		default:
			for c := range a {
				a[c] = since4(word)
			}
		}
	}
	return a
}

// since4 is the first build of a version.
func since4(text string) version {
	v := parseVersion(text)
	if strings.Count(text, ".") < 3 {
		v[3] = 0
	}
	return v
}

// in tells whether it exists in a context at a version.
func (a availability) in(c Context, at version) bool {
	since, ok := a[c]
	return ok && !at.less(since)
}
