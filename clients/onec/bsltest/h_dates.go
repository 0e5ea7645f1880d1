package bsltest

import "time"

// dateFunctions read the World's clock; only the milliseconds also count the
// real time of the piece of work at hand, so that a program can measure how
// long a request took.
func dateFunctions() Host {
	now := func(c *Call) any { return wallDate(c.W.now) }
	piece := func(names string, do func(time.Time) int) Function {
		return Function{Names: names, Min: 1, Do: func(c *Call) any { return count(do(c.Date(0).t)) }}
	}
	change := func(names string, do func(time.Time) time.Time) Function {
		return Function{Names: names, Min: 1, Do: func(c *Call) any { return Date{do(c.Date(0).t)} }}
	}
	day := func(t time.Time) time.Time { return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC) }
	return Host{Functions: []Function{
		{Names: "ТекущаяДата CurrentDate", Do: now},
		{Names: "ТекущаяДатаСеанса CurrentSessionDate", Since: "-thin -web", Do: now},
		{Names: "ТекущаяУниверсальнаяДата CurrentUniversalDate", Since: "8.2.16 -thin -web", Do: func(c *Call) any { return wallDate(c.W.now.UTC()) }},
		{Names: "ТекущаяУниверсальнаяДатаВМиллисекундах CurrentUniversalDateInMilliseconds", Since: "8.2.17", Do: func(c *Call) any {
			at := c.W.now.UTC()
			if c.W.entry != nil {
				at = at.Add(time.Since(c.W.began))
			}
			return intNum((at.Unix()-emptyDate().t.Unix())*1000 + int64(at.Nanosecond()/1e6))
		}},
		piece("Год Year", time.Time.Year), piece("Месяц Month", func(t time.Time) int { return int(t.Month()) }), piece("День Day", time.Time.Day),
		piece("Час Hour", time.Time.Hour), piece("Минута Minute", time.Time.Minute), piece("Секунда Second", time.Time.Second),
		piece("ДеньГода DayOfYear", time.Time.YearDay),
		piece("ДеньНедели WeekDay", func(t time.Time) int { return (int(t.Weekday())+6)%7 + 1 }),
		change("НачалоДня BegOfDay", day),
		change("КонецДня EndOfDay", func(t time.Time) time.Time { return day(t).Add(24*time.Hour - time.Second) }),
		change("НачалоЧаса BegOfHour", func(t time.Time) time.Time { return t.Truncate(time.Hour) }),
		change("НачалоМинуты BegOfMinute", func(t time.Time) time.Time { return t.Truncate(time.Minute) }),
		change("НачалоМесяца BegOfMonth", func(t time.Time) time.Time { return day(t).AddDate(0, 0, 1-t.Day()) }),
		{Names: "ДобавитьМесяц AddMonth", Min: 2, Do: func(c *Call) any {
			t := c.Date(0).t
			first := day(t).AddDate(0, 0, 1-t.Day()).AddDate(0, c.Int(1), 0)
			last := first.AddDate(0, 1, -1).Day()
			return Date{time.Date(first.Year(), first.Month(), min(t.Day(), last), t.Hour(), t.Minute(), t.Second(), 0, time.UTC)}
		}},
		{Names: "УниверсальноеВремя ToUniversalTime", Min: 1, Max: 2, Do: func(c *Call) any {
			t := c.Date(0).t
			return wallDate(time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), 0, c.W.now.Location()).UTC())
		}},
		{Names: "МестноеВремя ToLocalTime", Min: 1, Max: 2, Do: func(c *Call) any { return wallDate(c.Date(0).t.In(c.W.now.Location())) }},
		{Names: "ЧасовойПояс TimeZone", Since: "-client", Do: func(c *Call) any { return c.W.now.Location().String() }},
		{Names: "ЧасовойПоясСеанса SessionTimeZone", Since: "-thin -web", Do: func(c *Call) any { return c.W.now.Location().String() }},
	}}
}
