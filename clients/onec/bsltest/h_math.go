package bsltest

import (
	"math"
	"math/rand/v2"
)

// mathematics are the functions of numbers; the roots and logarithms go
// through floating point.
func mathematics() Host {
	float := func(names string, do func(float64) float64) Function {
		return Function{Names: names, Min: 1, Do: func(c *Call) any { return floatNum(do(c.Num(0).float())) }}
	}
	extreme := func(names string, want int) Function {
		return Function{Names: names, Min: 1, Max: -1, Do: func(c *Call) any {
			best := c.Arg(0)
			for i := range c.Args {
				if compare(c.Arg(i), best) == want {
					best = c.Arg(i)
				}
			}
			return best
		}}
	}
	return Host{
		Functions: []Function{
			extreme("Мин Min", -1), extreme("Макс Max", 1),
			{Names: "Цел Int", Since: "-web", Min: 1, Do: func(c *Call) any { return Num{c.Num(0).whole(), 0} }},
			{Names: "Окр Round", Min: 1, Max: 3, Do: func(c *Call) any {
				halfUp := !c.Given(2) || str(c.Arg(2)) != "0" && str(c.Arg(2)) != "Окр15как10"
				return c.Num(0).round(c.Int(1), halfUp)
			}},
			{Names: "Pow", Min: 2, Do: func(c *Call) any {
				if p := c.Num(1); p.scale == 0 && p.sign() >= 0 && p.int() < 200 {
					v := intNum(1)
					for range p.int() {
						v = v.mul(c.Num(0)).round(divisionDigits, true)
					}
					return v
				}
				return floatNum(math.Pow(c.Num(0).float(), c.Num(1).float()))
			}},
			float("Sqrt", math.Sqrt), float("Exp", math.Exp), float("Log", math.Log), float("Log10", math.Log10),
			float("Sin", math.Sin), float("Cos", math.Cos), float("Tan", math.Tan),
			{Names: "ПобитовоеИ BitwiseAnd", Since: "8.3.11", Min: 2, Do: func(c *Call) any { return intNum(int64(uint32(c.Int(0)) & uint32(c.Int(1)))) }},
			{Names: "ПобитовоеИли BitwiseOr", Since: "8.3.11", Min: 2, Do: func(c *Call) any { return intNum(int64(uint32(c.Int(0)) | uint32(c.Int(1)))) }},
		},
		Types: []*Type{{Names: "ГенераторСлучайныхЧисел RandomNumberGenerator", Since: "-web", Max: 1, New: func(c *Call) any {
			seed := rand.Uint64()
			if c.Given(0) {
				seed = uint64(c.Int(0))
			}
			return &generator{rand.New(rand.NewPCG(seed, seed))}
		}, Methods: []Function{{Names: "СлучайноеЧисло RandomNumber", Max: 2, Do: func(c *Call) any {
			low, high := c.Int(0), 4294967295
			if c.Given(1) {
				high = c.Int(1)
			}
			if high < low {
				throw("Недопустимое значение параметра")
			}
			return intNum(int64(low) + this[*generator](c).r.Int64N(int64(high-low)+1))
		}}}}},
	}
}

type generator struct{ r *rand.Rand }

func (*generator) TypeName() string { return "ГенераторСлучайныхЧисел" }
