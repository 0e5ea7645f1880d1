package bsltest

// Call is what a Function of a Host gets: the World, the object if it is a
// method, and the arguments.
type Call struct {
	W    *World
	This any
	Args []any
	refs []*cell // of arguments that are variables, nil of others
	f    *frame  // who calls; nil from Go
	name string
}

// Has tells whether argument i was given.
func (c *Call) Has(i int) bool {
	if i >= len(c.Args) {
		return false
	}
	_, left := c.Args[i].(skippedType)
	return !left
}

// Given tells whether argument i was given and is not Неопределено.
func (c *Call) Given(i int) bool { return c.Has(i) && c.Args[i] != any(Undefined) }

// Arg is argument i, Undefined when it was left out.
func (c *Call) Arg(i int) any {
	if !c.Has(i) {
		return Undefined
	}
	return c.Args[i]
}

// Str is argument i as a string, "" when it was left out.
func (c *Call) Str(i int) string { return str(c.Arg(i)) }

// Num is argument i as a number, 0 when it was left out.
func (c *Call) Num(i int) Num {
	if !c.Given(i) {
		return intNum(0)
	}
	return number(c.Arg(i))
}

// Int is argument i as a whole number, 0 when it was left out.
func (c *Call) Int(i int) int { return c.Num(i).int() }

// Bool is argument i as a boolean, false when it was left out.
func (c *Call) Bool(i int) bool { return c.Given(i) && truth(c.Arg(i)) }

// Date is argument i, which must be a date.
func (c *Call) Date(i int) Date {
	d, ok := c.Arg(i).(Date)
	if !ok {
		c.Mismatch(i)
	}
	return d
}

// Set gives the variable passed as argument i a new value.
func (c *Call) Set(i int, v any) {
	if i < len(c.refs) && c.refs[i] != nil {
		c.refs[i].v = v
	}
}

// Fail ends the call with an exception.
func (c *Call) Fail(format string, args ...any) { throw(format, args...) }

// Mismatch says that argument i is of a wrong type.
func (c *Call) Mismatch(i int) {
	throw("Несоответствие типов (параметр номер '%d')", i+1)
}

// this is the object of a method, of its Go type.
func this[T any](c *Call) T { return c.This.(T) }

// arg is argument i if it is of the Go type, else an exception.
func arg[T any](c *Call, i int) T {
	v, ok := c.Arg(i).(T)
	if !ok {
		c.Mismatch(i)
	}
	return v
}
