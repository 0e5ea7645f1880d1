package onectest_test

import (
	"fmt"
	"strings"
	"testing"

	"zummer/clients/onec/bsltest"
)

// TestExchangeStepThrows: a step of the exchange that throws, in code of one's
// own, does not keep the others from their work.
func TestExchangeStepThrows(t *testing.T) {
	t.Parallel()
	s := newService(t)
	b := serverBase(t, s.URL, s.key)
	b.exchange()
	b.module(bsltest.Module{Name: "ЗмрСерверПереопределяемый", Kind: bsltest.ServerModule, Extends: true, Text: `
&После("ПриОпределенииПользователей")
Процедура СвойПриОпределенииПользователей(Пользователи)
	ВызватьИсключение "своя ошибка";
КонецПроцедуры
`})
	s.missed("c-1", "+79031234567")
	b.exchange()
	if n := len(b.calls.Rows()); n != 1 {
		t.Errorf("%d documents of one call", n)
	}
	if !strings.Contains(fmt.Sprint(b.Log), "своя ошибка") {
		t.Errorf("the log does not tell: %v", b.Log)
	}
}
