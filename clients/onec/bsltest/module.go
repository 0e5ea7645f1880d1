package bsltest

import (
	"os"
)

// Kind is what a module is in the configuration; it decides where its code
// is compiled and whom it serves.
type Kind int

// The kinds of modules. Those of common modules are the ones of std469.
const (
	ClientModule       Kind = iota // Клиент (управляемое и обычное приложение)
	ClientServerModule             // everywhere
	ServerModule                   // Сервер, внешнее соединение, обычное приложение
	ServerCallModule               // Сервер + Вызов сервера
	CachedModule                   // ServerModule with reused return values, called from the server
	CachedCallModule               // the same, callable from the client
	CachedClientModule             // ClientModule with reused return values
	GlobalClientModule             // ClientModule whose exports need no prefix
	ManagedAppModule               // Модуль управляемого приложения
	OrdinaryAppModule              // Модуль обычного приложения
	FormModule                     // &НаКлиенте, &НаСервере decide
	ObjectModule                   // of a data processor, a document …: server, and the ordinary client
	CommonModule                   // a common module with the Flags given
)

// Flags are the check boxes of a common module.
type Flags struct {
	ClientManaged, ClientOrdinary, Server, ExternalConnection bool
	ServerCall, Global, Privileged, Cached                    bool
}

// Module is one module of a configuration, or of an extension of it.
type Module struct {
	Name  string // ТлфКлиент; of forms and objects "Обработка.Тлф.Форма.Настройки"
	Kind  Kind
	Text  string // the module's text; if empty it is read from File
	File  string
	Flags Flags // of a CommonModule
	// Extends says that the module belongs to an extension and adds to the
	// one of the same name, with &Перед, &После, &Вместо.
	Extends bool
}

func (k Kind) flags() Flags {
	all := Flags{ClientManaged: true, ClientOrdinary: true}
	server := Flags{Server: true, ExternalConnection: true, ClientOrdinary: true}
	switch k {
	case ClientModule:
		return all
	case ClientServerModule:
		return Flags{ClientManaged: true, ClientOrdinary: true, Server: true, ExternalConnection: true}
	case ServerModule:
		return server
	case ServerCallModule:
		return Flags{Server: true, ServerCall: true}
	case CachedModule:
		server.Cached = true
		return server
	case CachedCallModule:
		return Flags{Server: true, ServerCall: true, Cached: true}
	case CachedClientModule:
		all.Cached = true
		return all
	case GlobalClientModule:
		all.Global = true
		return all
	case ManagedAppModule:
		return Flags{ClientManaged: true, Global: true}
	case OrdinaryAppModule:
		return Flags{ClientOrdinary: true, Global: true}
	case FormModule:
		return all
	case ObjectModule:
		return server
	}
	return Flags{}
}

// decl is a loaded module and what it is compiled to.
type decl struct {
	Module
	flags Flags
	title string            // as errors print it
	units map[Context]*unit // by side
	base  *decl             // of an extension's module
	exts  []*decl
}

// unit is a module compiled for one side.
type unit struct {
	decl  *decl
	side  Context
	mod   *module
	procs map[string]*proc
	inst  *instance // of common and application modules
	ready bool      // the body ran
	hits  map[stmt]int
}

func (m *Module) source() (string, error) {
	if m.Text != "" || m.File == "" {
		return m.Text, nil
	}
	text, err := os.ReadFile(m.File)
	return string(text), err
}

func (m *Module) title() string {
	switch m.Kind {
	case ManagedAppModule:
		return "МодульУправляемогоПриложения"
	case OrdinaryAppModule:
		return "МодульОбычногоПриложения"
	case FormModule:
		return m.Name + ".Форма"
	case ObjectModule:
		return m.Name + ".МодульОбъекта"
	}
	return "ОбщийМодуль." + m.Name + ".Модуль"
}

// on tells whether the module is compiled for a context.
func (d *decl) on(c Context) bool {
	switch c {
	case Server:
		return d.flags.Server
	case ExternalConnection:
		return d.flags.ExternalConnection
	case ThickOrdinary:
		return d.flags.ClientOrdinary
	}
	return d.flags.ClientManaged
}

// named tells whether the module can be written as a name in other modules.
func (d *decl) named() bool {
	switch d.Kind {
	case ManagedAppModule, OrdinaryAppModule, FormModule, ObjectModule:
		return false
	}
	return true
}

// symbols are what #Если knows when a module is compiled for a side.
func symbols(c Context) map[string]bool {
	s := map[string]bool{}
	set := func(yes bool, names ...string) {
		for _, n := range names {
			s[fold(n)] = yes
		}
	}
	set(c&anyClient != 0, "Клиент", "НаКлиенте", "Client", "AtClient")
	set(c&Server != 0, "Сервер", "НаСервере", "Server", "AtServer")
	set(c == ThinClient, "ТонкийКлиент", "ThinClient")
	set(c == WebClient, "ВебКлиент", "WebClient")
	set(c == ThickManaged, "ТолстыйКлиентУправляемоеПриложение", "ThickClientManagedApplication")
	set(c == ThickOrdinary, "ТолстыйКлиентОбычноеПриложение", "ThickClientOrdinaryApplication")
	set(c == ExternalConnection, "ВнешнееСоединение", "ExternalConnection")
	set(false, "МобильноеПриложениеКлиент", "МобильноеПриложениеСервер", "МобильныйКлиент", "МобильныйАвтономныйСервер", "MobileAppClient", "MobileAppServer", "MobileClient", "MobileStandaloneServer")
	return s
}
