package bsltest

import (
	"math"
	"math/big"
	"strings"
)

// Num is a number of 1C: decimal and exact, n × 10^-scale. A quotient keeps
// 27 digits after the point.
type Num struct {
	n     *big.Int
	scale int
}

const divisionDigits = 27

func intNum(n int64) Num { return Num{big.NewInt(n), 0} }

func floatNum(f float64) Num {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		throw("Ошибка при вычислении: результат не является числом")
	}
	n, ok := parseNum(big.NewFloat(f).Text('f', 15))
	if !ok {
		throw("Преобразование значения к типу Число не может быть выполнено")
	}
	return n
}

func mustNum(text string) Num {
	n, ok := parseNum(text)
	if !ok {
		throw("Преобразование значения к типу Число не может быть выполнено")
	}
	return n
}

// parseNum reads what Число() takes: spaces (also unbreakable ones) between
// digits are ignored, the point may be a comma.
func parseNum(text string) (Num, bool) {
	clean := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '\u00a0', '\u202f', '\t', '\r', '\n':
			return -1
		case ',':
			return '.'
		}
		return r
	}, text)
	sign := ""
	if strings.HasPrefix(clean, "-") || strings.HasPrefix(clean, "+") {
		sign, clean = clean[:1], clean[1:]
	}
	whole, fraction, _ := strings.Cut(clean, ".")
	if whole+fraction == "" || len(whole)+len(fraction) > 400 {
		return Num{}, false
	}
	for _, r := range whole + fraction {
		if !digit(r) {
			return Num{}, false
		}
	}
	n, ok := new(big.Int).SetString(sign+whole+fraction, 10)
	if !ok {
		return Num{}, false
	}
	return Num{n, len(fraction)}.trim(), true
}

func pow10(k int) *big.Int { return new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(k)), nil) }

// trim drops zeros at the end of the fraction, so that equal numbers print alike.
func (a Num) trim() Num {
	ten, n, rest := big.NewInt(10), a.n, new(big.Int)
	for a.scale > 0 {
		q, r := new(big.Int).QuoRem(n, ten, rest)
		if r.Sign() != 0 {
			break
		}
		n = q
		a.scale--
	}
	return Num{n, a.scale}
}

func align(a, b Num) (x, y *big.Int, scale int) {
	scale = max(a.scale, b.scale)
	return new(big.Int).Mul(a.n, pow10(scale-a.scale)), new(big.Int).Mul(b.n, pow10(scale-b.scale)), scale
}

func (a Num) add(b Num) Num {
	x, y, s := align(a, b)
	return Num{x.Add(x, y), s}.trim()
}

func (a Num) sub(b Num) Num {
	x, y, s := align(a, b)
	return Num{x.Sub(x, y), s}.trim()
}

// maxBits bounds a number, far above the platform's 38 digits.
const maxBits = 4096

func (a Num) mul(b Num) Num {
	if a.n.BitLen()+b.n.BitLen() > maxBits {
		throw("Ошибка при вычислении: переполнение")
	}
	return Num{new(big.Int).Mul(a.n, b.n), a.scale + b.scale}.trim()
}

func (a Num) cmp(b Num) int {
	x, y, _ := align(a, b)
	return x.Cmp(y)
}

func (a Num) sign() int { return a.n.Sign() }

func (a Num) neg() Num { return Num{new(big.Int).Neg(a.n), a.scale} }

func (a Num) div(b Num) Num {
	if b.sign() == 0 {
		throw("Деление на 0")
	}
	x, y, _ := align(a, b)
	x.Mul(x, pow10(divisionDigits+1))
	return Num{x.Quo(x, y), divisionDigits + 1}.round(divisionDigits, true).trim()
}

func (a Num) mod(b Num) Num {
	if b.sign() == 0 {
		throw("Деление на 0")
	}
	x, y, s := align(a, b)
	return Num{x.Rem(x, y), s}.trim()
}

// round rounds to digits after the point (negative: before it), a half up
// from zero or, when halfUp is false, towards it.
func (a Num) round(digits int, halfUp bool) Num {
	if digits >= a.scale {
		return a
	}
	if digits < -400 {
		return intNum(0)
	}
	unit := pow10(a.scale - digits)
	q, r := new(big.Int).QuoRem(a.n, unit, new(big.Int))
	twice := new(big.Int).Mul(new(big.Int).Abs(r), big.NewInt(2))
	if c := twice.Cmp(unit); c > 0 || c == 0 && halfUp {
		q.Add(q, big.NewInt(int64(a.n.Sign())))
	}
	if digits < 0 {
		return Num{q.Mul(q, pow10(-digits)), 0}
	}
	return Num{q, digits}.trim()
}

// whole cuts the fraction off.
func (a Num) whole() *big.Int { return new(big.Int).Quo(a.n, pow10(a.scale)) }

func (a Num) int() int {
	w := a.whole()
	if !w.IsInt64() {
		throw("Значение выходит за допустимые границы")
	}
	return int(w.Int64())
}

func (a Num) float() float64 {
	f, _ := new(big.Rat).SetFrac(a.n, pow10(a.scale)).Float64()
	return f
}

// String is the number without groups and with a point: what XMLСтрока gives.
func (a Num) String() string {
	a = a.trim()
	digits := new(big.Int).Abs(a.n).String()
	for len(digits) <= a.scale {
		digits = "0" + digits
	}
	if a.scale > 0 {
		digits = digits[:len(digits)-a.scale] + "." + digits[len(digits)-a.scale:]
	}
	if a.n.Sign() < 0 {
		digits = "-" + digits
	}
	return digits
}
