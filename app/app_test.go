package app_test

import (
	"fmt"
	"testing"

	"zummer/app/apptest"
	"zummer/models/store/storetest"
)

// TestCallOpensTheFormOnTheRightScreen is the seed of the product, end to end:
// a webhook rings and is answered, the right user's waiting client gets it,
// acknowledges it, and the row is gone; nobody else sees anything.
func TestCallOpensTheFormOnTheRightScreen(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, dsn string) {
		in := apptest.Start(t, dsn)
		hook := in.Source("office", "generic", nil)
		ivanov, petrova := in.User("ivanov", "office", "101"), in.User("petrova", "office", "102")
		in.Admin("PUT", "/v1/sync/contacts/c1", map[string]any{"phones": []string{"8 (903) 123-45-67"}, "name": "ООО Ромашка", "responsible": "ivanov",
			"client":    map[string]any{"type": "Справочник", "name": "Контрагенты", "uid": "0d4f6c52-7f0f-4b6e-9d2a-3a2b6c1d0e01", "title": "ООО Ромашка"},
			"interests": []any{map[string]any{"type": "Документ", "name": "Интерес", "uid": "51012ccc-397d-11de-b595-00055d80a2b9", "title": "Интерес 17"}}})
		send := func(event string) {
			t.Helper()
			a := in.Do("POST", hook, "", map[string]any{"event": event, "call": "c-77", "extension": "101", "phone": "+79031234567", "direction": "in"})
			if a.Status != 200 {
				t.Fatalf("webhook %s: %d %s", event, a.Status, a.Body)
			}
		}
		v := in.Poll(ivanov, "").Version
		got := make(chan apptest.Set, 1)
		go func() { got <- in.Poll(ivanov, "wait=20&version="+v) }()
		send("ringing")
		if s := <-got; len(s.Rows) != 1 || s.Rows[0].Kind != "call.ringing" || s.Rows[0].Title != "ООО Ромашка" {
			t.Fatalf("while it rings: %+v", s)
		}
		send("answered")
		s := in.Until(ivanov, "answered row", func(s apptest.Set) bool { return len(s.Rows) == 1 && s.Rows[0].Kind == "call.answered" })
		row := s.Rows[0]
		if row.Action != "open" || row.Object["link"] != "e1cib/data/Документ.Интерес?ref=b59500055d80a2b911de397d51012ccc" {
			t.Fatalf("on the answer: %+v", row)
		}
		after := in.Poll(ivanov, fmt.Sprintf("version=%s&ack=%s.%d.o", s.Version, row.ID, row.Rev))
		if len(after.Acks) != 1 || after.Acks[0].Result != "processed" {
			t.Fatalf("ack: %+v", after)
		}
		if s := in.Poll(ivanov, ""); len(s.Rows) != 0 {
			t.Errorf("after the ack: %+v", s.Rows)
		}
		if s := in.Poll(petrova, ""); len(s.Rows) != 0 {
			t.Errorf("the other user sees %+v", s.Rows)
		}
	})
}
