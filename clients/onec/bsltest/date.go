package bsltest

import (
	"strings"
	"time"
)

// Date is a date of 1C: no zone, whole seconds, from 01.01.0001.
type Date struct{ t time.Time }

// emptyDate is '00010101'.
func emptyDate() Date { return Date{time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC)} }

// wallDate is what a clock on the wall shows at t, as a date.
func wallDate(t time.Time) Date {
	return Date{time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)}
}

// dateOf reads digits YYYYMMDD[HHMM[SS]]; other signs between them are ignored.
func dateOf(text string) (Date, bool) {
	digits := strings.Map(func(r rune) rune {
		if digit(r) {
			return r
		}
		return -1
	}, text)
	layout, ok := map[int]string{8: "20060102", 12: "200601021504", 14: "20060102150405"}[len(digits)]
	if !ok {
		return Date{}, false
	}
	if strings.Trim(digits, "0") == "" {
		return emptyDate(), true
	}
	t, err := time.Parse(layout, digits)
	return Date{t}, err == nil
}

func (d Date) empty() bool { return d.t.Equal(emptyDate().t) }

func (d Date) addSeconds(n Num) Date {
	at := d.t.Unix() + int64(n.round(0, true).int())
	if at < emptyDate().t.Unix() || at > time.Date(3999, 12, 31, 23, 59, 59, 0, time.UTC).Unix() {
		throw("Дата выходит за допустимые границы")
	}
	return Date{time.Unix(at, 0).UTC()}
}

func (d Date) seconds(e Date) Num { return intNum(d.t.Unix() - e.t.Unix()) }

// xml is the date as XMLСтрока writes it.
func (d Date) xml() string { return d.t.Format("2006-01-02T15:04:05") }

// String is the date as a Russian infobase shows it.
func (d Date) String() string { return d.t.Format("02.01.2006 15:04:05") }
