package onectest_test

import (
	"bytes"
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"zummer/clients/conformance"
	"zummer/clients/onec/bsltest"
)

// TestConformance: the kit that tries clients in any language finds nothing to
// say against the modules.
func TestConformance(t *testing.T) {
	t.Parallel()
	for _, k := range append(slices.Clone(managedKinds), ordinaryKinds[0]) {
		steps := conformance.StepNames()
		if k.throughServer() {
			// The window stands still while the 1C server asks: it promises two
			// seconds and cannot wait for as long as the service would like.
			steps = slices.DeleteFunc(steps, func(name string) bool { return name == "slow" })
		}
		half := len(steps) / 2 // beside each other: who asks at a pace waits ten seconds in each step
		tries(t, k, k.name+", first half", steps[:half])
		tries(t, k, k.name+", second half", append([]string{steps[0]}, steps[half:]...))
	}
}

// tries is one client in steps of the kit.
func tries(t *testing.T, k kind, name string, steps []string) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		kit, err := conformance.New(conformance.Options{Steps: steps, Wait: 2 * time.Second, Slow: 3 * time.Second, Patience: time.Minute, Start: 3 * time.Minute, Progress: func(s conformance.Step) {
			if s.Result != conformance.Running {
				var b bytes.Buffer
				s.Write(&b, "en")
				t.Logf("%s", bytes.TrimSpace(b.Bytes()))
			}
		}})
		if err != nil {
			t.Fatal(err)
		}
		defer kit.Close()
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan struct{})
		var over atomic.Bool
		go func() {
			defer close(done)
			b := kitClient(t, k, kit) // the kit is not slow to it: it waits as long as the machine takes
			for ; !over.Load() && ctx.Err() == nil; b.pick() {
				b.rest(20 * time.Millisecond)
				// The kit plays no 1C server that wakes: here it does when the kit's pace allows.
				if next, ok := b.NextTick(); ok && slices.Contains(k.layers, "fanout") && next > 10*time.Second && next < 57500*time.Millisecond {
					b.Deliver(bsltest.Push{Key: "Змр", Data: true})
				}
			}
		}()
		report := kit.Run(t.Context())
		over.Store(true)
		stop()
		<-done
		for _, v := range report.Violations {
			t.Errorf("%s: %s [%s] %s", v.Step, v.Rule, v.Detail, v.Text.EN)
		}
		if report.Polls == 0 {
			t.Error("no poll at all")
		}
	})
}

// rest lets time pass for the client. Its clock is hardly ever ahead of what it
// has lived through: on a machine with much to do it goes slower than the real
// one, and no pause is shorter than the client meant it.
func (b *base) rest(d time.Duration) {
	began := time.Now()
	<-time.After(d)
	b.Advance(min(time.Since(began), 3*d))
}

// pick does what the user of ordinary forms does with a list: takes the first.
func (b *base) pick() {
	for _, f := range b.Screen.Forms {
		n, _ := f.Attr("Уведомление").(map[string]any)
		if all, _ := n["Кандидаты"].([]any); n["Действие"] == "choose" && len(all) > 0 {
			if _, err := b.Call("змрВыбрано", n["Ключ"], all[0]); err != nil {
				b.t.Error(err)
			}
			b.CloseForm(f, nil)
			return
		}
	}
}

// kitClient is a running client whose service is the kit; it has a token
// without a log-in, for the kit knows no set-up side.
func kitClient(t *testing.T, k kind, kit *conformance.Kit) *base {
	if k.layers == nil {
		return kitOrdinary(t, k, kit)
	}
	b := newBase(t, k, false)
	b.connect(kit.URL(), kit.Token())
	b.module(bsltest.Module{Name: "ЗмрВызовСервера", Kind: bsltest.ServerCallModule, Extends: true, Text: `
&Вместо("ТокенПользователя")
Функция КитТокенПользователя()
	Возврат Новый Структура("КодСостояния,Токен", 201, ЗмрХранилище.Значение("настройка.Ключ"));
КонецФункции

&Вместо("СсылкаНаОбъект")
Функция КитСсылкаНаОбъект(Тип, Имя, УИД)
	Возврат ?(УИД = "", Неопределено, Документы.Интерес.ПолучитьСсылку(Новый УникальныйИдентификатор));
КонецФункции
`})
	if err := b.Start(); err != nil {
		t.Error(err)
	}
	return b
}

func kitOrdinary(t *testing.T, k kind, kit *conformance.Kit) *base {
	b := ordinaryBase(t, k)
	if err := b.Start(); err != nil {
		t.Error(err)
	}
	if _, err := b.Call("змрЗапомнитьНастройки", kit.URL(), kit.Token()); err != nil {
		t.Error(err)
	}
	return b
}
