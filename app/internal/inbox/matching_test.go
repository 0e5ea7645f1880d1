package inbox

import (
	"testing"

	"zummer/models"
)

// A caller without a public number is nobody's client, even where the CRM has
// contacts with an empty number or one that looks like an extension.
func TestNoNumberMatchesNobody(t *testing.T) {
	someone := []models.Contact{{ID: 1, ExternalID: "c-1", Name: "Кто-то", Interests: []models.Object{{Type: "Документ", Name: "Интерес", UID: "i-1"}}}}
	for _, tc := range []struct {
		name, phone string
		known       bool
	}{
		{"empty", "", false},
		{"hidden", "anonymous", false},
		{"hidden in words", "Номер не определён", false},
		{"a SIP name", "sip:ivanov2@pbx.example", false},
		{"an extension", "101", false},
		{"a service", "112", false},
		{"a local number where no area is known", "123-45-67", false},
		{"a public number", "8 (903) 123-45-67", true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			bubble(t, func(r *rig) {
				for _, key := range []string{"", "101", "112", "1234567", "anonymous", "+79031234567"} {
					r.mem.contacts[key] = someone
				}
				e := event(models.EventAnswered, "101")
				e.Phone = tc.phone
				r.accept(e)
				rows := r.poll(1, models.PollQuery{}).Rows
				if len(rows) != 1 {
					t.Fatalf("rows %+v", rows)
				}
				want := models.ActionCreate
				if tc.known {
					want = models.ActionOpen
				}
				if n := rows[0]; n.Action != want || !tc.known && (n.Payload.Client != nil || len(n.Payload.Candidates) > 0) {
					t.Errorf("%s %+v, want %s", n.Action, n.Payload, want)
				}
			})
		})
	}
}
