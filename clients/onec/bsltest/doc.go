// Package bsltest plays 1C:Enterprise to the modules under clients/onec: it
// reads their texts, refuses what the platform would refuse, and runs them
// with the platform's objects in place, so that tests can watch what a user
// of 1C would see. Only tests import it.
//
// # What it is
//
// A lexer, a recursive-descent parser and a tree-walking interpreter of the
// built-in language, Russian and English words alike, and a table of the
// platform's functions, types, properties and enumerations, each with the
// version it came with and the kinds of programs that have it (thin, web,
// managed and ordinary thick client, server, external connection). It is made
// from the language's and the platform's documentation and was never compared
// with a running 1C; the parser was tried on the 567 common modules of БСП
// 3.1.12 and Connector, and refuses none of them.
//
// # A World
//
// A World is one running client with its server and infobase. It is used from
// one goroutine, and closed at the end:
//
//	w := bsltest.New(bsltest.Target{Version: "8.3.22.1851", Context: bsltest.ThinClient})
//	defer w.Close()
//	err := w.LoadDump("managed", "server")       // an extension, as the Configurator dumps it
//	err = w.Load(bsltest.Module{Name: "Еще", Kind: bsltest.ClientModule, Text: "…"})
//	err = w.Start()                              // links, ПриНачалеРаботыСистемы
//	v, err := w.Call("ЗмрКлиент.Состояние")      // any procedure; Go(v) is a Go value
//	ok := w.Run(5*time.Second, func() bool { return len(w.Screen.Toasts) == 1 })
//
// Load parses a module for each side that has it: the client's, and the
// server's. Its refusals are Errors, each with module, line and column. Link
// (which Start and Call do by themselves) compares all modules with the
// Target: names and procedures that are not defined, wrong numbers of
// arguments, and functions, types, methods, keywords that the version or the
// kind of client lacks; modal calls where the configuration forbids them
// (Target.Modal); Выполнить and Вычислить unless Target.Execute; in a form the
// other side's procedures and variables; in an extension a target that is not
// there or is another. Of a method
// the text tells only the name: it is refused if no type that has it has it
// there, the rest is checked as the program runs.
//
// # Time
//
// The World's clock is its own. Advance moves it and runs the idle handlers
// that fall due; Pump runs the procedures whose answers have come, without
// waiting; Settle waits for requests under way while the clock stands; Run and
// RunFast let the clock go along with the real one, the latter faster. No
// handler runs while Screen.Modal is set, as under a modal window. HTTP and
// WinHttp go to the real network: loopback servers of the test. An
// asynchronous procedure stops at Ждать, also of a promise that is kept
// already, and goes on in a later piece of work.
//
// Each piece of work of the window's thread is an Entry: how long synchronous
// requests and server calls kept the window from working (in real time), and
// how many they were. LongestBlock is the longest since the last Entries.
//
// While a machine with too much else to do lets the whole process stand still,
// no time-out runs out, no clock of RunFast moves, and that time counts for no
// Entry. Grace lengthens all time-outs, for tests of something else than them.
//
// # Borders
//
// A client module reaches server modules only if they are for server calls;
// what is passed is copied, there and, of parameters without Знач, back.
// Forms, connections, COM objects and callbacks do not pass, nor does what
// holds itself. A register of a dump has no rights: a client's call reaches it
// in the privileged mode only. A call in a form
// to its own &НаСервере procedure is a server call, too; the form's attributes
// are shared, not copied.
//
// # What the user sees
//
// Screen holds toasts (one a key), opened forms, links and values, messages,
// and what the user would answer; OnOpen may let an opening fail, and a form may refuse at its making; Errors are
// the exceptions that nobody caught. Log is the event log, Pushed what the
// server sent by УведомленияКлиента.
//
// # The infobase
//
// Meta declares catalogs, documents, registers, enumerations, constants, data
// processors and fills them. Запрос asks OnQuery, or, without it, a small
// engine that knows one table with conditions and an order. A background job
// runs when the window's thread is free; a scheduled one when the test says
// RunScheduled.
//
// # One more object
//
// Add takes a Host: types, functions and properties, each a Go function over a
// Call. What has a name already is replaced.
//
//	w.Add(bsltest.Host{Functions: []bsltest.Function{{Names: "Звонить Ring", Since: "8.3.6 -web", Min: 1,
//		Do: func(c *bsltest.Call) any { rings = append(rings, c.Str(0)); return nil }}}})
//
// # What was reached
//
// Cover counts the statements that a World has run; over many Worlds it says
// which lines of the shipped modules no test reached.
//
// # What it does not do
//
// Перейти, ДобавитьОбработчик, Выполнить and Вычислить are refused or fail.
// Dynamic lists, reports, locks, rights, sessions of other users and
// transactions are not played: НачатьТранзакцию does nothing. Strings are
// compared by letters, not by the rules of a locale.
//
// Where the platform's help leaves a thing open the stricter reading is
// played: a Соответствие or a Структура whose keys come or go while it is gone
// through is an exception; УстановитьТелоИзСтроки of the versions before 8.3.21
// writes a byte order mark unless told not to; a format, a query, a parameter
// that is not played is an exception, never ignored.
package bsltest
