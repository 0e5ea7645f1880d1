package web

import (
	"encoding/json"
	"slices"
	"strings"

	"zummer/models"
)

// RuleChange is what became of one rule between two versions.
type RuleChange struct {
	Name  string
	How   string // added, removed, changed, moved
	From  int    // its place before, from 1; 0: it was not there
	To    int    // its place after; 0: it is not there
	Lines []DiffLine
}

// DiffLine is a line of a rule: Sign is "+", "-" or "".
type DiffLine struct{ Sign, Text string }

// HowIn says in words what became of the rule.
func (c RuleChange) HowIn(l Lang) string {
	words := map[string]said{"added": {"добавлено", "added"}, "removed": {"удалено", "removed"}, "changed": {"изменено", "changed"}, "moved": {"перемещено", "moved"}}
	return words[c.How].in(l)
}

// DiffRules says what changed from one list of rules to another, in the order
// of the new one, and then what is gone.
func DiffRules(before, after []models.Rule) []RuleChange {
	place := func(list []models.Rule, name string) int {
		return slices.IndexFunc(list, func(r models.Rule) bool { return r.Name == name })
	}
	moved := map[string]bool{}
	for _, name := range outOfOrder(before, after) {
		moved[name] = true
	}
	var out []RuleChange
	for i := range after {
		r := &after[i]
		at := place(before, r.Name)
		c := RuleChange{Name: r.Name, From: at + 1, To: i + 1}
		switch {
		case at < 0:
			c.How, c.Lines = "added", diffLines(nil, ruleLines(r))
		case !slices.Equal(ruleLines(&before[at]), ruleLines(r)):
			c.How, c.Lines = "changed", diffLines(ruleLines(&before[at]), ruleLines(r))
		case moved[r.Name]:
			c.How = "moved"
		default:
			continue
		}
		out = append(out, c)
	}
	for i := range before {
		if place(after, before[i].Name) < 0 {
			out = append(out, RuleChange{Name: before[i].Name, How: "removed", From: i + 1, Lines: diffLines(ruleLines(&before[i]), nil)})
		}
	}
	return out
}

// outOfOrder names the rules that were moved: the fewest whose moving makes
// one order of the other.
func outOfOrder(before, after []models.Rule) []string {
	var a, b []string
	for i := range before {
		if slices.ContainsFunc(after, func(r models.Rule) bool { return r.Name == before[i].Name }) {
			a = append(a, before[i].Name)
		}
	}
	for i := range after {
		if slices.Contains(a, after[i].Name) {
			b = append(b, after[i].Name)
		}
	}
	var out []string
	for _, d := range diffLines(a, b) {
		if d.Sign == "+" {
			out = append(out, d.Text)
		}
	}
	return out
}

func ruleLines(r *models.Rule) []string {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return []string{r.Name}
	}
	return strings.Split(string(text), "\n")
}

// diffLines is the shortest way from one list to another.
func diffLines(a, b []string) []DiffLine {
	common := make([][]int, len(a)+1) // of a[i:] and b[j:]
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			} else {
				common[i][j] = max(common[i+1][j], common[i][j+1])
			}
		}
	}
	var out []DiffLine
	for i, j := 0, 0; i < len(a) || j < len(b); {
		switch {
		case i < len(a) && j < len(b) && a[i] == b[j]:
			out = append(out, DiffLine{"", a[i]})
			i, j = i+1, j+1
		case j == len(b) || i < len(a) && common[i+1][j] >= common[i][j+1]:
			out = append(out, DiffLine{"-", a[i]})
			i++
		default:
			out = append(out, DiffLine{"+", b[j]})
			j++
		}
	}
	return out
}
