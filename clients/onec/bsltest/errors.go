package bsltest

import (
	"fmt"
	"strings"
)

// Pos is a place in a module's text: both count from 1, a tab is one column.
type Pos struct{ Line, Col int }

// Error is what the platform says of a module that it refuses at load: the
// module, the place and the reason, in the platform's own words.
type Error struct {
	Module string // "ОбщийМодуль.ТлфКлиент.Модуль", or the file's name
	Pos
	Text string
}

// Error prints it the way the Configurator does.
func (e *Error) Error() string {
	return fmt.Sprintf("{%s(%d,%d)}: %s", e.Module, e.Line, e.Col, e.Text)
}

// Errors are all refusals of a load, in order of modules and places.
type Errors []*Error

// Error prints one refusal a line.
func (e Errors) Error() string {
	lines := make([]string, len(e))
	for i, one := range e {
		lines[i] = one.Error()
	}
	return strings.Join(lines, "\n")
}

// Exception is an error of a running program: what Попытка catches.
type Exception struct {
	Text   string // the brief description, ОписаниеОшибки without its place
	Module string
	Pos
	Cause  *Exception
	Params any // of ВызватьИсключение(…, Дополнительно), else nil
}

// Error prints the exception as ОписаниеОшибки() does, with its place.
func (e *Exception) Error() string {
	text := e.Text
	if e.Module != "" {
		text = fmt.Sprintf("{%s(%d)}: %s", e.Module, e.Line, e.Text)
	}
	if e.Cause != nil {
		text += "\nпо причине:\n" + e.Cause.Error()
	}
	return text
}

// throw ends the running statement with an exception of the platform. Its
// place is filled in by the statement that meets it first.
func throw(format string, args ...any) {
	text := format
	if len(args) > 0 {
		text = fmt.Sprintf(format, args...)
	}
	panic(&Exception{Text: text})
}
