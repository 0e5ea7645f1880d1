package web

import (
	"strconv"
	"strings"
	"time"

	"zummer/models"
)

// toldIn says which client was told of a revision, and how soon.
func toldIn(l Lang, s *models.Step) string {
	out := said{"сообщено программе без имени сеанса", "told to a client without a session name"}.in(l)
	if s.Session != "" {
		out = said{"сообщено сеансу ", "told to session "}.in(l) + s.Session
	}
	if s.Detail != "" {
		out += " (" + s.Detail + ")"
	}
	return out + said{" через ", " after "}.in(l) + Lasted(l, s.After)
}

// Lasted is a time in two or three digits and a word.
func Lasted(l Lang, d time.Duration) string {
	switch {
	case d < time.Second:
		return strconv.FormatInt(d.Milliseconds(), 10) + said{" мс", " ms"}.in(l)
	case d < 10*time.Second:
		text := strconv.FormatFloat(d.Truncate(100*time.Millisecond).Seconds(), 'f', 1, 64)
		return said{strings.Replace(text, ".", ",", 1) + " с", text + " s"}.in(l)
	case d < 2*time.Minute:
		return strconv.Itoa(int(d.Seconds())) + said{" с", " s"}.in(l)
	case d < 2*time.Hour:
		return strconv.Itoa(int(d.Minutes())) + said{" мин", " min"}.in(l)
	}
	return strconv.Itoa(int(d.Hours())) + said{" ч", " h"}.in(l)
}
