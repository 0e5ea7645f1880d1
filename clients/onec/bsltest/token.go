package bsltest

import (
	"strings"
	"sync"
	"sync/atomic"
)

// kind is the kind of a token.
type kind int

const (
	tEOF kind = iota
	tIdent
	tKeyword
	tNumber
	tString
	tDate
	tOp        // + - * / % = <> < > <= >= ( ) [ ] . , ; ? :
	tDirective // &НаКлиенте
	tPreproc   // #Если …, the rest of the line in text
	tLabel     // ~Имя
)

// token is one word of a module. Text of a keyword is its Russian lower-case
// spelling, of a string its value, of anything else what was written.
type token struct {
	kind kind
	text string
	raw  string // as written
	pos  Pos
}

func (t token) is(word string) bool {
	return (t.kind == tKeyword || t.kind == tOp) && t.text == word
}

// keywords maps every spelling, lower-case, to the Russian one.
// It is made once: nobody changes it.
var keywords = sync.OnceValue(func() map[string]string {
	pairs := strings.Fields(`если if тогда then иначеесли elsif иначе else конецесли endif для for каждого each из in
		по to пока while цикл do конеццикла enddo процедура procedure конецпроцедуры endprocedure функция function
		конецфункции endfunction перем var экспорт export знач val возврат return прервать break продолжить continue
		попытка try исключение except конецпопытки endtry вызватьисключение raise новый new истина true ложь false
		неопределено undefined null null и and или or не not перейти goto асинх async ждать await выполнить execute
		добавитьобработчик addhandler удалитьобработчик removehandler`)
	words := make(map[string]string, len(pairs))
	for i := 0; i < len(pairs); i += 2 {
		words[pairs[i]] = pairs[i]
		words[pairs[i+1]] = pairs[i]
	}
	return words
})

var (
	folded      sync.Map // string → string
	foldedCount atomic.Int32
)

// fold is a name as maps have it: in lower case. Names are few, and asked for
// all the time; the first ten thousand are remembered.
func fold(name string) string {
	if f, ok := folded.Load(name); ok {
		return f.(string)
	}
	f := strings.ToLower(name)
	if foldedCount.Load() < 10_000 {
		foldedCount.Add(1)
		folded.Store(strings.Clone(name), f)
	}
	return f
}
