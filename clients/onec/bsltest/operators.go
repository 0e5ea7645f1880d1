package bsltest

import "strings"

// operate evaluates a binary operator but И and Или, whose right side may not
// be evaluated at all.
func operate(op string, a, b any) any {
	switch op {
	case "=":
		return equal(a, b)
	case "<>":
		return !equal(a, b)
	case "<":
		return compare(a, b) < 0
	case ">":
		return compare(a, b) > 0
	case "<=":
		return compare(a, b) <= 0
	case ">=":
		return compare(a, b) >= 0
	case "+":
		return plus(a, b)
	case "-":
		if d, ok := a.(Date); ok {
			if e, ok := b.(Date); ok {
				return d.seconds(e)
			}
			return d.addSeconds(number(b).neg())
		}
		return number(a).sub(number(b))
	case "*":
		return number(a).mul(number(b))
	case "/":
		return number(a).div(number(b))
	case "%":
		return number(a).mod(number(b))
	}
	throw("Неизвестная операция %s", op)
	return nil
}

// maxString bounds a string, so that a program that doubles one fails its test.
const maxString = 64 << 20

func plus(a, b any) any {
	switch x := a.(type) {
	case string:
		y := str(b)
		if len(x)+len(y) > maxString {
			throw("Недостаточно памяти")
		}
		return x + y
	case Date:
		return x.addSeconds(number(b))
	}
	return number(a).add(number(b))
}

func compare(a, b any) int {
	switch x := a.(type) {
	case Num:
		if y, ok := b.(Num); ok {
			return x.cmp(y)
		}
	case string:
		if y, ok := b.(string); ok {
			return compareStrings(x, y)
		}
	case Date:
		if y, ok := b.(Date); ok {
			return x.t.Compare(y.t)
		}
	case bool:
		if y, ok := b.(bool); ok {
			return number(x).cmp(number(y))
		}
	}
	throw("Операции сравнения на больше-меньше допустимы только для значений совпадающих примитивных типов (Булево, Число, Строка, Дата)")
	return 0
}

// compareStrings orders as a dictionary does: letter case decides last.
func compareStrings(x, y string) int {
	if c := strings.Compare(strings.ToLower(x), strings.ToLower(y)); c != 0 {
		return c
	}
	return -strings.Compare(x, y)
}
