package onectest_test

import (
	"testing"
	"time"
)

// TestManyAcknowledgements: however many acknowledgements wait, a click stands
// still for one request only.
func TestManyAcknowledgements(t *testing.T) {
	t.Parallel()
	s := newService(t)
	p := newProxy(t, s.URL)
	b := startAt(t, s, managedKinds[4], p.URL)
	var ids []string
	for i := range 5 {
		ids = append(ids, s.publish(`{"user":"ivanov","kind":"note","title":"%d"}`, i))
	}
	p.do(down)
	for i, id := range ids {
		if i == 4 {
			p.do(slow(time.Second))
		}
		if _, err := b.Call("ЗмрКлиент.Подтвердить", id+".1", "d"); err != nil {
			t.Fatal(err)
		}
	}
	p.do(nil)
	if longest := b.LongestBlock(); longest > managedKinds[4].promise {
		t.Errorf("the window stood still for %v, promised is %v", longest, managedKinds[4].promise)
	}
}
