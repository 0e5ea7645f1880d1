package conformance

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Text is in both languages of the service's pages.
type Text struct {
	RU string `json:"ru"`
	EN string `json:"en"`
}

// In gives the text of a language; anything but ru is English.
func (t Text) In(lang string) string {
	if lang == "ru" {
		return t.RU
	}
	return t.EN
}

// Violation is a rule of the contract that the client broke in a step.
type Violation struct {
	Step   string `json:"step"`
	Rule   string `json:"rule"`
	Text   Text   `json:"text"`
	Number int    `json:"number"`           // of the rule in docs/clients/http.md
	Detail string `json:"detail,omitempty"` // the revision, or how much too early
}

// Step is one step of the script.
type Step struct {
	Name  string `json:"name"`
	Title Text   `json:"title"`
	// Result is running, ok, broken or skipped.
	Result     string      `json:"result"`
	Why        *Text       `json:"why,omitempty"` // it was skipped
	Violations []Violation `json:"violations,omitempty"`
}

// The results of a step.
const (
	Running = "running"
	Passed  = "ok"
	Broken  = "broken"
	Skipped = "skipped"
)

// Report is what a run found.
type Report struct {
	Client     string      `json:"client"` // X-Client, as it named itself
	Polls      int         `json:"polls"`
	Observed   bool        `json:"observed"` // it reported what it opened
	Steps      []Step      `json:"steps"`
	Violations []Violation `json:"violations"`
	Notes      []Text      `json:"notes,omitempty"` // no breach, but worth knowing
}

// OK reports whether the client was there and broke no rule.
func (r *Report) OK() bool { return len(r.Violations) == 0 && r.Polls > 0 }

// Has reports whether a rule was broken.
func (r *Report) Has(rule string) bool {
	return slices.ContainsFunc(r.Violations, func(v Violation) bool { return v.Rule == rule })
}

// Write writes a step that is over in words.
func (s Step) Write(w io.Writer, lang string) {
	mark := map[string]string{Passed: "ok", Broken: "!!", Skipped: "--", Running: ".."}[s.Result]
	line := fmt.Sprintf("[%s] %-14s %s", mark, s.Name, s.Title.In(lang))
	if s.Why != nil {
		line += " (" + s.Why.In(lang) + ")"
	}
	fmt.Fprintln(w, line)
	for _, v := range s.Violations {
		v.write(w, lang)
	}
}

func (v Violation) write(w io.Writer, lang string) {
	detail := ""
	if v.Detail != "" {
		detail = " [" + v.Detail + "]"
	}
	word := "rule"
	if lang == "ru" {
		word = "правило"
	}
	fmt.Fprintf(w, "     %s: %s%s (docs/clients/http.md, %s %d)\n", v.Rule, v.Text.In(lang), detail, word, v.Number)
}

// Write writes the end of a report in words; the steps were written before.
func (r *Report) Write(w io.Writer, lang string) {
	ru := lang == "ru"
	for _, v := range r.Violations {
		if v.Step == "" {
			v.write(w, lang)
		}
	}
	for _, n := range r.Notes {
		fmt.Fprintln(w, "  *", n.In(lang))
	}
	name := strings.TrimSpace(r.Client)
	switch {
	case name == "" && ru:
		name = "Клиент"
	case name == "":
		name = "The client"
	}
	switch n := len(r.Violations); {
	case r.OK() && ru:
		fmt.Fprintf(w, "%s соблюдает договор; шагов: %d, опросов: %d, нарушений нет.\n", name, len(r.Steps), r.Polls)
	case r.OK():
		fmt.Fprintf(w, "%s keeps the contract; steps: %d, polls: %d, no rule broken.\n", name, len(r.Steps), r.Polls)
	case ru:
		fmt.Fprintf(w, "%s нарушает договор; нарушений: %d.\n", name, n)
	default:
		fmt.Fprintf(w, "%s breaks the contract; violations: %d.\n", name, n)
	}
	if !r.Observed && r.Polls > 0 {
		if ru {
			fmt.Fprintln(w, "Что клиент открывает, не было видно: сообщайте об этом на /kit/opened?row=ID.REV, тогда проверится и двойное открытие.")
		} else {
			fmt.Fprintln(w, "What the client opens was not seen: report it to /kit/opened?row=ID.REV, and a double opening is caught too.")
		}
	}
}
