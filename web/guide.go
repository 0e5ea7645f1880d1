package web

import (
	"regexp"
	"strings"
)

// Guide says what to enter where, made of a document of the repository.
type Guide struct {
	Blocks []Block
	More   []GuideMore // what else there is to know
}

// GuideMore is a part of the guide that is folded at first.
type GuideMore struct {
	Title  string
	Blocks []Block
}

// Block is a paragraph, a step, a heading, a table or text to copy.
type Block struct {
	Kind   string // p, step, h, code, table
	Mark   string // of a step: 1. or –
	Inner  bool   // belongs to the step above it
	Spans  []Span
	Code   string
	Head   []Cell
	Rows   []Row
	Anchor string // of a code to copy; "": nothing to copy
}

// Row is a line of a table.
type Row struct{ Cells []Cell }

// Cell is one of its cells.
type Cell struct{ Spans []Span }

// Span is a run of text.
type Span struct {
	Kind string // text, code, bold, link
	Text string
	Href string
}

// GuideOf reads the part of a document that is in a language. hook is the
// source's address, which takes the place of the word HOOK; "": it stays.
// kind is the kind of the source.
func GuideOf(l Lang, document, kind, hook string) Guide {
	var g Guide
	into := &g.Blocks
	for _, part := range guideParts(l, document) {
		blocks := readBlocks(part.lines, kind, hook, l)
		switch {
		case part.skip():
			continue
		case part.extra():
			g.More = append(g.More, GuideMore{Title: part.title})
			into = &g.More[len(g.More)-1].Blocks
		case part.title != "" && !part.main():
			*into = append(*into, Block{Kind: "h", Spans: []Span{{Kind: "text", Text: part.title}}})
		}
		*into = append(*into, blocks...)
	}
	return g
}

type guidePart struct {
	title string
	lines []string
}

func (p guidePart) begins(with ...string) bool {
	for _, w := range with {
		if strings.HasPrefix(p.title, w) {
			return true
		}
	}
	return false
}

// main is the part whose heading the page has itself.
func (p guidePart) main() bool {
	return p.begins("Что куда вставить", "Where to paste what", "What to paste where")
}

// skip is what the page does itself.
func (p guidePart) skip() bool { return p.begins("Проверить", "Try it") }

// extra is what is folded.
func (p guidePart) extra() bool {
	return p.begins("Что видно", "Что сообщает", "Что где есть", "Сотрудники", "Не подтверждено", "Что не подтверждено", "Поля", "What it", "What is where", "People", "Unconfirmed", "Not confirmed", "Fields")
}

// guideParts cuts out the language's half and splits it at its headings.
func guideParts(l Lang, document string) []guidePart {
	lines := strings.Split(document, "\n")
	find := func(headings ...string) int {
		for i, line := range lines {
			for _, h := range headings {
				if strings.TrimSpace(line) == h {
					return i
				}
			}
		}
		return len(lines)
	}
	ru, en := find("## По-русски", "## Что куда вставить"), find("## In English", "## Where to paste what")
	if l == English {
		lines = lines[en:]
	} else {
		lines = lines[min(ru, en):en]
	}
	out := []guidePart{{}}
	fence := false
	for _, line := range lines {
		if strings.HasPrefix(strings.TrimSpace(line), "```") {
			fence = !fence
		}
		title, heading := strings.CutPrefix(strings.TrimLeft(line, "#"), " ")
		switch {
		case fence || !heading || !strings.HasPrefix(line, "##"):
			out[len(out)-1].lines = append(out[len(out)-1].lines, line)
		case title != "По-русски" && title != "In English":
			out = append(out, guidePart{title: title})
		}
	}
	return out
}

var (
	stepMark  = regexp.MustCompile(`^(\s*)(\d+\.|-) +(.*)$`)
	tableRule = regexp.MustCompile(`^\|[\s|:-]+\|$`)
	hookWord  = regexp.MustCompile(`(^|[^$A-Za-z_])HOOK\b`)
	spanMarks = regexp.MustCompile("`[^`]+`|\\*\\*[^*]+\\*\\*|\\[[^\\]]+\\]\\([^)]+\\)")
	// Who reads the document has it from the answer of the API.
	hookFromAnswer = regexp.MustCompile("(?:[Tt]he )?`hook_url` (?:из ответа|from the answer|of the answer)")
	createsOne     = "/v1/admin/sources/"
)

// namedAddress calls the address what the page calls it. A sentence begins with
// a capital.
func namedAddress(l Lang, text string) string {
	var b strings.Builder
	from := 0
	for _, at := range hookFromAnswer.FindAllStringIndex(text, -1) {
		before := text[from:at[0]]
		b.WriteString(before)
		if whole := text[:at[0]]; whole == "" || strings.HasSuffix(whole, ". ") {
			b.WriteString(said{"**Адрес источника** (`hook_url`)", "**The source's address** (`hook_url`)"}.in(l))
		} else {
			b.WriteString(said{"**адрес источника** (`hook_url`)", "**the source's address** (`hook_url`)"}.in(l))
		}
		from = at[1]
	}
	return b.String() + text[from:]
}

// readBlocks reads the lines of one part.
func readBlocks(lines []string, kind, hook string, l Lang) []Block {
	var out []Block
	var words []string
	put := func(text string) string {
		text = namedAddress(l, text)
		if hook == "" {
			return text
		}
		return hookWord.ReplaceAllString(text, "${1}"+strings.ReplaceAll(hook, "$", "$$"))
	}
	current := Block{Kind: "p"}
	flush := func() {
		text := strings.Join(words, " ")
		if words = nil; text != "" && !strings.Contains(text, "(README.md") && !strings.Contains(text, "`zummer simulate") && !strings.Contains(text, " zummer simulate") {
			current.Spans = readSpans(put(text), kind)
			out = append(out, current)
		}
		current = Block{Kind: "p", Inner: current.Inner || current.Kind == "step"}
	}
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		bare := strings.TrimSpace(line)
		step := stepMark.FindStringSubmatch(line)
		switch {
		case strings.HasPrefix(bare, "```"):
			flush()
			var code []string
			for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
				code = append(code, strings.TrimPrefix(lines[i], line[:len(line)-len(strings.TrimLeft(line, " "))]))
			}
			text := put(strings.Join(code, "\n"))
			if strings.Contains(text, createsOne) {
				out = append(out, Block{Kind: "p", Inner: true, Spans: []Span{{Kind: "bold", Text: said{"Это делает форма на этой странице.", "The form on this page does it."}.in(l)}}})
				continue
			}
			out = append(out, Block{Kind: "code", Inner: line != strings.TrimLeft(line, " "), Code: text})
		case strings.HasPrefix(bare, "|"):
			flush()
			t := Block{Kind: "table", Inner: line[0] == ' ', Head: readCells(put(bare), kind)}
			for ; i+1 < len(lines) && strings.HasPrefix(strings.TrimSpace(lines[i+1]), "|"); i++ {
				if row := strings.TrimSpace(lines[i+1]); !tableRule.MatchString(row) {
					t.Rows = append(t.Rows, Row{readCells(put(row), kind)})
				}
			}
			out = append(out, t)
		case bare == "":
			flush()
		case step != nil:
			flush()
			current = Block{Kind: "step", Mark: strings.ReplaceAll(step[2], "-", "–"), Inner: step[1] != ""}
			words = []string{step[3]}
		default:
			if len(words) == 0 && line == bare { // a paragraph of its own again
				current = Block{Kind: "p"}
			}
			words = append(words, bare)
		}
	}
	flush()
	return out
}

func readCells(line, kind string) []Cell {
	var out []Cell
	for _, c := range strings.Split(strings.Trim(line, "|"), "|") {
		out = append(out, Cell{readSpans(strings.TrimSpace(c), kind)})
	}
	return out
}

// readSpans reads code, bold text and links. Links to other documents are
// text; those to files of the guide lead to our copy.
func readSpans(text, kind string) []Span {
	var out []Span
	add := func(s Span) {
		if s.Text != "" {
			out = append(out, s)
		}
	}
	for {
		at := spanMarks.FindStringIndex(text)
		if at == nil {
			break
		}
		add(Span{Kind: "text", Text: text[:at[0]]})
		mark := text[at[0]:at[1]]
		switch mark[0] {
		case '`':
			add(Span{Kind: "code", Text: strings.Trim(mark, "`")})
		case '*':
			add(Span{Kind: "bold", Text: strings.ReplaceAll(strings.Trim(mark, "*"), "`", "")})
		default:
			name, href, _ := strings.Cut(strings.TrimSuffix(mark[1:], ")"), "](")
			name = strings.ReplaceAll(name, "`", "")
			switch {
			case strings.HasPrefix(href, "https://"):
				add(Span{Kind: "link", Text: name, Href: href})
			case strings.HasPrefix(href, kind+"/"):
				add(Span{Kind: "link", Text: name, Href: "/admin/guides/" + href})
			default:
				add(Span{Kind: "text", Text: name})
			}
		}
		text = text[at[1]:]
	}
	add(Span{Kind: "text", Text: text})
	return out
}
