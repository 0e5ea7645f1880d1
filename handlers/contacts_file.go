package handlers

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"

	"zummer/models"
)

// contactsFile reads a file of contacts as people have them and gives the
// lines of an import (NDJSON): what begins with { is NDJSON already, anything
// else is CSV with ; , or TAB between its cells and the names of the columns,
// Russian or English, in its first line. Text may be UTF-8, with or without a
// mark, UTF-16 with one, or windows-1251.
type contactsFile struct {
	r   io.Reader
	csv *csv.Reader // nil: the lines are NDJSON
	per *budget     // bytes that one record may take

	columns []string // by place; "": not known
	names   []string // of the columns, as the file has them
	byPhone bool     // there is no column of ids: the first number is the id
	at      []int    // line of the file, by line given
	own     map[int]string
	buf     bytes.Buffer
	err     error
	lines   int   // of the file that were read
	offset  int64 // and bytes, behind the mark
}

// maxRecord bounds one record of CSV: a quote that nobody closed would take
// the rest of the file.
const maxRecord = 256 << 10

// A quote that is not closed shows itself in a cell of many lines, or in a long
// one of several.
const (
	maxCellLines = 20
	maxCellBytes = 16 << 10
)

const openQuote = "a quote is opened here and not closed"

// openContacts looks at the beginning of a file. Errors: Malformed when its
// first line names no column that is known.
func openContacts(r io.Reader) (*contactsFile, error) {
	br := bufio.NewReaderSize(r, 64<<10)
	head, _ := br.Peek(2) // a shorter file is no UTF-16
	if bytes.Equal(head, []byte{0xff, 0xfe}) || bytes.Equal(head, []byte{0xfe, 0xff}) {
		br = bufio.NewReaderSize(unicode.UTF16(unicode.LittleEndian, unicode.UseBOM).NewDecoder().Reader(br), 64<<10)
	}
	if mark, _ := br.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = br.Discard(3) // they were just seen
	}
	f := &contactsFile{own: map[int]string{}, per: &budget{r: &utf8Lines{br: br}}}
	start, err := br.Peek(1024)
	if len(start) == 0 && err != nil && !errors.Is(err, io.EOF) {
		return nil, brokenOff(err)
	}
	text := bytes.TrimSpace(start)
	if len(text) == 0 {
		return nil, models.Errorf(models.Malformed, "the file is empty")
	}
	if text[0] == '{' {
		f.r = f.per.r
		return f, nil
	}
	f.per.left = maxRecord
	first := bufio.NewReaderSize(f.per, 4<<10)
	line, err := first.Peek(4 << 10)
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	} else if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
		return nil, brokenOff(err)
	}
	f.csv = readerCSV(first, separator(string(line)), true)
	names, at, err := f.record()
	switch {
	case at > 0:
		return nil, openQuoteAt(at)
	case err != nil:
		return nil, models.Errorf(models.Malformed, "the first line, which names the columns, cannot be read")
	}
	return f, f.header(names)
}

func readerCSV(r io.Reader, comma rune, lazy bool) *csv.Reader {
	out := csv.NewReader(r)
	out.Comma, out.LazyQuotes, out.FieldsPerRecord, out.TrimLeadingSpace = comma, lazy, -1, true
	return out
}

func openQuoteAt(line int) error {
	return models.Errorf(models.Malformed, "line %d: %s", line, openQuote)
}

// record reads the next one. open is the line in which a quote is opened that
// swallows lines: one that is open at the end of the file, one in a cell too long
// to be meant, or one that the opening quote of a later cell closes. 0: none.
func (f *contactsFile) record() (record []string, open int, err error) {
	f.per.left = maxRecord
	record, err = f.csv.Read()
	n := f.csv.InputOffset() - f.offset
	if errors.Is(err, errBudget) {
		n = int64(f.per.kept.Len())
	}
	raw := f.per.kept.Next(int(n))
	before := f.lines
	f.offset += n
	f.lines += bytes.Count(raw, []byte("\n"))
	if err != nil && !errors.Is(err, errBudget) {
		return nil, 0, err
	}
	if bytes.IndexByte(raw, '"') < 0 {
		return record, 0, err
	}
	at := func(i int) int { // a line of the file
		line, _ := f.csv.FieldPos(i)
		return line
	}
	if err != nil { // the record that broke off, as far as it was read
		part := readerCSV(bytes.NewReader(raw), f.csv.Comma, true)
		cells, perr := part.Read()
		if perr != nil {
			return nil, before + 1, err
		}
		line, _ := part.FieldPos(len(cells) - 1)
		return nil, before + line, err
	}
	for i, cell := range record {
		if lines := strings.Count(cell, "\n"); lines > maxCellLines || lines > 0 && len(cell) > maxCellBytes {
			return nil, at(i), nil
		}
	}
	last, more := len(record)-1, -1
	for i, cell := range record {
		if strings.Contains(cell, "\n") {
			more = i
		}
	}
	switch {
	case more >= 0:
		if _, err := readerCSV(bytes.NewReader(raw), f.csv.Comma, false).Read(); err != nil {
			return nil, at(more), nil
		}
	case !bytes.HasSuffix(raw, []byte("\n")): // the file's last line
		r := readerCSV(io.MultiReader(bytes.NewReader(raw), strings.NewReader("\nx")), f.csv.Comma, true)
		_, first := r.Read()
		if _, second := r.Read(); first != nil || second != nil {
			return nil, at(last), nil
		}
	}
	return record, 0, nil
}

func brokenOff(err error) error {
	return &models.Error{Kind: models.Malformed, Code: "cut_off", Message: "the file broke off", Cause: err}
}

// separator is what stands oftenest in the line of names.
func separator(line string) rune {
	best, most := ';', 0
	for _, r := range []rune{';', '\t', ','} {
		if n := strings.Count(line, string(r)); n > most {
			best, most = r, n
		}
	}
	return best
}

func (f *contactsFile) header(names []string) error {
	known := map[string]bool{}
	for _, n := range names {
		c := columnOf(n)
		f.columns, f.names = append(f.columns, c), append(f.names, models.CutText(strings.TrimSpace(strings.TrimPrefix(n, "\ufeff")), 60))
		known[c] = true
	}
	f.byPhone = !known["external_id"]
	switch {
	case f.byPhone && !known["phones"]:
		return models.Errorf(models.Malformed, "the first line names no column of ids or numbers: write external_id;name;phones there")
	case !known["phones"] && !known["name"]:
		return models.Errorf(models.Malformed, "the first line names neither names nor numbers: write external_id;name;phones there")
	}
	return nil
}

// Read implements io.Reader: lines of NDJSON.
func (f *contactsFile) Read(p []byte) (int, error) {
	if f.csv == nil {
		return f.r.Read(p)
	}
	for f.buf.Len() == 0 {
		if f.err != nil {
			return 0, f.err
		}
		f.next()
	}
	return f.buf.Read(p)
}

// next turns one record into a line.
func (f *contactsFile) next() {
	record, open, err := f.record()
	parse := (*csv.ParseError)(nil)
	switch {
	case errors.Is(err, errBudget) && open > 0:
		f.err = openQuoteAt(open)
		return
	case errors.Is(err, errBudget):
		f.err = models.Errorf(models.Malformed, "line %d is longer than %d bytes", f.lines+1, maxRecord)
		return
	case open > 0:
		f.refuse(open, openQuote)
		return
	case errors.As(err, &parse):
		f.refuse(parse.StartLine, "cannot be read as CSV")
		return
	case err != nil:
		f.err = err // io.EOF too
		return
	}
	line, _ := f.csv.FieldPos(0)
	value, wrong := f.contact(record)
	switch {
	case wrong != "":
		f.refuse(line, wrong)
	case value != nil:
		text, err := json.Marshal(value)
		if err != nil {
			f.refuse(line, "cannot be read")
			return
		}
		f.at = append(f.at, line)
		f.buf.Write(text)
		f.buf.WriteByte('\n')
	}
}

// refuse gives a line that the import refuses too, so that it knows the file
// was not all good.
func (f *contactsFile) refuse(line int, message string) {
	f.at = append(f.at, line)
	f.own[len(f.at)] = message
	f.buf.WriteString("{}\n")
}

// contact makes a line's contact; nil for a record of empty cells.
func (f *contactsFile) contact(record []string) (value map[string]any, wrong string) {
	one := map[string]string{}
	var phones []string
	filled := false
	for i, cell := range record {
		cell = strings.TrimSpace(plainCell(cell))
		filled = filled || cell != ""
		if i >= len(f.columns) || cell == "" {
			continue
		}
		if f.columns[i] == "phones" {
			phones = append(phones, strings.FieldsFunc(cell, func(r rune) bool { return strings.ContainsRune(",;|/\n", r) })...)
			continue
		}
		one[f.columns[i]] = cmp.Or(one[f.columns[i]], cell)
	}
	if !filled {
		return nil, ""
	}
	for i := range phones {
		phones[i] = strings.TrimSpace(plainCell(strings.TrimSpace(phones[i])))
	}
	if f.byPhone {
		if one["external_id"] = idOfPhones(phones); one["external_id"] == "" {
			return nil, "there is no number in it, and no id"
		}
	}
	value = map[string]any{"external_id": one["external_id"], "name": one["name"], "phones": phones, "responsible": one["responsible"], "seq": one["seq"]}
	if o := objectOf(one, "client_"); o != nil {
		value["client"] = o
	}
	var interests []models.Object
	if text := one["interests"]; text != "" {
		if err := json.Unmarshal([]byte(text), &interests); err != nil {
			return nil, "interests: are no JSON list"
		}
	}
	if o := objectOf(one, "interest_"); o != nil {
		interests = append(interests, *o)
	}
	value["interests"] = interests
	return value, ""
}

// objectOf is the object whose parts stand in columns of one beginning.
func objectOf(one map[string]string, begin string) *models.Object {
	o := models.Object{Type: one[begin+"type"], Name: one[begin+"name"], UID: one[begin+"uid"], Title: one[begin+"title"], Link: one[begin+"link"], URL: one[begin+"url"], App: one[begin+"app"]}
	if o == (models.Object{}) {
		return nil
	}
	return &o
}

// idOfPhones is the id of a contact that has none: its first number.
func idOfPhones(phones []string) string {
	for _, p := range phones {
		digits := strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' {
				return r
			}
			return -1
		}, strings.TrimSuffix(p, ".0"))
		if len(digits) == 11 && digits[0] == '8' {
			digits = "7" + digits[1:]
		}
		if digits != "" {
			return "phone:" + digits
		}
	}
	return ""
}

// refused is a refused line as the file has it.
func (f *contactsFile) refused(e models.ImportError) models.ImportError {
	if f.csv == nil || e.Line < 1 || e.Line > len(f.at) {
		return e
	}
	e.Message = cmp.Or(f.own[e.Line], e.Message)
	e.Line = f.at[e.Line-1]
	return e
}

// inColumns is what say makes of a message, with the field that it begins with
// called as the file calls its column.
func (f *contactsFile) inColumns(message string, say func(string) string) string {
	field, rest, ok := strings.Cut(message, ": ")
	if !ok || f.csv == nil {
		return say(message)
	}
	column := field
	if part, ok := strings.CutPrefix(field, "client."); ok {
		column = "client_" + part
	} else if i := strings.Index(field, "]."); i > 0 && strings.HasPrefix(field, "interests[") {
		column = "interest_" + field[i+2:]
	}
	if i := slices.Index(f.columns, column); i >= 0 {
		return "«" + f.names[i] + "»: " + say(rest)
	}
	return say(message)
}

// utf8Lines gives text as UTF-8: a line that is none is windows-1251.
type utf8Lines struct {
	br   *bufio.Reader
	rest []byte
}

func (u *utf8Lines) Read(p []byte) (int, error) {
	if len(u.rest) == 0 {
		line, err := u.br.ReadSlice('\n')
		if len(line) == 0 {
			return 0, err
		}
		if !utf8.Valid(line) {
			if line, err = charmap.Windows1251.NewDecoder().Bytes(line); err != nil {
				return 0, err
			}
		}
		u.rest = line
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}

var errBudget = errors.New("a record is too long")

// budget stops a reader that takes more than is left, and keeps what it took.
type budget struct {
	r    io.Reader
	left int
	kept bytes.Buffer
}

func (b *budget) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errBudget
	}
	n, err := b.r.Read(p)
	b.left -= n
	b.kept.Write(p[:n])
	return n, err
}
