package bsltest

import (
	"strings"
	"time"
)

// Screen is what the user saw, and what the user does.
type Screen struct {
	// Modal says that a modal window is open: no idle handler runs.
	Modal bool
	// Locked says that a window that locks the whole interface is open: a
	// managed client goes on ticking, ПолучитьОкна shows the window.
	Locked bool
	// Answer answers ПоказатьВопрос and Вопрос: the name of a
	// КодВозвратаДиалога, "" is «Да».
	Answer string
	// Choose picks of a list that the program shows; -1 cancels. nil: the
	// first.
	Choose func(title string, items []string) int
	// Input answers ПоказатьВводСтроки and the like; false cancels.
	Input func(prompt string) (string, bool)

	Toasts   []Toast   // shown now: a new one replaces that of its key
	Shown    []Toast   // all that were ever shown
	Opened   []Opening // forms, links and values, in order
	Messages []string  // Сообщить, ПоказатьПредупреждение and such
	Status   []string  // Состояние
	Forms    []*Form   // opened and not yet closed
}

// Toast is one ПоказатьОповещениеПользователя.
type Toast struct {
	Text, Explanation, Key string
	Important              bool
	Link                   string // where a click leads, "" if nowhere or to a procedure
	At                     time.Time
	action                 *callback
}

// Opening is something that was opened for the user.
type Opening struct {
	How    string         // "ссылка", "форма", "значение"
	Name   string         // the link, or the form's name, or the value's
	Params map[string]any // of the form, as Go values
	Ref    *Ref           // the object, if it is one of the infobase
	Form   *Form          // the form, if it is one
	At     time.Time
}

// LogEntry is one ЗаписьЖурналаРегистрации.
type LogEntry struct {
	Event, Level, Comment string
	Server                bool // written by server code
	At                    time.Time
}

// Click does what a click on the toast does.
func (w *World) Click(t Toast) error {
	err := w.enter("нажатие на оповещение", func() {
		switch {
		case t.action != nil:
			w.notifyBare(t.action)
		case t.Link != "":
			w.follow(t.Link)
		}
	})
	w.Pump()
	return err
}

// follow goes to a navigation link. One to data of a type that the infobase
// has not is an exception; where no type is declared every link is taken.
func (w *World) follow(link string) {
	if strings.HasPrefix(link, "e1cib/data/") && len(w.Meta.order) > 0 && w.Meta.RefOfLink(link) == nil {
		throw("Неправильная навигационная ссылка (%s)", link)
	}
	w.open(Opening{How: "ссылка", Name: link})
}

// open asks OnOpen and records.
func (w *World) open(o Opening) {
	o.At = w.now
	if w.OnOpen != nil {
		if err := w.OnOpen(o); err != nil {
			throw("%s", err.Error())
		}
	}
	w.Screen.Opened = append(w.Screen.Opened, o)
}

func (s *Screen) toast(t Toast) {
	kept := s.Toasts[:0]
	for _, old := range s.Toasts {
		if t.Key == "" || old.Key != t.Key {
			kept = append(kept, old)
		}
	}
	s.Toasts = append(kept, t)
	s.Shown = append(s.Shown, t)
}

func (s *Screen) pickFrom(list *valueList, title string) any {
	if len(list.items) == 0 {
		return Undefined
	}
	i := 0
	if s.Choose != nil {
		var all []string
		for _, item := range list.items {
			text := item.presentation
			if text == "" {
				text = str(item.value)
			}
			all = append(all, text)
		}
		i = s.Choose(title, all)
	}
	if i < 0 || i >= len(list.items) {
		return Undefined
	}
	return list.items[i]
}

func (s *Screen) choice(c *Call, list *valueList, done any, title string) {
	w := c.W
	w.ready = append(w.ready, func() {
		picked := s.pickFrom(list, title)
		if b, ok := done.(*callback); ok {
			w.notify(b, picked)
		}
	})
}

func (s *Screen) chooseNow(list *valueList, title string) any { return s.pickFrom(list, title) }
